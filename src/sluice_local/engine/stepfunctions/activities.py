"""Activities as AWS has them.

AWS: a token is handed out exactly once; `TimeoutSeconds` and `HeartbeatSeconds` count from ActivityStarted;
when one is over the state fails with States.Timeout or States.HeartbeatTimeout; the tokens of an execution
that has ended are dead, and SendTask* answers TaskTimedOut for a dead one; history has Activity* events.
Sources: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-activities.html,
https://docs.aws.amazon.com/step-functions/latest/apireference/API_SendTaskSuccess.html and
https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html.

MiniStack 1.5.33: ignores both limits, keeps a stopped execution's tokens alive, looks for tasks every half
second in a loop a poller, loses a task whose poller has gone, records activities as Task* events, and
refuses to create an activity that exists.

Fixed by an `ActivityBroker` on the server's event loop in place of MiniStack's lists.
"""

import base64
import contextlib
import functools
import json
import secrets
import time
from collections.abc import Callable
from typing import Any

from sluice_local.alarms import service_metrics
from sluice_local.engine import ministack
from sluice_local.engine.context import Engine
from sluice_local.engine.ministack import Private
from sluice_local.engine.monitoring.service_metrics import record as record_metrics
from sluice_local.engine.stepfunctions.activity_broker import (
    ActivityBroker,
    ActivityFailedError,
    ActivityTask,
    ExecutionEndedError,
    PollerLimitError,
    TaskEndedError,
    UnknownTaskError,
)
from sluice_local.engine.stepfunctions.running.history import record
from sluice_local.engine.stepfunctions.task_frame import TaskFrame, current_frame
from sluice_local.faults.in_force import Opportunity
from sluice_local.faults.plan import FaultKind

# AWS's tokens are base64 of some 300 bytes: whoever keeps one must cope with that, and with "/" and "+".
_TOKEN_BYTES = 306
# https://docs.aws.amazon.com/step-functions/latest/apireference/API_SendTaskFailure.html
_LENGTH_LIMITS = {"output": 262_144, "error": 256, "cause": 32_768, "taskToken": 2_048}

_POLL_FAULTS = frozenset({FaultKind.POLLS_BLOCKED})

Request = dict[str, Any]


def install(engine: Engine) -> ActivityBroker:
    """Put the broker in place and return it, so that an execution's end can close its tasks."""
    executions = ministack.private("services.stepfunctions._executions")
    broker = ActivityBroker(
        engine.loop,
        poll_seconds=engine.settings.activity_poll_seconds,
        is_running=lambda arn: executions.get(arn, {}).get("status") == "RUNNING",
    )
    ministack.replace("services.stepfunctions._invoke_activity", _invoke_activity(engine, broker))
    ministack.replace("services.stepfunctions._get_activity_task", _get_activity_task(engine, broker))
    for path, answer in _completions(broker).items():
        ministack.wrap(path, functools.partial(_answer_for_activities, answer))
    ministack.wrap("services.stepfunctions._error_matches", _timeouts_alike)
    ministack.wrap("services.stepfunctions._create_activity", _idempotent)
    return broker


def _invoke_activity(engine: Engine, broker: ActivityBroker) -> Callable[[str, Any], Any]:
    def invoke_activity(resource: str, task_input: Any) -> Any:
        frame = current_frame()
        if resource not in ministack.private("services.stepfunctions._activities"):
            raise _failure("States.Runtime", f"The activity {resource} does not exist.")
        task = _new_task(resource, json.dumps(task_input), frame)
        record(frame.branch, "ActivityScheduled", _scheduled(task))
        record_metrics([service_metrics.activities_scheduled(resource, time.time())])
        engine.loop.call_soon_threadsafe(broker.schedule, task)

        def end() -> None:
            engine.loop.call_soon_threadsafe(broker.end_task, task)

        with frame.branch.when_stopped(end):
            return json.loads(_await_outcome(task, frame))

    return invoke_activity


def _new_task(resource: str, task_input: str, frame: TaskFrame) -> ActivityTask:
    return ActivityTask(
        token=base64.b64encode(secrets.token_bytes(_TOKEN_BYTES)).decode(),
        activity_arn=resource,
        execution_arn=frame.execution["executionArn"],
        input=task_input,
        timeout_seconds=frame.seconds("TimeoutSeconds"),
        heartbeat_seconds=frame.seconds("HeartbeatSeconds"),
        on_start=_starting(resource, frame),
    )


def _starting(resource: str, frame: TaskFrame) -> Callable[[str | None], None]:
    scheduled_at = time.time()

    def start(worker: str | None) -> None:
        with contextlib.suppress(ExecutionEndedError):  # the token is dead, and its poller will hear so
            record(frame.branch, "ActivityStarted", {"workerName": worker})
        now = time.time()
        waited = service_metrics.activity_waited(resource, now, now - scheduled_at)
        record_metrics([service_metrics.activities_started(resource, now), waited])

    return start


def _scheduled(task: ActivityTask) -> dict[str, Any]:
    limits = {"timeoutInSeconds": task.timeout_seconds, "heartbeatInSeconds": task.heartbeat_seconds}
    given = {name: int(seconds) for name, seconds in limits.items() if seconds is not None}
    return {"resource": task.activity_arn, "input": task.input, **given}


def _await_outcome(task: ActivityTask, frame: TaskFrame) -> str:
    """Block the execution's thread until the task is over; return its output."""
    try:
        output = task.outcome.result()
    except ActivityFailedError as failure:
        event = "ActivityTimedOut" if failure.timed_out else "ActivityFailed"
        record(frame.branch, event, {"error": failure.error, "cause": failure.cause})
        raise _failure(failure.error, failure.cause) from failure
    record(frame.branch, "ActivitySucceeded", {"output": output})
    return output


def _failure(error: str, cause: str) -> Exception:
    failure: Exception = ministack.private("services.stepfunctions._ExecutionError")(error, cause)
    return failure


def _get_activity_task(engine: Engine, broker: ActivityBroker) -> Private:
    async def get_activity_task(request: Request) -> Private:
        arn = request.get("activityArn", "")
        if arn not in ministack.private("services.stepfunctions._activities"):
            return _refusal("ActivityDoesNotExist", f"Activity Does Not Exist: '{arn}'")
        try:
            name = arn.rsplit(":", 1)[1]
            struck = engine.faults.draw(_POLL_FAULTS, Opportunity((name,), f"a poll of {name}"))
            task = await broker.poll(arn, request.get("workerName"), blocked=struck is not None)
        except PollerLimitError:
            return _refusal("ActivityWorkerLimitExceeded", f"Too many open polls of '{arn}'")
        if task is None:
            return ministack.private("core.responses.json_response")({"taskToken": None, "input": None})
        return ministack.private("core.responses.json_response")(
            {"taskToken": task.token, "input": task.input}
        )

    return get_activity_task


def _completions(broker: ActivityBroker) -> dict[str, Callable[[Request], None]]:
    def succeed(request: Request) -> None:
        broker.succeed(request["taskToken"], request["output"])

    def fail(request: Request) -> None:
        broker.fail(request["taskToken"], request.get("error", ""), request.get("cause", ""))

    def heartbeat(request: Request) -> None:
        broker.heartbeat(request["taskToken"])

    return {
        "services.stepfunctions._send_task_success": succeed,
        "services.stepfunctions._send_task_failure": fail,
        "services.stepfunctions._send_task_heartbeat": heartbeat,
    }


def _answer_for_activities(complete: Callable[[Request], None], stock_answer: Private) -> Private:
    """Answer for activities' tokens; a `.waitForTaskToken` token is MiniStack's own."""

    @functools.wraps(stock_answer)
    def answer(request: Request) -> Private:
        if request.get("taskToken") in ministack.private("services.stepfunctions._task_tokens"):
            return stock_answer(request)
        if refusal := _invalid(request):
            return refusal
        try:
            complete(request)
        except TaskEndedError:
            return _refusal("TaskTimedOut", "Task Timed Out: 'Provided task does not exist anymore'")
        except UnknownTaskError:
            return _refusal("TaskDoesNotExist", "Task does not exist")
        return ministack.private("core.responses.json_response")({})

    return answer


def _invalid(request: Request) -> Private:
    for name, limit in _LENGTH_LIMITS.items():
        if len(request.get(name) or "") > limit:
            return _refusal("ValidationException", f"'{name}' must have length less than or equal to {limit}")
    try:
        json.loads(request.get("output", "{}"))
    except ValueError as error:
        return _refusal("InvalidOutput", f"Invalid Output: {error}")
    return None


def _refusal(code: str, message: str) -> Private:
    return ministack.private("core.responses.error_response_json")(code, message, 400)


def _timeouts_alike(error_matches: Private) -> Private:
    """States.Timeout matches a missed heartbeat too, and States.TaskFailed matches neither."""

    @functools.wraps(error_matches)
    def matches(error_equals: list[str], error: str) -> bool:
        return bool(
            error_matches(error_equals, "States.Timeout" if error == "States.HeartbeatTimeout" else error)
            or error in error_equals
        )

    return matches


def _idempotent(create_activity: Private) -> Private:
    """CreateActivity of a name that exists answers with the one that exists."""

    @functools.wraps(create_activity)
    def create(request: Request) -> Private:
        activities = ministack.private("services.stepfunctions._activities")
        for arn, activity in activities.items():
            if activity["name"] == request.get("name"):
                return ministack.private("core.responses.json_response")(
                    {"activityArn": arn, "creationDate": activity["creationDate"]}
                )
        return create_activity(request)

    return create
