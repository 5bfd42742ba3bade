"""Many jobs at once: how fast Fargate starts them, and a cohort through a deployment."""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

from botocore.exceptions import ClientError

from accept.events import ENDED
from accept.scene import Facts, Scene

CHANGED: Final = "KeepDays"
"""A parameter that is a variable of every function and changes nothing that a run shows."""
NOTHING_TO_CHANGE: Final = "No updates are to be performed"
"""What CloudFormation says where a stack is as it is asked to be."""
COHORT_SECONDS: Final = 1_800.0
BURST_SECONDS: Final = 2.0
SETTLE_SECONDS: Final = 1.0


def doctor(scene: Scene) -> Facts:
    """What `sluice doctor` says of the stack."""
    found = json.loads(_sluice(scene, "doctor", "--json", may_fail=True))
    worse = [each for each in found["findings"] if each["level"] != "ok"]
    return {"wrong": found["wrong"], "findings": [f"{each['level']}: {each['says']}" for each in worse]}


def launches(scene: Scene) -> Facts:
    """How fast Fargate starts tasks: an array, of which SubmitJob knows one job."""
    job_id = scene.submit("launches", script="sleep 1", arrayProperties={"size": scene.launches})
    scene.ended_job(job_id)
    batch = scene.aws.client("batch")
    pages = [
        page
        for status in ENDED
        for page in batch.get_paginator("list_jobs").paginate(arrayJobId=job_id, jobStatus=status)
    ]
    jobs = [job for page in pages for job in page["jobSummaryList"]]
    starts = sorted(job["startedAt"] / 1000 for job in jobs if job.get("startedAt"))
    first = starts[0]
    at_once = sum(start - first <= BURST_SECONDS for start in starts)
    span = starts[-1] - first
    return {
        "tasks": len(starts),
        "secondsToFirst": round(first - min(job["createdAt"] for job in jobs) / 1000, 1),
        "startedWithinTwoSeconds": at_once,
        "secondsFromFirstToLast": round(span, 1),
        "perSecond": round(len(starts) / span, 1) if span else None,
    }


def cohort(scene: Scene) -> Facts:
    """A cohort through a deployment that begins when a third of it is done, and one that undoes it."""
    name = scene.made.prefix
    with tempfile.TemporaryDirectory(prefix="accept-") as folder:
        sheet = Path(folder, f"{name}.csv")
        sheet.write_text("\n".join(["sample", *(f"S{n:04}" for n in range(scene.samples))]) + "\n")
        began_s, before = scene.clock.now(), scene.stack.parameters[CHANGED]
        scene.undo.callback(_restore, scene, name, before)
        workflow = scene.made.sample_machine_arn
        _sluice(scene, "launch", str(sheet), "--workflow", workflow, "--no-wait")
        third = scene.clock.until(lambda: _done(scene, name, scene.samples // 3), "third of the cohort")
        _deploy(scene, str(int(before) + 1))
        deployed = scene.clock.until(lambda: _deployed(scene), "end of the deployment")
    counts = scene.clock.until(lambda: _done(scene, name, scene.samples), "whole cohort", COHORT_SECONDS)
    seconds = scene.clock.now() - began_s
    return {
        "samples": scene.samples,
        "endedWhenDeploymentBegan": sum(third.values()) - third["RUNNING"],
        "deployment": deployed,
        "counts": {status: count for status, count in counts.items() if count},
        "seconds": round(seconds, 1),
    }


def _done(scene: Scene, name: str, least: int) -> dict[str, int] | None:
    """The cohort's counts, once so many samples have ended."""
    text = _sluice(scene, "status", name, "--json", may_fail=True)
    if not text.strip():
        return None  # the cohort is not recorded yet
    counts: dict[str, int] = json.loads(text)["counts"]
    ended = sum(count for status, count in counts.items() if status != "RUNNING")
    return counts if ended >= least else None


def _restore(scene: Scene, name: str, before: str) -> None:
    """Give up what is left of the cohort, and deploy the stack as it was; the run may be ending early."""
    _sluice(scene, "cancel", name, "--yes", may_fail=True)
    try:
        _settle(scene)
        _deploy(scene, before)
        _settle(scene)
    except ClientError as error:
        if NOTHING_TO_CHANGE not in str(error):
            scene.tell(f"{scene.stack.name} may have another {CHANGED}: deploy it with {before}. {error}")


def _settle(scene: Scene) -> None:
    """Wait until no deployment is under way, also when the run is to end."""
    while not _deployed(scene):
        time.sleep(SETTLE_SECONDS)


def _deploy(scene: Scene, value: str) -> None:
    """Begin to deploy the stack with another value of one parameter."""
    kept = [
        {"ParameterKey": name, "UsePreviousValue": True} for name in scene.stack.parameters if name != CHANGED
    ]
    scene.aws.client("cloudformation").update_stack(
        StackName=scene.stack.name,
        UsePreviousTemplate=True,
        Parameters=[*kept, {"ParameterKey": CHANGED, "ParameterValue": value}],
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
    )


def _deployed(scene: Scene) -> str | None:
    """The stack's status, once its deployment is over."""
    described = scene.aws.client("cloudformation").describe_stacks(StackName=scene.stack.name)
    status = str(described["Stacks"][0]["StackStatus"])
    return None if status.endswith("IN_PROGRESS") else status


def _sluice(scene: Scene, *arguments: str, may_fail: bool = False) -> str:
    """Run a command of `sluice` on the stack; returns what it prints."""
    command: list[Any] = [sys.executable, "-m", "sluice_cli", *arguments, "--stack", scene.stack.name]
    run = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own program
    if run.returncode and not may_fail:
        raise RuntimeError(f"`sluice {arguments[0]}` ended with {run.returncode}: {run.stderr.strip()}")
    return run.stdout
