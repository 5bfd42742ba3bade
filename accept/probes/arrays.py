"""Arrays that Sluice makes of tasks: whose events are those of the children, and what ends one of them."""

from contextlib import suppress
from typing import Any, Final

from accept.events import ENDED, Event
from accept.judging import STOPPED
from accept.scene import Facts, Scene

EACH: Final = 3
"""Tasks of each kind: few enough for one array, and one instance."""
SCRIPTS: Final = {"fails": "exit 3", "isStopped": "sleep 900", "lasts": "sleep 30"}
TAKEN_SECONDS: Final = 8
"""For so long no slot of the rate is left, so that tasks wait, and share an array."""


def shared(scene: Scene) -> Facts:
    """Tasks that wait and say what they vary in: one kind fails, one is stopped, one goes on to its end."""
    if scene.stack.instances_queue is None:
        return {"refused": "none of the stack's queues runs on EC2"}
    scene.run(scene.job("awake"))  # so that a poller takes tasks at once
    _take_slots(scene)
    started = {kind: [scene.start_shared(script) for _ in range(EACH)] for kind, script in SCRIPTS.items()}
    failed = [scene.end_of(arn) for arn in started["fails"]]
    for arn in started["isStopped"]:
        scene.aws.client("stepfunctions").stop_execution(executionArn=arn)
    lasting_then = sum(_is_running(scene, arn) for arn in started["lasts"])
    lasted = [scene.end_of(arn) for arn in started["lasts"]]
    ends = scene.clock.until(lambda: _all_ends(scene), "events of the ends of shared jobs")
    children = [event for event in ends if ":" in event.detail["jobId"]]
    return {
        "tasks": EACH * len(SCRIPTS),
        "children": len(children),
        "failed": [_exit_code(each) for each in failed],
        "stoppedAlone": sum(event.detail.get("statusReason") == STOPPED for event in children),
        "lastingMeanwhile": lasting_then,
        "lasted": [each["status"] for each in lasted],
        "withParameters": sum("taskArray" in event.detail.get("parameters", {}) for event in children),
        "withIndex": sum(_has_its_index(event.detail) for event in children),
    }


def _take_slots(scene: Scene) -> None:
    """Takes the slots of the next seconds, as whoever else submits jobs would."""
    later_us = round((scene.clock.now() + TAKEN_SECONDS) * 1_000_000)
    dynamodb = scene.aws.client("dynamodb")
    with suppress(dynamodb.exceptions.ConditionalCheckFailedException):  # others have taken more
        dynamodb.update_item(
            TableName=scene.stack.outputs["RateTableName"],
            Key={"name": {"S": "SubmitJob"}},
            UpdateExpression="SET arrivalUs = :later",
            ConditionExpression="arrivalUs < :later",
            ExpressionAttributeValues={":later": {"N": str(later_us)}},
        )


def _is_running(scene: Scene, execution_arn: str) -> bool:
    described = scene.aws.client("stepfunctions").describe_execution(executionArn=execution_arn)
    return bool(described["status"] == "RUNNING")


def _all_ends(scene: Scene) -> list[Event] | None:
    """The ends of all of these jobs, but for those of arrays; None before the last has come."""
    ends = {
        event.detail["jobId"]: event
        for event in scene.events.all()
        if event.detail["jobQueue"] == scene.stack.instances_queue
        and event.status in ENDED
        and not _is_parent(event.detail)
    }
    return list(ends.values()) if len(ends) == EACH * len(SCRIPTS) else None


def _is_parent(detail: dict[str, Any]) -> bool:
    return "size" in (detail.get("arrayProperties") or {})


def _has_its_index(detail: dict[str, Any]) -> bool:
    index = (detail.get("arrayProperties") or {}).get("index")
    return str(detail["jobId"]).endswith(f":{index}")


def _exit_code(ended: dict[str, Any]) -> object:
    """The exit code in the cause of a task that failed, or how else it ended."""
    cause = ended["cause"]
    return cause.get("exitCode") if isinstance(cause, dict) else ended["status"]
