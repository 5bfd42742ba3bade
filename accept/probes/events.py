"""What Batch says by itself: of arrays, of several containers, how soon."""

import statistics
from typing import Any, Final

from botocore.exceptions import ClientError

from accept.aws import code_of
from accept.events import ENDED
from accept.scene import Facts, Scene

CHILDREN: Final = 4
BAD_CHILD: Final = 2


def array(scene: Scene) -> Facts:
    """An array of which one child fails: which events come, in which order, with which fields?"""
    script = f'test "$AWS_BATCH_JOB_ARRAY_INDEX" != {BAD_CHILD}'
    job_id = scene.submit("array", script=script, arrayProperties={"size": CHILDREN})
    parent = scene.events.ended(job_id)
    children = {f"{job_id}:{index}" for index in range(CHILDREN)}
    for child in sorted(children):
        scene.events.ended(child)
    events = [event for event in scene.events.all() if event.detail["jobId"] in {job_id, *children}]
    of_children = [event for event in events if event.detail["jobId"] in children]
    last_child = max(event.arrived_ms for event in of_children if event.status in ENDED)
    return {
        "parentStatus": parent.status,
        "parentReason": parent.detail.get("statusReason"),
        "childrenEnded": sum(event.status in ENDED for event in of_children),
        "childrenFailed": sum(event.status == "FAILED" for event in of_children),
        "parentEndsAfterLastChild": parent.arrived_ms >= last_child,
        "parentFields": sorted(parent.detail),
        "parentArray": parent.detail.get("arrayProperties"),
        "childFields": sorted(of_children[0].detail),
        "childArray": of_children[0].detail.get("arrayProperties"),
        "order": [
            f"{event.detail['jobId'].partition(':')[2] or 'parent'} {event.status}" for event in events
        ],
    }


def array_task(scene: Scene) -> Facts:
    """The same array as a job of a task."""
    script = f'test "$AWS_BATCH_JOB_ARRAY_INDEX" != {BAD_CHILD}'
    ended = scene.run(scene.job("array", script, arrayProperties={"size": CHILDREN}))
    return {"status": ended["status"], "error": ended.get("error")}


def several_containers(scene: Scene) -> Facts:
    """Two containers in one job: what says which of them ended it?"""
    try:
        job_id = scene.submit("pair", definition="pair")
    except ClientError as error:
        return {"refused": str(error), "code": code_of(error)}
    detail = scene.events.ended(job_id).detail
    containers = _containers(detail)
    return {
        "status": detail["status"],
        "reason": detail.get("statusReason"),
        "exitCodes": {each.get("name"): each.get("exitCode") for each in containers},
        "fields": sorted(detail),
    }


def _containers(detail: dict[str, Any]) -> list[dict[str, Any]]:
    tasks = detail.get("ecsProperties", {}).get("taskProperties", [])
    return [each for task in tasks for each in task.get("containers", [])]


def delays(scene: Scene) -> Facts:
    """How long after a job's end its event comes, of all jobs of the run so far."""
    found = [event.delay_ms for event in scene.events.all() if event.delay_ms is not None]
    if len(found) < 2:
        return {"events": len(found), "p50Ms": None, "p99Ms": None, "mostMs": None}
    hundredths = statistics.quantiles(found, n=100, method="inclusive")
    return {
        "events": len(found),
        "p50Ms": round(hundredths[49]),
        "p99Ms": round(hundredths[98]),
        "mostMs": max(found),
    }
