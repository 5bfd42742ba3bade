"""How progress reads."""

import io

from rich.console import Console, RenderableType

from sluice_local.demo.jobs import ApiFigures
from sluice_local.demo.snapshot import take_snapshot
from sluice_local.terminal.progress import Running, Step, render_block, render_line
from tests.unit.local_demo.building import a_job, an_observation

SEEN = an_observation(
    {"NA1": "SUCCEEDED", "NA2": "RUNNING"},
    [a_job("NA1"), a_job("NA2", status="RUNNING")],
    ApiFigures(2, 1, {1_009: (1, 1)}),
)
RUNNING = Running(take_snapshot(SEEN, quota_per_second=50))


def text_of(renderable: RenderableType) -> str:
    console = Console(file=io.StringIO(), width=100)
    console.print(renderable)
    return console.file.getvalue()  # type: ignore[attr-defined, no-any-return]


def test_a_step_says_how_far_it_is() -> None:
    assert render_line(Step("Drawing reads", 3, 12), 61.9) == "[1:01] Drawing reads: 3 of 12"


def test_a_step_of_unknown_length_says_what_it_is() -> None:
    assert render_line(Step("Deploying the stack"), 2) == "[0:02] Deploying the stack"


def test_a_running_cohort_fits_on_a_line() -> None:
    assert render_line(RUNNING, 75) == (
        "[1:15] samples: 1 aligning, 1 done | jobs: 1 running, 1 succeeded | "
        "SubmitJob 2/s of 50, 429s: 1 | DescribeJobs: 0"
    )


def test_a_cohort_without_jobs_says_so() -> None:
    started = Running(take_snapshot(an_observation({"NA1": "RUNNING"}), quota_per_second=50))
    assert "samples: 1 waiting | jobs: none yet |" in render_line(started, 0)


def test_the_block_of_a_terminal_shows_every_count() -> None:
    block = text_of(render_block(RUNNING, 75))
    assert "1:15" in block
    assert "0 waiting   1 aligning   0 likelihoods   0 imputing   1 done   0 failed" in block
    assert "0 waiting, 1 running, 1 succeeded, 0 failed" in block
    assert "2/s now   2/s at most   quota 50/s   HTTP 429: 1" in block


def test_the_block_of_a_step_shows_its_title() -> None:
    assert "Drawing reads: 3 of 12" in text_of(render_block(Step("Drawing reads", 3, 12), 0))
