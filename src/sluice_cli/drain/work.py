"""What a stack still has to do: launches, executions, tasks with their jobs, and pollers."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from sluice.cohorts.model import SampleStatus
from sluice_cli.aws.cohorts import cohorts_of
from sluice_cli.errors import AwsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sluice.cohorts.model import Cohort
    from sluice.cohorts.ports import CohortStore
    from sluice_cli.aws.ports import Api
    from sluice_cli.aws.stack import Stack

A_YEAR_MS: Final = 366 * 86_400_000
"""Tasks are in line by the time at which they are due; none is due later than this from now."""

_GONE: Final = "StateMachineDoesNotExist"


@dataclass(frozen=True)
class Work:
    """What is left for a stack to do.

    Attributes:
        launches: ARNs of the executions that start samples of cohorts.
        executions: ARNs of those that may have jobs to run, by the ARN of their state machine.
        tasks: tasks whose jobs have not ended.
        stopping: tasks that have ended and whose jobs are being stopped.
        samples: samples of cohorts that were noted and not started, or whose end is not counted yet. They are
            looked for when nothing else is left, as that takes a scan of the cohort table.
        pollers: ARNs of the executions that take tasks.
    """

    launches: tuple[str, ...] = ()
    executions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    tasks: int = 0
    stopping: int = 0
    samples: int = 0
    pollers: tuple[str, ...] = ()

    @property
    def running(self) -> tuple[str, ...]:
        """The executions of all state machines."""
        return tuple(arn for each in self.executions.values() for arn in each)

    @property
    def is_over(self) -> bool:
        """True if nothing is left but pollers, which end by themselves when they find no task."""
        return not (self.launches or self.running or self.tasks or self.stopping or self.samples)

    def words(self) -> str:
        """What is left, for people."""
        counts = (
            (len(self.launches), "launch", "launches"),
            (len(self.running), "execution", "executions"),
            (self.tasks, "open task", "open tasks"),
            (self.stopping, "task whose jobs are being stopped", "tasks whose jobs are being stopped"),
            (self.samples, "sample to start or to count", "samples to start or to count"),
            (len(self.pollers), "poller", "pollers"),
        )
        said = [f"{number:,} {one if number == 1 else many}" for number, one, many in counts if number]
        return ", ".join(said) or "nothing"

    def document(self) -> dict[str, Any]:
        """What is left, for programs."""
        return {
            "launches": len(self.launches),
            "executions": {machine: len(arns) for machine, arns in self.executions.items() if arns},
            "tasks": self.tasks,
            "stopping": self.stopping,
            "samples": self.samples,
            "pollers": len(self.pollers),
        }


def machines_of(api: Api, stack: Stack) -> tuple[str, ...]:
    """Finds the state machines that send tasks to the stack's Activity: its own workflow and others' too.

    Raises:
        AwsError: AWS refused a call.
    """
    activity = stack.output("ActivityArn")
    listed = [
        each
        for page in api.pages("stepfunctions", "list_state_machines")
        for each in page["stateMachines"]
        if each["type"] == "STANDARD"  # Express workflows have no activities
    ]
    return tuple(
        each["stateMachineArn"] for each in listed if activity in _definition(api, each["stateMachineArn"])
    )


def look(api: Api, stack: Stack, machines: Iterable[str], now_ms: int) -> Work:
    """Looks at what is left.

    Raises:
        AwsError: AWS refused a call.
    """
    tasks = api.tasks(stack.output("TaskTableName"))
    ever_ms = now_ms + A_YEAR_MS
    work = Work(
        launches=_running(api, stack.output("CohortMachineArn")),
        executions={machine: _running(api, machine) for machine in machines},
        tasks=sum(1 for _ in tasks.due_tasks(ever_ms)),
        stopping=sum(1 for _ in tasks.unsettled_tasks(ever_ms)),
        pollers=_running(api, stack.output("ActivityPollerArn")),
    )
    return replace(work, samples=_samples(api, stack)) if work.is_over else work


def _samples(api: Api, stack: Stack) -> int:
    """Counts the samples that count as running; those noted before a cancel will not be started."""
    store = cohorts_of(api, stack)
    cohorts = [each for each in store.all_cohorts() if not each.is_cancelled]
    return sum(_waited_for(store, each) for each in cohorts if each.counts.get(SampleStatus.RUNNING))


def _waited_for(store: CohortStore, cohort: Cohort) -> int:
    if cohort.cancelled_at is None:
        return cohort.counts[SampleStatus.RUNNING]
    running = [each for each in store.samples(cohort.name) if each.status is SampleStatus.RUNNING]
    return sum(1 for each in running if not cohort.refuses(each.started_at))


def _definition(api: Api, machine: str) -> str:
    try:
        return str(api.call("stepfunctions", "describe_state_machine", stateMachineArn=machine)["definition"])
    except AwsError as error:
        if error.code == _GONE:
            return ""
        raise


def _running(api: Api, machine: str) -> tuple[str, ...]:
    pages = api.pages("stepfunctions", "list_executions", stateMachineArn=machine, statusFilter="RUNNING")
    try:
        return tuple(each["executionArn"] for page in pages for each in page["executions"])
    except AwsError as error:
        if error.code == _GONE:  # its stack is being deleted
            return ()
        raise
