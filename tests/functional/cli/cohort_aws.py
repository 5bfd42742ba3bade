"""An AWS with one cohort, whose table and executions are kept in memory."""

from __future__ import annotations

import io
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from sluice.aws.cohort_items import COHORT_ENTRY, cohort_item, sample_item
from sluice.cohort import Cohort, Sample, SampleStatus
from sluice_cli.errors import AwsError
from tests.functional.cli.fakes import ARN, NOW_MS, OUTPUTS, FakeApi, described_stack, keyed

if TYPE_CHECKING:
    from collections.abc import Iterable

MACHINE = f"{ARN}:stateMachine:cohort"
MORE_OUTPUTS = {"CohortTableName": "cohorts", "CohortMachineArn": MACHINE, "DataBucketName": "data"}
EXISTS = AwsError("It said ExecutionAlreadyExists", "ExecutionAlreadyExists")


@dataclass
class CohortAws:
    """What the commands of cohorts see and change.

    Attributes:
        cohort: the only one, if there is one.
        samples: of it, by name.
        machine: states of the execution that starts samples, one a look; the last one stays.
        taken: names that executions of the cohort's machine had before.
        started, stopped, put: what was asked for.
        objects: sheets in S3.
    """

    cohort: Cohort | None = None
    samples: dict[str, Sample] = field(default_factory=dict)
    machine: list[dict[str, Any]] = field(default_factory=lambda: [{"status": "SUCCEEDED"}])
    taken: set[str] = field(default_factory=set)
    started: list[dict[str, Any]] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)
    put: list[dict[str, Any]] = field(default_factory=list)
    objects: dict[str, bytes] = field(default_factory=dict)

    def api(self) -> FakeApi:
        outputs = [{"OutputKey": k, "OutputValue": v} for k, v in {**OUTPUTS, **MORE_OUTPUTS}.items()]
        return FakeApi(
            keyed(
                {
                    "cloudformation.describe_stacks": described_stack(Outputs=outputs),
                    "dynamodb.get_item": lambda **_: {"Item": self._item()} if self.cohort else {},
                    "dynamodb.query": lambda **_: {"Items": list(map(_stored, self.samples.values()))},
                    "dynamodb.scan": lambda **_: {"Items": [self._item()] if self.cohort else []},
                    "dynamodb.update_item": self._cancel,
                    "stepfunctions.start_execution": self._start,
                    "stepfunctions.describe_execution": self._look,
                    "stepfunctions.stop_execution": self._stop,
                    "s3.put_object": self._put,
                    "s3.get_object": lambda **asked: {"Body": io.BytesIO(self.objects[asked["Key"]])},
                }
            )
        )

    def end(self, names: Iterable[str], status: SampleStatus, error: str | None = None) -> None:
        """Lets samples come to an end."""
        for name in names:
            self.samples[name] = replace(self.samples[name], status=status, stopped_at=NOW_MS, error=error)
        self._count()

    def _item(self) -> dict[str, Any]:
        assert self.cohort is not None
        counts = {status.value: {"N": str(number)} for status, number in self.cohort.counts.items()}
        cancelled = {"cancelledAt": {"N": str(self.cohort.cancelled_at)}} if self.cohort.cancelled_at else {}
        return {**cohort_item(self.cohort), **counts, **cancelled}

    def _count(self) -> None:
        assert self.cohort is not None
        statuses = [sample.status for sample in self.samples.values()]
        counts = {status: statuses.count(status) for status in SampleStatus}
        self.cohort = replace(self.cohort, counts=counts)

    def _cancel(self, **asked: Any) -> dict[str, Any]:
        assert self.cohort is not None
        assert asked["Key"]["entry"] == {"S": COHORT_ENTRY}
        self.cohort = replace(self.cohort, cancelled_at=int(asked["ExpressionAttributeValues"][":at"]["N"]))
        return {}

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
        name: Sample(
            "run-42", name, 1, f"{ARN}:execution:w:run-42.1.{name}", SampleStatus.RUNNING, "{}", 1, 1
        )
        for name in names
    }
    aws = CohortAws(Cohort("run-42", workflow, sha256, len(names), NOW_MS, NOW_MS), samples)
    aws.end((), SampleStatus.RUNNING)
    return aws


def _stored(sample: Sample) -> dict[str, Any]:
    item = {**sample_item(sample), "status": {"S": sample.status.value}}
    if sample.stopped_at is not None:
        item["stoppedAt"] = {"N": str(sample.stopped_at)}
    if sample.error is not None:
        item["error"] = {"S": sample.error}
    return item
