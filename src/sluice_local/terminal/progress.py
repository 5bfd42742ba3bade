"""How the demo's progress reads: one plain line, or a block that is painted again and again."""

from collections.abc import Mapping
from dataclasses import dataclass

from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from sluice_local.demo.snapshot import SampleState, Snapshot

_STYLES = {
    SampleState.WAITING: "dim",
    SampleState.ALIGNING: "blue",
    SampleState.LIKELIHOODS: "magenta",
    SampleState.IMPUTING: "cyan",
    SampleState.DONE: "green",
    SampleState.FAILED: "bold red",
}
_BAR_WIDTH = 40


@dataclass(frozen=True)
class Step:
    """Something that is under way: its title, and how many of how many are done if that is known."""

    title: str
    done: int = 0
    total: int | None = None


@dataclass(frozen=True)
class Running:
    """The cohort under way."""

    snapshot: Snapshot


View = Step | Running


def render_line(view: View, elapsed_seconds: float) -> str:
    """Say in one plain line what is under way."""
    clock = f"[{_clock(elapsed_seconds)}]"
    if isinstance(view, Step):
        return f"{clock} {_step_text(view)}"
    snapshot = view.snapshot
    return (
        f"{clock} samples: {_counts(snapshot.samples)} | jobs: {_counts(snapshot.jobs)} | "
        f"SubmitJob {snapshot.submits_now}/s of {snapshot.quota_per_second:g}, "
        f"429s: {snapshot.throttled} | DescribeJobs: {snapshot.describes}"
    )


def render_block(view: View, elapsed_seconds: float) -> Table:
    """Make the block that a terminal shows of what is under way."""
    block = Table.grid(padding=(0, 2))
    if isinstance(view, Step):
        block.add_row(Text(_clock(elapsed_seconds), "bold"), _step_text(view), _bar(view.done, view.total))
        return block
    snapshot = view.snapshot
    block.add_row(Text(_clock(elapsed_seconds), "bold"), _bar(snapshot.jobs_ended, snapshot.jobs_planned))
    block.add_row("samples", _styled(snapshot))
    block.add_row("jobs", _counts(snapshot.jobs, zeros=True))
    block.add_row("SubmitJob", _submit_text(snapshot))
    block.add_row("DescribeJobs", f"{snapshot.describes} calls")
    return block


def _step_text(step: Step) -> str:
    return step.title if step.total is None else f"{step.title}: {step.done} of {step.total}"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}:{rest:02}"


def _bar(done: int, total: int | None) -> ProgressBar:
    return ProgressBar(total=total, completed=done, width=_BAR_WIDTH, pulse=total is None)


def _counts(counts: Mapping[SampleState, int] | Mapping[str, int], *, zeros: bool = False) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.items() if count or zeros) or "none yet"


def _styled(snapshot: Snapshot) -> Text:
    text = Text()
    for state, count in snapshot.samples.items():
        text.append(f"{count} {state}", style=_STYLES[state] if count else "dim").append("   ")
    return text


def _submit_text(snapshot: Snapshot) -> Text:
    text = Text(f"{snapshot.submits_now}/s now   {snapshot.submits_peak}/s at most   ")
    text.append(f"quota {snapshot.quota_per_second:g}/s   ", style="dim")
    return text.append(f"HTTP 429: {snapshot.throttled}", style="bold red" if snapshot.throttled else "green")
