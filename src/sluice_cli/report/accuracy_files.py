"""Finds reports of `lowpass accuracy`: files that are named, and objects beside the samples' results."""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sluice_cli.errors import AwsError, WrongUsageError
from sluice_cli.report.accuracy import SUFFIX, NoAccuracyError, read_accuracy

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from sluice.cohorts.model import Sample
    from sluice_cli.aws.ports import Api
    from sluice_cli.report.facts import Accuracy

SCHEME: Final = "s3://"
MAX_PAGES: Final = 100
"""Pages of 1,000 objects that are searched in a folder of results."""


def named_accuracy(api: Api, places: Iterable[str]) -> dict[str, Accuracy]:
    """Reads the reports that a person names: files, or objects as s3://BUCKET/KEY.

    Raises:
        WrongUsageError: a report cannot be read.
        AwsError: S3 refused it.
    """
    found: dict[str, Accuracy] = {}
    for place in places:
        try:
            found |= read_accuracy(_text(api, place))
        except (OSError, UnicodeError, NoAccuracyError) as error:
            raise WrongUsageError(f"--accuracy {place}: {error}") from error
    return found


def found_accuracy(api: Api, samples: Iterable[Sample]) -> dict[str, Accuracy]:
    """Reads the reports that lie beside the samples' results, if there are any and they may be read.

    A sample's results lie where its input's `output` says; a report's name ends in `.accuracy.json`.
    """
    outputs = [output for output in map(_output, samples) if output is not None]
    if not outputs:
        return {}
    found: dict[str, Accuracy] = {}
    try:
        for place in _reports(api, outputs):
            found |= read_accuracy(_text(api, place))
    except (AwsError, UnicodeError, NoAccuracyError):
        return found
    return found


def _reports(api: Api, outputs: list[str]) -> Iterator[str]:
    """Objects below the folders that hold the samples' own, and whose names end as a report's."""
    folders = {output.rstrip("/").rpartition("/")[0].removeprefix(SCHEME) for output in outputs}
    for folder in sorted(folders):
        bucket, _, prefix = folder.partition("/")
        pages = api.pages("s3", "list_objects_v2", Bucket=bucket, Prefix=f"{prefix}/" if prefix else "")
        for page in islice(pages, MAX_PAGES):
            keys = (each["Key"] for each in page.get("Contents", ()))
            yield from (f"{SCHEME}{bucket}/{key}" for key in keys if key.endswith(SUFFIX))


def _text(api: Api, place: str) -> str:
    if not place.startswith(SCHEME):
        return Path(place).read_text(encoding="utf-8")
    bucket, _, key = place.removeprefix(SCHEME).partition("/")
    return str(api.call("s3", "get_object", Bucket=bucket, Key=key)["Body"].read().decode())


def _output(sample: Sample) -> str | None:
    given: Mapping[str, object] = json.loads(sample.input)
    output = given.get("output")
    return output if isinstance(output, str) and output.count("/") > SCHEME.count("/") else None
