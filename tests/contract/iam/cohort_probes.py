"""What start_samples, count_samples and reconcile_samples do, and the state machine that starts samples."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sluice.aws.tables.cohort_store import DynamoCohortStore
from sluice.cohorts.blocks import Block
from sluice.cohorts.model import Cohort, Sample, SampleEnd, SampleStatus, Start
from tests.contract.iam.ending_probes import execution_ended, record
from tests.contract.iam.probe import Probe, first_wrong
from tests.contract.iam.scene import LONG_AGO_SECONDS, within

if TYPE_CHECKING:
    from tests.contract.iam.scene import Scene

WAITS: Final = {"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 3600, "End": True}}}


@dataclass(frozen=True)
class Given:
    """A cohort of one sample, and its workflow, whose executions do not end by themselves."""

    scene: Scene
    name: str
    workflow: str

    @property
    def store(self) -> DynamoCohortStore:
        return DynamoCohortStore(self.scene.aws.client("dynamodb"), self.scene.physical("CohortTable"))

    def request(self, **fields: Any) -> dict[str, Any]:
        """What start_samples is asked for a sheet in the data bucket."""
        bucket, key = self.scene.stack.outputs["DataBucketName"], f"{self.name}.csv"
        self.scene.aws.client("s3").put_object(Bucket=bucket, Key=key, Body=b"sample\ns1\n")
        sheet = {"bucket": bucket, "key": key}
        return {"cohort": self.name, "workflowArn": self.workflow, "sheet": sheet, **fields}

    def noted(self) -> Sample:
        """The sample as somebody noted it long ago, before its execution was to start."""
        long_ago_ms = (int(time.time()) - LONG_AGO_SECONDS) * 1000
        cohort = self.store.create(Cohort(self.name, self.workflow, "0", 1, long_ago_ms, long_ago_ms))
        (sample,) = self.store.begin(Block(cohort, [Start("s1", "{}")], as_of=long_ago_ms), long_ago_ms)
        return sample

    def running(self) -> Sample:
        """The sample with its execution."""
        sample = self.noted()
        self.scene.stack.states.start_execution(
            stateMachineArn=self.workflow, name=str(sample.execution_name), input="{}"
        )
        return sample

    def failed(self) -> Sample:
        """The sample with its execution, after both have ended."""
        running = self.running()
        self.scene.stack.states.stop_execution(executionArn=running.execution_arn)
        self.store.note_ends([_failure(running)])
        return self.sample()

    def noted_to_go_on(self, failed: Sample) -> None:
        """Notes of a failed sample, long ago, that it was to go on where it failed."""
        long_ago_ms = (int(time.time()) - LONG_AGO_SECONDS) * 1000
        cohort = self.store.cohort(self.name)
        assert cohort is not None
        start = Start("s1", failed.input, before=failed, redrive=True)
        self.store.begin(Block(cohort, [start], as_of=long_ago_ms), long_ago_ms)

    def sample(self) -> Sample:
        """The sample as the table has it."""
        (sample,) = self.store.samples(self.name)
        return sample

    def status(self) -> str:
        """Where the sample stands, by the table."""
        samples = list(self.store.samples(self.name))
        return samples[0].status.value if samples else "unknown"

    def executions(self) -> list[str]:
        """The statuses of the workflow's executions."""
        found = self.scene.stack.states.list_executions(stateMachineArn=self.workflow)["executions"]
        return [each["status"] for each in found]


def given(scene: Scene) -> Given:
    """A cohort that nobody knows yet, and limiters that nobody has used."""
    for api in ("StartExecution", "DescribeExecution", "GetExecutionHistory", "RedriveExecution"):
        scene.forget_rate(api)
    machines = scene.machines()
    return Given(scene, f"c{uuid.uuid4().hex[:12]}", machines.create(WAITS))


def starts(scene: Scene) -> str | None:
    """The cohort's state machine starts the sample of a sheet."""
    cohort = given(scene)
    states, machine = scene.stack.states, scene.stack.outputs["CohortMachineArn"]
    execution = scene.machines().start(machine, cohort.request())
    started = within(4, lambda: states.describe_execution(executionArn=execution)["status"] == "SUCCEEDED")
    return first_wrong(
        (started, "the cohort does not start"),
        (cohort.executions() == ["RUNNING"], "its sample does not start"),
    )


def misses_a_sheet(scene: Scene) -> str | None:
    """A sheet that is not there is told from one that may not be read."""
    sheet = {"bucket": scene.stack.outputs["DataBucketName"], "key": "missing.csv"}
    _, answer = scene.invoke("StartSamples", given(scene).request(sheet=sheet))
    return first_wrong((answer.get("errorType") == "RejectedError", "a missing sheet looks like a refusal"))


def retries(scene: Scene) -> str | None:
    """A failed sample starts again."""
    cohort = given(scene)
    sample = cohort.noted()
    ended = SampleEnd(sample.execution_name, sample.execution_arn, SampleStatus.FAILED, sample.started_at)
    cohort.store.note_ends([ended])
    failed, _ = scene.invoke("StartSamples", {"cohort": cohort.name, "only": "failed"})
    return failed or first_wrong((cohort.executions() == ["RUNNING"], "a failed sample is not retried"))


def goes_on(scene: Scene) -> str | None:
    """A failed sample goes on where it failed."""
    cohort = given(scene)
    cohort.failed()
    failed, _ = scene.invoke("StartSamples", {"cohort": cohort.name, "only": "failed"})
    return failed or first_wrong((cohort.executions() == ["RUNNING"], "a failed sample does not go on"))


def goes_on_by_hand(scene: Scene) -> str | None:
    """A failed sample that somebody let go on by hand is not started beside that."""
    cohort = given(scene)
    scene.stack.states.redrive_execution(executionArn=cohort.failed().execution_arn)
    failed, _ = scene.invoke("StartSamples", {"cohort": cohort.name, "only": "failed"})
    return failed or first_wrong((cohort.executions() == ["RUNNING"], "a sample runs twice"))


def goes_on_late(scene: Scene) -> str | None:
    """A failed sample of which was only noted that it goes on does so."""
    cohort = given(scene)
    cohort.noted_to_go_on(cohort.failed())
    failed, _ = scene.invoke("ReconcileSamples", {})
    return failed or first_wrong((cohort.executions() == ["RUNNING"], "a lost redrive is not made"))


def starts_anew(scene: Scene) -> str | None:
    """A sample whose execution is forgotten cannot go on, and starts anew."""
    cohort = given(scene)
    sample = cohort.noted()
    cohort.store.note_ends([_failure(sample)])
    cohort.noted_to_go_on(cohort.sample())
    failed, _ = scene.invoke("ReconcileSamples", {})
    return failed or first_wrong((cohort.executions() == ["RUNNING"], "a sample does not start anew"))


def _failure(sample: Sample) -> SampleEnd:
    """An end that is noted now, not before the execution's own."""
    now_ms = int(time.time() * 1000)
    return SampleEnd(sample.execution_name, sample.execution_arn, SampleStatus.FAILED, now_ms)


def counts(scene: Scene) -> str | None:
    """The event of a sample's end is counted."""
    cohort = given(scene)
    sample = cohort.noted()
    event = execution_ended(sample.execution_arn, cohort.workflow, name=str(sample.execution_name))
    failed, _ = scene.invoke("CountSamples", record(event))
    return failed or first_wrong((cohort.status() == "ABORTED", "a sample's end is not counted"))


def hears_late(scene: Scene) -> str | None:
    """A sample that ended without an event is counted."""
    cohort = given(scene)
    scene.stack.states.stop_execution(executionArn=cohort.running().execution_arn)
    failed, _ = scene.invoke("ReconcileSamples", {})
    return failed or first_wrong((cohort.status() == "ABORTED", "a sample's lost end is not noticed"))


def resumes(scene: Scene) -> str | None:
    """A sample that was noted and never started is started."""
    cohort = given(scene)
    cohort.noted()
    failed, _ = scene.invoke("ReconcileSamples", {})
    return failed or first_wrong((cohort.executions() == ["RUNNING"], "a lost sample is not started"))


def stops(scene: Scene) -> str | None:
    """A sample of a cancelled cohort is stopped."""
    cohort = given(scene)
    cohort.running()
    cohort.store.cancel(cohort.name)
    failed, _ = scene.invoke("ReconcileSamples", {})
    return failed or first_wrong((cohort.executions() == ["ABORTED"], "a cancelled cohort's sample runs on"))


PROBES: Final = (
    Probe("a cohort's samples start", starts),
    Probe("a missing sheet is told of", misses_a_sheet, "s3:ListBucket"),
    Probe("a failed sample starts again", retries),
    Probe("a failed sample goes on where it failed", goes_on),
    Probe("a sample that went on by hand is found", goes_on_by_hand),
    Probe("a sample's lost redrive is made", goes_on_late),
    Probe("a sample that cannot go on starts anew", starts_anew),
    Probe("a sample's end is counted", counts),
    Probe("a sample's lost end is noticed", hears_late),
    Probe("a lost sample is started", resumes),
    Probe("a cancelled cohort's sample is stopped", stops),
)
