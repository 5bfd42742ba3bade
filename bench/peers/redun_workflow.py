"""The cohort as a redun workflow: three tasks a sample, each of which needs the one before.

It is read by redun, in an environment of its own: https://insitro.github.io/redun/design.html
"""

import json
import time
from pathlib import Path

from redun import task  # type: ignore[import-not-found]  # it lives in the peers' environment

redun_namespace = "cohort"


@task(executor="batch")  # type: ignore[untyped-decorator]  # its types are not here
def align(sample: str, seconds: float) -> str:
    """Stand for the sample's first job."""
    time.sleep(seconds)
    return sample


@task(executor="batch")  # type: ignore[untyped-decorator]  # its types are not here
def likelihoods(sample: str, seconds: float) -> str:
    """Stand for the sample's second job."""
    time.sleep(seconds)
    return sample


@task(executor="batch")  # type: ignore[untyped-decorator]  # its types are not here
def impute(sample: str, seconds: float) -> str:
    """Stand for the sample's third job."""
    time.sleep(seconds)
    return sample


@task()  # type: ignore[untyped-decorator]  # its types are not here
def main(plan: str) -> list[str]:
    """Chain every sample's three jobs; each call is lazy, so redun sees the whole graph at once."""
    lengths = json.loads(Path(plan).read_text())["seconds"]
    return [
        impute(likelihoods(align(sample, its["align"]), its["likelihoods"]), its["impute"])
        for sample, its in lengths.items()
    ]
