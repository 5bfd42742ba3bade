from __future__ import annotations

import sys
from pathlib import Path
from textwrap import indent

import pytest

from bench.peers import snakemake
from bench.peers.client import started_client
from bench.peers.snakemake import JOB_PREFIX
from bench.sharing import (
    FOREIGN,
    OWNERS,
    SECOND,
    ForeignClient,
    Shared,
    Sharing,
    SharingError,
    figures,
)
from sluice_local.observing import JobRow
from sluice_local.stack import STACK_NAME
from tests.support.recipe import recipe

ASKED = Sharing(quota_per_second=3, seconds=10, output=Path())


def jobs(owner: str, *created_s: float) -> list[JobRow]:
    name, parameters = f"{owner}-1a2b", {"owner": owner}
    if owner == FOREIGN:
        name, parameters = f"{JOB_PREFIX}align-1a2b", {}
    return [JobRow("id", name, parameters, "sleep 0", "SUCCEEDED", each) for each in created_s]


def shared(*counts: int, used: float = 0.98, throttled: int = 0) -> Shared:
    return Shared(dict(zip(OWNERS, counts, strict=True)), used, throttled, idle=0.5)


def test_jobs_are_counted_by_owner_within_the_time() -> None:
    seen = [*jobs(STACK_NAME, 100, 101, 110, 111), *jobs(SECOND, 102), *jobs(FOREIGN, 99)]
    found = figures(seen, 100, ASKED, throttled=2, idle=None)
    assert found.jobs == {STACK_NAME: 2, SECOND: 1, FOREIGN: 0}
    assert found.used == pytest.approx(3 / 30)
    assert found.throttled == 2
    assert found.shares == {STACK_NAME: 2.0, SECOND: 1.0, FOREIGN: 0.0}


@pytest.mark.parametrize(
    ("found", "good"),
    [
        (shared(100, 100, 100), True),
        (shared(91, 100, 109), True),
        (shared(85, 100, 115), False),
        (shared(100, 100, 100, used=0.96), False),
        (shared(100, 100, 100, throttled=1), False),
        (shared(0, 0, 0), False),
    ],
)
def test_the_goals_are_no_429_the_quota_used_and_fair_shares(found: Shared, good: bool) -> None:
    assert found.is_good is good


def test_snakemake_awaits_its_slots_as_the_page_on_deploying_says() -> None:
    snakefile = Path(snakemake.__file__).with_name("independent.smk").read_text()
    assert f"if workflow.is_main_process:\n{indent(recipe(), '    ')}" in snakefile


def test_a_client_that_ended_early_ends_the_measurement_with_its_last_words(tmp_path: Path) -> None:
    waits, fails = "import time; time.sleep(600)", "print('no queue'); raise SystemExit(3)"
    with started_client([sys.executable, "-c", waits], folder=tmp_path, environment={}) as process:
        ForeignClient(process, tmp_path).check()
    with started_client([sys.executable, "-c", fails], folder=tmp_path, environment={}) as process:
        process.wait()
        with pytest.raises(SharingError, match=r"snakemake ended early, with 3: no queue"):
            ForeignClient(process, tmp_path).check()
