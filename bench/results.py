"""The results of a comparison: what is written to results.json, and the medians over runs."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

from bench.figures import Figures, compute_figures, throttled_per_second
from bench.machine import describe_machine
from bench.measuring import JOB_SLOTS, Conditions
from bench.observation import Seen
from bench.prices import cost

PACKAGES = ("sluice", "ministack", "boto3", "botocore")


@dataclass(frozen=True)
class Series:
    """SubmitJob calls and 429s by whole second since the cohort was handed over, for the plots.

    Attributes:
        submitted: (second, accepted, answered with 429).
        throttled: (second, answers with 429 by Batch).
    """

    submitted: tuple[tuple[int, int, int], ...]
    throttled: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Run:
    """One contender's run, in figures."""

    contender: str
    note: str
    figures: Figures
    usd: Mapping[str, float]
    memory_mib: Mapping[str, float]
    series: Series


def read_run(contender: str, seen: Seen, conditions: Conditions) -> Run:
    """Compute what a run is told in."""
    return Run(
        contender=contender,
        note=seen.ended.note,
        figures=compute_figures(seen, conditions.cohort, conditions.quota_per_second),
        usd=asdict(cost(seen.usage)),
        memory_mib=dict(seen.memory_mib),
        series=_series(seen),
    )


def _series(seen: Seen) -> Series:
    zero = int(seen.ended.started_s)
    submit = seen.calls.get("Batch.SubmitJob")
    per_second = sorted(submit.per_second.items()) if submit else []
    throttled = sorted(throttled_per_second(seen.calls).items())
    return Series(
        submitted=tuple((second - zero, *pair) for second, pair in per_second),
        throttled=tuple((second - zero, count) for second, count in throttled if count),
    )


def medians(runs: Iterable[Run]) -> dict[str, Figures]:
    """Give each contender's median over its runs, figure by figure; None if no run has the figure."""
    by_contender: defaultdict[str, list[Figures]] = defaultdict(list)
    for run in runs:
        by_contender[run.contender].append(run.figures)
    return {name: median_figures(each) for name, each in by_contender.items()}


def median_figures(runs: Sequence[Figures]) -> Figures:
    """Take the median of each figure over runs of the same work."""
    fields = [asdict(run) for run in runs]
    calls = {api: median(run["calls"][api] for run in fields) for api in fields[0]["calls"]}
    numbers = {name: _median([run[name] for run in fields]) for name in fields[0] if name != "calls"}
    return Figures(calls=calls, **numbers)


def _median(values: Iterable[float | None]) -> Any:
    known = [value for value in values if value is not None]
    return median(known) if known else None


def document(runs: Sequence[Run], conditions: Conditions) -> dict[str, Any]:
    """Write out everything: conditions, machine, versions, medians and each run."""
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "conditions": {
            **asdict(conditions.cohort),
            "jobs": conditions.cohort.jobs,
            "quotaPerSecond": conditions.quota_per_second,
            "criticalPathSeconds": conditions.cohort.critical_path_seconds(),
            "jobSlots": JOB_SLOTS,
        },
        "machine": describe_machine(),
        "versions": {package: version(package) for package in PACKAGES},
        "median": {name: asdict(figures) for name, figures in medians(runs).items()},
        "runs": [asdict(run) for run in runs],
    }


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write a result for programs to read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
