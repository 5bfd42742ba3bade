"""Jobs that Sluice runs: in order, failing, too slow, too large, stopped."""

from typing import Any, Final

from accept.scene import Facts, Scene

TIMEOUT_SECONDS: Final = 60
"""The least that Batch takes. https://docs.aws.amazon.com/batch/latest/userguide/job_timeouts.html"""


def dependent(scene: Scene) -> Facts:
    """Two jobs of which the second needs the first."""
    first = scene.job("first", "sleep 2")
    second = scene.job("second", dependsOn=[{"jobName": "first"}])
    ended = scene.run(first, second)
    jobs = (ended["output"] or {}).get("jobs", {})
    if len(jobs) < 2:
        return {"status": ended["status"], "error": ended.get("error")}
    waited_ms = jobs["second"]["startedAt"] - jobs["first"]["stoppedAt"]
    return {"status": ended["status"], "secondStartedMsAfterFirstStopped": waited_ms}


def bounded(scene: Scene) -> Facts:
    """A job by the mere name of its definition, and one of a definition that is not the stack's."""
    own = scene.job("by-name")
    by_name = scene.run(
        {**own, "jobDefinition": str(own["jobDefinition"]).rpartition("/")[2].partition(":")[0]}
    )
    theirs = scene.run(scene.job("theirs", definition="theirs"))
    return {
        "byName": by_name["status"],
        "theirs": theirs["status"],
        "error": theirs.get("error"),
        "everyDefinitionIsAllowed": scene.stack.parameters.get("JobDefinitionArns", "*") == "*",
    }


def failure(scene: Scene) -> Facts:
    """A program that ends with 3."""
    return _failed(scene, scene.job("fails", "exit 3"))


def timeout(scene: Scene) -> Facts:
    """A job that runs longer than it may."""
    limit = {"attemptDurationSeconds": TIMEOUT_SECONDS}
    return _failed(scene, scene.job("too-slow", "sleep 900", timeout=limit))


def out_of_memory(scene: Scene) -> Facts:
    """A program that fills more memory than the container has, and would hold it for a while."""
    return _failed(scene, scene.job("too-large", "dd if=/dev/zero of=/dev/null bs=700M count=500"))


def image_pull(scene: Scene) -> Facts:
    """An image that is not there."""
    return _failed(scene, scene.job("no-image", definition="no-image"))


def literal(scene: Scene) -> Facts:
    """A `Ref::name` that no parameter names: the job succeeds if its container gets these very letters."""
    job_id = scene.submit("literal", definition="literal", parameters={"token": "kept"})
    job = scene.ended_job(job_id)
    event = scene.events.ended(job_id)
    return {
        "arrivedAsWritten": job["status"] == "SUCCEEDED",
        "exitCode": job.get("container", {}).get("exitCode"),
        "keptInDescription": job.get("parameters", {}).get("token") == "kept",
        "keptInEvent": event.detail.get("parameters", {}).get("token") == "kept",
    }


def stop(scene: Scene) -> Facts:
    """A workflow that is stopped while its job runs."""
    name = f"stopped-{scene.made.prefix}"
    execution = scene.start(scene.job(name, "sleep 900"))
    job_id = scene.running_job(name)
    scene.aws.client("stepfunctions").stop_execution(executionArn=execution)
    at_s = scene.clock.now()
    job = scene.ended_job(job_id)
    event = scene.events.ended(job_id)
    return {
        "seconds": round(scene.clock.now() - at_s, 1),
        "status": job["status"],
        "reason": job.get("statusReason"),
        "reasonInEvent": event.detail.get("statusReason"),
    }


def _failed(scene: Scene, job: dict[str, Any]) -> Facts:
    ended = scene.run(job)
    cause = ended["cause"] if isinstance(ended["cause"], dict) else {"reason": ended["cause"]}
    kept = ("exitCode", "reason", "attempts")
    return {
        "status": ended["status"],
        "error": ended.get("error"),
        **{name: cause[name] for name in kept if name in cause},
    }
