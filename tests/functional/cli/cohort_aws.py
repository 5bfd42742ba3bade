"""An AWS with one cohort, whose table and executions are kept in memory."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from sluice.cohorts.model import Cohort, Sample, SampleStatus
from sluice_cli.errors import AwsError
from tests.functional.cli.fakes import (
    ARN,
    COHORT_TABLE,
    NOW_MS,
    OUTPUTS,
    FakeApi,
    described_stack,
    keyed,
    stack_outputs,
)
from tests.support.cohort_fakes import MemoryCohortStore

if TYPE_CHECKING:
    from collections.abc import Iterable

NAME = "run-42"
OTHER = ("--workflow", f"{ARN}:stateMachine:other")
"""Another workflow than the stack's own, as a command has it."""
MACHINE = f"{ARN}:stateMachine:cohort"
MORE_OUTPUTS = {**COHORT_TABLE, "CohortMachineArn": MACHINE, "DataBucketName": "data"}
TABLE_MS = NOW_MS + 3_600_000
"""The time by AWS's clock: the one of whoever gives a command is an hour behind."""

WORKFLOW: dict[str, Any] = {
    "StartAt": "Work",
    "States": {
        "Work": {
            "Type": "Task",
            "Resource": OUTPUTS["ActivityArn"],
            "Parameters": {"reads.$": "$.reads"},
            "HeartbeatSeconds": 900,
            "Retry": [{"ErrorEquals": ["States.Timeout"]}],
            "End": True,
        }
    },
}

EXISTS = AwsError("It said ExecutionAlreadyExists", "ExecutionAlreadyExists")


@dataclass
class CohortAws:
    """What the commands of cohorts see and change.

    Attributes:
        table: has one cohort at most, run-42.
        machine: states of the execution that starts samples, one a look; the last one stays.
        taken: names that executions of the cohort's machine had before.
        started, stopped, put: what was asked for.
        objects: sheets in S3.
        definition: of whatever workflow is asked for.
    """

    table: MemoryCohortStore = field(default_factory=MemoryCohortStore)
    machine: list[dict[str, Any]] = field(default_factory=lambda: [{"status": "SUCCEEDED"}])
    taken: set[str] = field(default_factory=set)
    started: list[dict[str, Any]] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)
    put: list[dict[str, Any]] = field(default_factory=list)
    objects: dict[str, bytes] = field(default_factory=dict)
    definition: dict[str, Any] = field(default_factory=lambda: WORKFLOW)

    @property
    def cohort(self) -> Cohort | None:
        """The only cohort, if there is one."""
        return self.table.cohort(NAME)

    @cohort.setter
    def cohort(self, cohort: Cohort) -> None:
        self.table.cohorts[NAME] = cohort

    def api(self) -> FakeApi:
        outputs = stack_outputs({**OUTPUTS, **MORE_OUTPUTS})
        return FakeApi(
            keyed(
                {
                    "cloudformation.describe_stacks": described_stack(Outputs=outputs),
                    "stepfunctions.start_execution": self._start,
                    "stepfunctions.describe_execution": self._look,
                    "stepfunctions.stop_execution": self._stop,
                    "stepfunctions.describe_state_machine": {
                        "type": "STANDARD",
                        "definition": json.dumps(self.definition),
                    },
                    "s3.put_object": self._put,
                    "s3.get_object": lambda **asked: {"Body": io.BytesIO(self.objects[asked["Key"]])},
                }
            ),
            cohort_table=self.table,
        )

    def end(self, names: Iterable[str], status: SampleStatus, error: str | None = None) -> None:
        """Lets samples come to an end."""
        for name in names:
            ended = replace(self.table.items[NAME, name], status=status, stopped_at=NOW_MS, error=error)
            self.table.items[NAME, name] = ended
        self._count()

    def _count(self) -> None:
        assert self.cohort is not None
        statuses = [sample.status for sample in self.table.samples(NAME)]
        counts = {status: statuses.count(status) for status in SampleStatus}
        self.cohort = replace(self.cohort, counts=counts)

    def _start(self, **asked: Any) -> Any:
        if asked["name"] in self.taken:
            return EXISTS
        self.started.append(asked)
        return {"executionArn": f"{ARN}:execution:cohort:{asked['name']}"}

    def _put(self, **asked: Any) -> dict[str, Any]:
        self.put.append(asked)
        return {}

    def _look(self, **_: Any) -> dict[str, Any]:
        return self.machine.pop(0) if len(self.machine) > 1 else self.machine[0]

    def _stop(self, **asked: Any) -> dict[str, Any]:
        name = asked["executionArn"].rpartition(".")[2]
        self.stopped.append(name)
        self.end([name], SampleStatus.ABORTED, asked["error"])
        return {}


def cohort_of(*names: str, sha256: str = "0" * 64, workflow_arn: str = "") -> CohortAws:
    """An AWS with a cohort `run-42` of samples that all run."""
    workflow = workflow_arn or OUTPUTS["WorkflowArn"]
    samples = {
        (NAME, name): Sample(
            NAME, name, 1, f"{ARN}:execution:w:run-42.1.{name}", SampleStatus.RUNNING, "{}", 1, 1
        )
        for name in names
    }
    cohort = Cohort(NAME, workflow, sha256, len(names), NOW_MS, NOW_MS)
    aws = CohortAws(MemoryCohortStore({NAME: cohort}, samples, now_ms=lambda: TABLE_MS))
    aws.end((), SampleStatus.RUNNING)
    return aws


def request(aws: CohortAws) -> dict[str, Any]:
    """What the only execution that was started was asked for."""
    (started,) = aws.started
    return dict(json.loads(started["input"]))
