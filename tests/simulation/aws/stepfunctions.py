"""A model of Step Functions: executions whose names stay used, and an Activity with tokens and heartbeats.

Each rule stands beside its page:

* A name is refused for 90 days unless the execution runs with the same input:
  https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
* GetActivityTask holds for 60 s; whoever dies meanwhile may still be handed a task:
  https://docs.aws.amazon.com/step-functions/latest/apireference/API_GetActivityTask.html
* A token that is dropped on its way blocks polls behind it until they end; how many is not said, 50 here:
  https://docs.aws.amazon.com/step-functions/latest/dg/bp-activity-pollers.html
* HeartbeatSeconds count from the hand-out on, TimeoutSeconds from the scheduling:
  https://docs.aws.amazon.com/step-functions/latest/dg/state-task.html
* A token that is done, or of an execution that has ended, is answered TaskTimedOut or TaskDoesNotExist:
  https://docs.aws.amazon.com/step-functions/latest/apireference/API_SendTaskSuccess.html
* A redriven execution goes on under its ARN from the state that failed:
  https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html
* A token makes a redrive once within 15 minutes; what runs or succeeded is refused:
  https://docs.aws.amazon.com/step-functions/latest/apireference/API_RedriveExecution.html
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Protocol

from greenlet import getcurrent

from sluice.tasks.model import task_key
from tests.simulation.aws.errors import Refusal
from tests.simulation.kernel.world import MICROSECONDS, Actor, World

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

METRICS_LATE_SECONDS: Final = 120
POLL_SECONDS: Final = 60
RUNNING: Final = "RUNNING"
BLOCKED_POLLS: Final = 50
DROPPED: Final = 0.01
TOKEN_SECONDS: Final = 15 * 60
"""How long a redrive's token is known."""
SWALLOWED_SECONDS: Final = 60
"""How long a dead poller's connection may still be handed a task."""


class Driver(Protocol):
    """What the executions of a state machine do."""

    def begin(self, execution: Execution) -> None:
        """Begins an execution, or goes on with one that was redriven."""

    def ended(self, execution: Execution) -> None:
        """Hears that an execution has ended, however that came."""


@dataclass(eq=False)
class Execution:
    """An execution; times are microseconds since the epoch."""

    arn: str
    name: str
    machine: str
    input: str
    started: int
    status: str = RUNNING
    stopped: int | None = None
    error: str | None = None
    memory: dict[str, Any] = field(default_factory=dict)
    past_ends: list[int] = field(default_factory=list)

    @property
    def running(self) -> bool:
        return self.status == RUNNING


@dataclass(eq=False)
class ActivityTask:
    """A task of an Activity under its token."""

    token: str
    execution: Execution
    state: str
    input: str
    heartbeat: float
    timeout: float | None
    scheduled: int
    done: Callable[[str | None, str], None]
    number: int = 0
    handed: int | None = None
    beaten: int = 0
    over: int | None = None
    how: str = ""


class StepFunctions:
    """The service. `emit` hands an event to EventBridge."""

    def __init__(self, world: World, emit: Callable[[Mapping[str, Any]], None]) -> None:
        self.world, self._emit = world, emit
        self.drivers: dict[str, Driver] = {}
        self.executions: dict[str, Execution] = {}
        self.tasks: dict[str, ActivityTask] = {}
        self._queue: deque[ActivityTask] = deque()
        self.by_key: dict[str, ActivityTask] = {}
        self._scheduled: list[int] = []
        self._pollers: deque[tuple[Actor, int]] = deque()
        self._blocked: set[tuple[Actor, int]] = set()
        self._redrives: dict[tuple[str, str | None], int] = {}
        self.on_outcome: list[Callable[[ActivityTask, str | None, str], None]] = []

    # ------------------------------------------------------------------ executions
    def describe_state_machine(self, _: Mapping[str, Any]) -> dict[str, Any]:
        return {"type": "STANDARD"}

    def start_execution(self, request: Mapping[str, Any]) -> dict[str, Any]:
        arn = _execution_arn(request["stateMachineArn"], request["name"])
        known = self.executions.get(arn)
        if known is not None:
            if known.running and known.input == request.get("input", "{}"):
                return {"executionArn": arn}
            raise Refusal("ExecutionAlreadyExists", f"Execution Already Exists: '{arn}'")
        self.start(request["stateMachineArn"], request["name"], request.get("input", "{}"))
        return {"executionArn": arn}

    def start(self, machine: str, name: str, text: str) -> Execution:
        """Starts an execution of a name that is new."""
        arn = _execution_arn(machine, name)
        execution = Execution(arn, name, machine, text, self.world.now)
        self.executions[arn] = execution
        self.world.say(f"execution {name} starts")
        self._tell(execution)
        self.world.after(0.01, self._begin, execution)
        return execution

    def describe_execution(self, request: Mapping[str, Any]) -> dict[str, Any]:
        execution = self._execution(request["executionArn"])
        said: dict[str, Any] = {
            "executionArn": execution.arn,
            "name": execution.name,
            "status": execution.status,
            "startDate": _date(execution.started),
        }
        if execution.stopped is not None:
            said["stopDate"] = _date(execution.stopped)
        return said | ({"error": execution.error} if execution.error else {})

    def stop_execution(self, request: Mapping[str, Any]) -> dict[str, Any]:
        execution = self._execution(request["executionArn"])
        self.end(execution, "ABORTED", request.get("error"))
        return {"stopDate": _date(execution.stopped or self.world.now)}

    def redrive_execution(self, request: Mapping[str, Any]) -> dict[str, Any]:
        execution = self._execution(request["executionArn"])
        token = (execution.arn, request.get("clientToken"))
        used = self._redrives.get(token)
        if used is None or self.world.now - used >= TOKEN_SECONDS * MICROSECONDS:
            if execution.running or execution.status == "SUCCEEDED":
                raise Refusal("ExecutionNotRedrivable", f"Execution is {execution.status}")
            self._redrives[token] = self.world.now
            self.redrive(execution)
        return {"redriveDate": _date(self._redrives[token])}

    def get_execution_history(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """The last event of an execution that has ended, which is all that anybody here reads."""
        execution = self._execution(request["executionArn"])
        return {"events": [{"id": 10, "type": f"Execution{execution.status.title()}"}]}

    def redrive(self, execution: Execution) -> None:
        """Lets an execution that ended without success go on."""
        if execution.running or execution.status == "SUCCEEDED":
            return
        execution.past_ends.append(execution.stopped or 0)
        execution.status, execution.stopped, execution.error = RUNNING, None, None
        self.world.say(f"execution {execution.name} is redriven")
        self._tell(execution)
        self.world.after(0.01, self._begin, execution)

    def end(self, execution: Execution, status: str, error: str | None = None) -> None:
        """Ends an execution; one that has ended stays as it is."""
        if not execution.running:
            return
        execution.status, execution.stopped, execution.error = status, self.world.now, error
        self.world.say(f"execution {execution.name} ends: {status} {error or ''}")
        self.drivers[execution.machine].ended(execution)
        self._tell(execution)

    def _begin(self, execution: Execution) -> None:
        if execution.running:
            self.drivers[execution.machine].begin(execution)

    def _execution(self, arn: str) -> Execution:
        if arn not in self.executions:
            raise Refusal("ExecutionDoesNotExist", f"Execution Does Not Exist: '{arn}'")
        return self.executions[arn]

    def _tell(self, execution: Execution) -> None:
        detail = {
            "executionArn": execution.arn,
            "stateMachineArn": execution.machine,
            "name": execution.name,
            "status": execution.status,
            "startDate": execution.started // 1000,
            "stopDate": None if execution.stopped is None else execution.stopped // 1000,
            "error": execution.error,
        }
        kind = "Step Functions Execution Status Change"
        self._emit({"source": "aws.states", "detail-type": kind, "detail": detail})

    # ------------------------------------------------------------------ the Activity
    def get_metric_data(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """CloudWatch's count of the tasks that came, of which the last two minutes are not known yet."""
        begin, end = (round(request[name].timestamp() * MICROSECONDS) for name in ("StartTime", "EndTime"))
        known = min(end, self.world.now - METRICS_LATE_SECONDS * MICROSECONDS)
        came = sum(begin <= at < known for at in self._scheduled)
        return {"MetricDataResults": [{"Id": "came", "Values": [float(came)] if came else []}]}

    def task_of(self, request: Mapping[str, Any]) -> ActivityTask:
        """The task that a SubmitJob is for."""
        return self.by_key[request["parameters"]["taskKey"]]

    def schedule(self, task: ActivityTask) -> None:
        """Queues a task."""
        self._scheduled.append(self.world.now)
        self.tasks[task.token] = self.by_key[task_key(task.token)] = task
        self.world.say(f"task {task.token} of {task.execution.name} is scheduled")
        self._queue.append(task)
        if task.timeout is not None:
            self.world.after(task.timeout, self._time_out, task)
        self._hand_out()

    def get_activity_task(self, _: Mapping[str, Any]) -> dict[str, Any]:
        actor = getcurrent()
        if not isinstance(actor, Actor):  # a request that arrives after its sender stopped listening
            return {}
        entry = (actor, self.world.now + POLL_SECONDS * MICROSECONDS)
        self._pollers.append(entry)
        self.world.after(POLL_SECONDS, self._poll_over, entry)
        self._hand_out()
        task: ActivityTask | None = self.world.park()
        return {} if task is None else {"taskToken": task.token, "input": task.input}

    def block_polls(self) -> None:
        """Keeps tasks from the polls that have been open for longest, until they end."""
        self._blocked.update(list(self._pollers)[:BLOCKED_POLLS])
        self.world.say(f"{len(self._blocked)} of {len(self._pollers)} polls are blocked")

    def send_task_success(self, request: Mapping[str, Any]) -> dict[str, Any]:
        self._complete(request["taskToken"], None, request["output"])
        return {}

    def send_task_failure(self, request: Mapping[str, Any]) -> dict[str, Any]:
        self._complete(request["taskToken"], request.get("error", ""), request.get("cause", ""))
        return {}

    def send_task_heartbeat(self, request: Mapping[str, Any]) -> dict[str, Any]:
        self._living(request["taskToken"]).beaten = self.world.now
        return {}

    def abandon(self, task: ActivityTask, how: str) -> None:
        """Ends a task whose execution does not wait for it any more."""
        if task.over is None:
            task.over, task.how = self.world.now, how

    def _complete(self, token: str, error: str | None, text: str) -> None:
        task = self._living(token)
        for hear in self.on_outcome:
            hear(task, error, text)
        self._finish(task, error, text, "told")

    def _living(self, token: str) -> ActivityTask:
        task = self.tasks.get(token)
        if task is None:
            raise Refusal("InvalidToken", "Invalid token")
        if task.over is not None:
            raise Refusal("TaskTimedOut", "Task Timed Out: 'Provided task does not exist anymore'")
        return task

    def _finish(self, task: ActivityTask, error: str | None, text: str, how: str) -> None:
        task.over, task.how = self.world.now, how
        self.world.say(f"task {task.token} is over: {how} {error or ''}")
        task.done(error, text)

    def _hand_out(self) -> None:
        free = deque(each for each in self._pollers if each not in self._blocked) if self._queue else deque()
        while self._queue and free:
            task = self._queue[0]
            if task.over is not None:
                self._queue.popleft()
                continue
            entry = free.popleft()
            self._pollers.remove(entry)
            actor, _ = entry
            if not self._is_reached(actor):
                continue
            self._queue.popleft()
            task.handed = task.beaten = self.world.now
            self.world.after(task.heartbeat, self._beat_missed, task)
            self.world.say(f"task {task.token} is handed to {actor.process.name}")
            self.world.at(self.world.now, self.world.resume, actor, task)
            draw = self.world.chance.draw("token")
            if self.world.chance.happens(draw, DROPPED, "a token is dropped beside this one"):
                self.block_polls()
                return

    def _is_reached(self, actor: Actor) -> bool:
        """A dead poller's connection may live a while longer, and takes a task along."""
        if not actor.process.dead:
            return True
        young = self.world.now - actor.process.died_at < SWALLOWED_SECONDS * MICROSECONDS
        draw = self.world.chance.draw("poll-of-the-dead")
        return young and self.world.chance.happens(draw, 0.3, "a dead poller is handed a task")

    def _poll_over(self, entry: tuple[Actor, int]) -> None:
        self._blocked.discard(entry)
        if entry in self._pollers:
            self._pollers.remove(entry)
            self.world.resume(entry[0], None)

    def _beat_missed(self, task: ActivityTask) -> None:
        if task.over is not None:
            return
        left = task.beaten + round(task.heartbeat * MICROSECONDS) - self.world.now
        if left > 0:
            self.world.after(left / MICROSECONDS, self._beat_missed, task)
        else:
            self._finish(task, "States.HeartbeatTimeout", "", "heartbeat")

    def _time_out(self, task: ActivityTask) -> None:
        if task.over is None:
            self._finish(task, "States.Timeout", "", "timeout")


def _execution_arn(machine: str, name: str) -> str:
    return machine.replace(":stateMachine:", ":execution:") + f":{name}"


def _date(at: int) -> datetime:
    return datetime.fromtimestamp(at / MICROSECONDS, UTC)
