"""What handle_job_status and cancel_jobs do."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any, Final

from tests.contract.iam.probe import Probe, first_wrong
from tests.contract.iam.scene import Handed, within
from tests.support.builders import detail, job_event

if TYPE_CHECKING:
    from tests.contract.iam.scene import Scene


def record(body: str) -> dict[str, Any]:
    """An SQS event of one record."""
    return {"Records": [{"messageId": "m", "receiptHandle": "r", "body": body, "eventSource": "aws:sqs"}]}


def running_job(scene: Scene) -> str:
    """A job that somebody has submitted and that does not end by itself."""
    definition = scene.stack.job_definition("sleep", "sleep", "600")
    queue = scene.stack.outputs["JobQueueArn"]
    return str(
        scene.stack.batch.submit_job(jobName="sleep", jobQueue=queue, jobDefinition=definition)["jobId"]
    )


def was_stopped(scene: Scene, job_id: str) -> bool:
    """Whether a job has ended, or does so within two seconds."""
    return within(2, lambda: scene.stack.ended_job(job_id) is not None)


def status(scene: Scene, handed: Handed) -> str:
    """The status of the execution that waits for a task."""
    return str(scene.stack.states.describe_execution(executionArn=handed.execution)["status"])


def has_ended(scene: Scene, handed: Handed, expected: str) -> bool:
    """Whether the execution that waits for a task ends so, within a second."""
    return within(1, lambda: status(scene, handed) == expected)


def completes(scene: Scene) -> str | None:
    """The event of a task's only job completes the task."""
    handed = scene.handed()
    scene.put_task(handed, scene.stack.job("only", "any:1"), ids={})
    event = job_event(handed.token, "only", detail("job-1"))
    failed, _ = scene.invoke("HandleJobStatus", record(event))
    return failed or first_wrong(
        (has_ended(scene, handed, "SUCCEEDED"), "the workflow does not hear of its job"),
        (scene.task_state(handed.token) == "SUCCEEDED", "the task stays open"),
    )


def fails_fast(scene: Scene) -> str | None:
    """The event of a failed job fails the task and stops its other jobs."""
    scene.forget_rate("TerminateJob")
    handed, sibling = scene.handed(), running_job(scene)
    jobs = (scene.stack.job("bad", "any:1"), scene.stack.job("sibling", "any:1"))
    scene.put_task(handed, *jobs, ids={"bad": "job-1", "sibling": sibling})
    event = job_event(handed.token, "bad", detail("job-1", "FAILED"))
    failed, _ = scene.invoke("HandleJobStatus", record(event))
    return failed or first_wrong(
        (has_ended(scene, handed, "FAILED"), "the workflow does not hear of its failed job"),
        (was_stopped(scene, sibling), "the failed job's sibling runs on"),
    )


def cancels(scene: Scene) -> str | None:
    """The event of a stopped workflow stops its jobs and closes its task."""
    scene.forget_rate("TerminateJob")
    machine_arn = f"arn:aws:states:{scene.aws.region}:000000000000:stateMachine:m"
    handed = Handed(f"token-{time.time_ns()}", machine_arn.replace("stateMachine", "execution") + ":x")
    job_id = running_job(scene)
    scene.put_task(handed, scene.stack.job("only", "any:1"), ids={"only": job_id})
    failed, _ = scene.invoke("CancelJobs", record(execution_ended(handed.execution, machine_arn)))
    return failed or first_wrong(
        (was_stopped(scene, job_id), "a stopped workflow's job runs on"),
        (scene.task_state(handed.token) == "ABANDONED", "a stopped workflow's task stays open"),
    )


def execution_ended(execution: str, machine_arn: str, *, name: str = "x") -> str:
    """The event of an execution that was stopped just now, as JSON text."""
    now_ms = time.time_ns() // 1_000_000
    facts = {
        "executionArn": execution,
        "stateMachineArn": machine_arn,
        "name": name,
        "status": "ABORTED",
        "startDate": now_ms,
        "stopDate": now_ms,
    }
    kind = "Step Functions Execution Status Change"
    return json.dumps({"source": "aws.states", "detail-type": kind, "detail": facts})


def hears_of_children(scene: Scene) -> str | None:
    """The event of an array's child completes its task; the array's end is noted in the other."""
    handed = [scene.handed(), scene.handed()]
    records = [scene.put_shared(each, f"s{number}") for number, each in enumerate(handed)]
    array_id = scene.seal(records)
    told = [
        {**detail("job-1:0"), "arrayProperties": {"index": 0}},
        {**detail("job-1"), "arrayProperties": {"size": 2}},
    ]
    for each in told:
        body = {
            "detail-type": "Batch Job State Change",
            "detail": {**each, "parameters": {"taskArray": array_id}},
        }
        failed, _ = scene.invoke("HandleJobStatus", record(json.dumps(body)))
        if failed:
            return failed
    other = scene.stack.store.read(records[1].task.key)
    return first_wrong(
        (has_ended(scene, handed[0], "SUCCEEDED"), "the workflow does not hear of its child"),
        (other is not None and other.array_ended_at is not None, "the array's end is not noted"),
    )


PROBES: Final = (
    Probe("a job's end completes its task", completes),
    Probe("a child's end completes its task", hears_of_children),
    Probe("a failed job stops its siblings", fails_fast),
    Probe("a stopped workflow's jobs stop", cancels),
)
