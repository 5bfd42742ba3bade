"""What must hold for a cohort: its counts, and which of its samples were started."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from sluice.aws.tables.cohort_items import COHORT_ENTRY, read_cohort, read_sample
from sluice.cohorts.model import CANCELLED_ERROR, NOT_STARTED, read_execution_name
from tests.simulation.invariants import COUNTS, ORPHAN, STARTS, Violation
from tests.simulation.kernel.world import MICROSECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.simulation.aws.stepfunctions import Execution
    from tests.simulation.kernel.world import Process
    from tests.simulation.stack import Stack
    from tests.simulation.workload import Requests

LATE_START_SECONDS: Final = 20
"""How long after a cancel a sample's start may be asked for: whoever asks has looked two seconds ago. A call
that is under way takes as long as its function stands still, and no client can take it back."""

STOPPED_SECONDS: Final = 2400
"""How long after a cancel a sample may run: a look, a run of the reconciler, and spare."""


@dataclass
class CohortJudge:
    """Judges a cohort at the end of a round.

    Attributes:
        stack: where it ran.
        asked: what somebody wanted of the cohort.
        calls: when a sample's start was asked for last, by the name of its execution.
    """

    stack: Stack
    asked: Requests
    calls: dict[str, int] = field(default_factory=dict)

    def begin(self) -> None:
        """Starts to watch."""
        self.stack.watchers.append(self._called)

    def _called(self, operation: str, request: Mapping[str, Any], _: Process) -> None:
        if operation == "StartExecution" and read_execution_name(request["name"]) is not None:
            self.calls[request["name"]] = self.stack.world.now

    def verdict(self) -> list[Violation]:
        """All that did not hold."""
        return list(dict.fromkeys((*self._counts(), *self._starts(), *self._ends())))

    @property
    def _items(self) -> dict[str, Any]:
        return {item["entry"]["S"]: item for item in self.stack.tables["CohortTable"].items.values()}

    def _counts(self) -> Iterator[Violation]:
        items = self._items
        if COHORT_ENTRY not in items:
            return
        cohort = read_cohort(items.pop(COHORT_ENTRY))
        samples = [read_sample(item) for item in items.values()]
        counted = Counter(sample.status for sample in samples)
        if {status: number for status, number in cohort.counts.items() if number} != dict(counted):
            yield Violation(COUNTS, f"{dict(cohort.counts)}, though there are {dict(counted)}")
        for sample in samples:
            execution = self.stack.step_functions.executions.get(sample.execution_arn)
            if execution is not None and sample.status.value != execution.status:
                yield Violation(COUNTS, f"{sample.name} is {sample.status}, its execution {execution.status}")
            if execution is None and sample.error not in (NOT_STARTED, CANCELLED_ERROR):
                yield Violation(STARTS, f"{sample.name} is {sample.status} and was never started")
        if cohort.cancelled_at is None and self.asked.launched and len(samples) != cohort.total:
            yield Violation(STARTS, f"{len(samples)} of {cohort.total} samples were ever started")

    def _starts(self) -> Iterator[Violation]:
        for name, called in self.calls.items():
            cancel = max((at for at in self.asked.cancelled if at <= called), default=None)
            if cancel is None or any(cancel < at <= called for at in self.asked.launched):
                continue
            late = (called - cancel) / MICROSECONDS
            if late > LATE_START_SECONDS:
                yield Violation(STARTS, f"{name} is started {late:.0f} s after the cancel")

    def _ends(self) -> Iterator[Violation]:
        now = self.stack.world.now
        for execution in self._executions():
            end = execution.stopped or now
            cancels = [at for at in self.asked.cancelled if at > execution.started]
            for cancel in cancels:
                if any(cancel < at for at in self.asked.launched):
                    continue
                if (end - cancel) / MICROSECONDS > STOPPED_SECONDS:
                    yield Violation(
                        ORPHAN,
                        f"{execution.name} runs {(end - cancel) / MICROSECONDS:.0f} s after the cancel",
                    )

    def _executions(self) -> list[Execution]:
        found = self.stack.step_functions.executions.values()
        return [each for each in found if read_execution_name(each.name) is not None]
