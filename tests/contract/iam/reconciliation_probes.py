"""What reconcile_tasks does."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from tests.contract.iam.ending_probes import has_ended, running_job, status, was_stopped
from tests.contract.iam.probe import Probe, first_wrong
from tests.contract.iam.scene import Handed, within
from tests.support.building import eventually

if TYPE_CHECKING:
    from tests.contract.iam.scene import Scene


def ended_job(scene: Scene, command: str) -> str:
    """A job that has ended without any event that names a task."""
    definition = scene.stack.job_definition(command, command)
    queue = scene.stack.outputs["JobQueueArn"]
    job_id = str(
        scene.stack.batch.submit_job(jobName="ended", jobQueue=queue, jobDefinition=definition)["jobId"]
    )
    eventually(lambda: scene.stack.ended_job(job_id))
    return job_id


def resubmits(scene: Scene) -> str | None:
    """A job that was never submitted is looked for, and submitted with its tags."""
    for api in ("ListJobs", "SubmitJob"):
        scene.forget_rate(api)
    handed = scene.handed()
    definition = scene.stack.job_definition("sleep", "sleep", "600")
    scene.put_task(handed, scene.stack.job("missing", definition, tags={"project": "x"}), ids={})
    failed, answer = scene.invoke("ReconcileTasks", {})
    submitted = any(task.jobs["missing"].job_id for task in scene.stack.tasks(handed.execution))
    return failed or first_wrong(
        (answer.get("TasksResumed") == 1, "a task without a job is left alone"),
        (submitted, "a job that was lost is not submitted"),
    )


def ends_earlier_try(scene: Scene) -> str | None:
    """A lost job of a state that is tried again is submitted when those of its first try were stopped."""
    handed, job_id = scene.handed(), running_job(scene)
    earlier = Handed(f"token-{time.time_ns()}", handed.execution)
    scene.put_task(earlier, scene.stack.job("again", "any:1"), ids={"again": job_id})
    now_ms = time.time_ns() // 1_000_000
    for task in scene.stack.store.due_tasks(now_ms):  # it had a heartbeat a moment ago
        if task.token == earlier.token:
            scene.stack.store.claim(task, now_ms)
    definition = scene.stack.job_definition("sleep", "sleep", "600")
    scene.put_task(handed, scene.stack.job("again", definition), ids={})
    failed, _ = scene.invoke("ReconcileTasks", {})
    return failed or first_wrong((was_stopped(scene, job_id), "the job of an earlier try runs on"))


def completes(scene: Scene) -> str | None:
    """A job that ended without an event is described, and its task completed."""
    handed, job_id = scene.handed(), ended_job(scene, "true")
    scene.put_task(handed, scene.stack.job("unheard", "any:1"), ids={"unheard": job_id})
    failed, _ = scene.invoke("ReconcileTasks", {})
    succeeded = has_ended(scene, handed, "SUCCEEDED")
    return failed or first_wrong((succeeded, "a job that ended without an event is not noticed"))


def fails(scene: Scene) -> str | None:
    """A job that failed without an event fails its task and stops its siblings."""
    scene.forget_rate("TerminateJob")
    handed, failed_job, sibling = scene.handed(), ended_job(scene, "false"), running_job(scene)
    jobs = (scene.stack.job("unheard", "any:1"), scene.stack.job("sibling", "any:1"))
    scene.put_task(handed, *jobs, ids={"unheard": failed_job, "sibling": sibling})
    failed, _ = scene.invoke("ReconcileTasks", {})
    return failed or first_wrong(
        (has_ended(scene, handed, "FAILED"), "a job that failed without an event is not noticed"),
        (was_stopped(scene, sibling), "its sibling runs on"),
    )


def beats(scene: Scene) -> str | None:
    """A task whose job runs sends its heartbeat."""
    handed, job_id = scene.handed(), running_job(scene)
    scene.put_task(handed, scene.stack.job("running", "any:1"), ids={"running": job_id})
    failed, answer = scene.invoke("ReconcileTasks", {})
    return failed or first_wrong(
        (answer.get("Heartbeats") == 1, "no heartbeat is sent, and the state times out"),
        (status(scene, handed) == "RUNNING", "the workflow has ended"),
    )


def abandons(scene: Scene) -> str | None:
    """The jobs of a task for which nobody waits are stopped."""
    handed, job_id = (
        Handed(f"token-{time.time_ns()}", "arn:aws:states:::execution:m:gone"),
        running_job(scene),
    )
    scene.put_task(handed, scene.stack.job("unwanted", "any:1"), ids={"unwanted": job_id})
    failed, _ = scene.invoke("ReconcileTasks", {})
    closed = within(1, lambda: scene.task_state(handed.token) == "ABANDONED")
    return failed or first_wrong(
        (was_stopped(scene, job_id), "a job runs on for which nobody waits"), (closed, "its task stays open")
    )


PROBES: Final = (
    Probe("a heartbeat is sent", beats),
    Probe("a job's lost end is noticed", completes),
    Probe("a job's lost failure is noticed", fails),
    Probe("a lost job is submitted", resubmits),
    Probe("an earlier try of a lost job is ended", ends_earlier_try, about="dynamodb:GetItem"),
    Probe("a task nobody waits for is dropped", abandons),
)
