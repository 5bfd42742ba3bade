"""What cohorts need of the world: their table, the executions of any workflow, and sample sheets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sluice.cohorts.blocks import Block
    from sluice.cohorts.model import Cohort, RunningSample, Sample, SampleEnd
    from sluice.cohorts.redrives import HistoryEnd
    from sluice.cohorts.request import SheetPlace


class CohortStore(Protocol):
    """The cohort table: a cohort's item with its counts, and an item a sample."""

    def create(self, cohort: Cohort) -> Cohort:
        """Creates the cohort, or returns the one that there is of this name."""

    def reopen(self, cohort: Cohort, as_of: int) -> Cohort:
        """Lets a cohort that was cancelled before then go on for those who ask from then on.

        Returns:
            The cohort as it is now.
        """

    def extend(self, cohort: Cohort, sheet: tuple[str, int], as_of: int) -> Cohort | None:
        """Gives a cohort another sheet, by its SHA-256 and its samples, of which none is passed yet.

        Returns:
            The cohort as it is now; None if it has yet another sheet, or somebody has asked for samples, or
            started some, since it was read.
        """

    def cohort(self, name: str) -> Cohort | None:
        """Reads a cohort; None if there is none of this name."""

    def all_cohorts(self) -> Iterator[Cohort]:
        """All cohorts, in no order. It goes through the whole table."""

    def cancel(self, name: str) -> Cohort | None:
        """Lets no more of its samples start for whoever asked before now, by the table's clock.

        It counts to the end of the present second.

        Returns:
            The cohort, None if there is none of this name.
        """

    def samples(self, cohort: str) -> Iterator[Sample]:
        """The samples of a cohort by their names, a page at a time."""

    def sample(self, cohort: str, name: str) -> Sample | None:
        """Reads a sample; None if the cohort has none of this name that was started."""

    def begin(self, block: Block, now_ms: int) -> list[Sample]:
        """Notes that samples start, with the cohort's counts, at once.

        Returns:
            Those that are noted as running, by this call or by one before; not those that have ended.

        Raises:
            CohortCancelledError: nothing was noted.
            BusyError: nothing was noted.
        """

    def note_ends(self, ends: Sequence[SampleEnd]) -> int:
        """Notes ends of executions of one cohort, each sample once, with the cohort's counts, at once.

        Returns:
            How many changed something: not those of other attempts, other executions or ended samples.

        Raises:
            BusyError: nothing was noted.
        """

    def running_samples(self, before_ms: int) -> Iterator[RunningSample]:
        """The running samples of all cohorts that were last looked at by then, longest ago first."""

    def claim(self, sample: RunningSample, now_ms: int) -> Sample | None:
        """Moves the sample's last look to now; None if it has ended or another reconciler was quicker."""


class Executions(Protocol):
    """Executions of workflows. Each call is one request, never retried inside."""

    def kind(self, workflow_arn: str) -> str:
        """STANDARD or EXPRESS; raises RejectedError if there is no such state machine."""

    def start(self, workflow_arn: str, name: str, payload: str) -> None:
        """Starts an execution, or finds it started before, whether it has ended or not."""

    def redrive(self, execution_arn: str, token: str) -> None:
        """Lets an execution go on where it failed; a second call with the token does nothing for minutes.

        Raises:
            NotRedrivableError: it runs, or it cannot go on.
            DoesNotExistError: there is no such execution any more.
        """

    def history_end(self, execution_arn: str) -> HistoryEnd:
        """How the history of an execution that has ended ends; raises DoesNotExistError."""

    def ended(self, execution_arn: str) -> SampleEnd | None:
        """How an execution of a sample ended, None if it runs; raises DoesNotExistError."""

    def stop(self, execution_arn: str, error: str) -> None:
        """Stops an execution; one that has ended stays as it is; raises DoesNotExistError."""


class Sheets(Protocol):
    """Where sample sheets lie."""

    def read(self, place: SheetPlace) -> bytes:
        """The bytes of the sheet; raises RejectedError if there is none."""
