"""State machines that are deleted while executions of them run.

AWS: a state machine that is deleted is DELETING until its last execution has ended. Until then it starts no
other, and one that runs ends at its next transition: an execution that waits for a task is waited for,
https://docs.aws.amazon.com/step-functions/latest/apireference/API_DeleteStateMachine.html and
https://repost.aws/knowledge-center/step-functions-stuck-deleting-status. So does the deletion of its stack.

MiniStack 1.5.33: forgets the state machine at once, and lets the executions run.

Fixed by forgetting it when its last execution has ended; CloudFormation waits for that on a thread.
"""

import functools
import threading
from typing import Any

from sluice_local.engine import ministack
from sluice_local.engine.ministack import Private

TYPE = "AWS::StepFunctions::StateMachine"
_STEP_FUNCTIONS = "services.stepfunctions"
_CLOUDFORMATION = "services.cloudformation"
_DELETING = "DELETING"

Request = dict[str, Any]
Execution = dict[str, Any]


def install() -> None:
    """Let state machines be DELETING for as long as executions of them run."""
    deletions = _Deletions(ministack.private(f"{_STEP_FUNCTIONS}._delete_state_machine"))
    ministack.replace(f"{_STEP_FUNCTIONS}._delete_state_machine", deletions.begin)
    ministack.wrap(f"{_STEP_FUNCTIONS}._start_execution", _refusing)
    ministack.wrap(f"{_STEP_FUNCTIONS}._emit_execution_status_event", functools.partial(_looking, deletions))
    handlers = ministack.private(f"{_CLOUDFORMATION}.provisioners._RESOURCE_HANDLERS")
    handlers[TYPE] = {**handlers[TYPE], "delete": deletions.delete_and_wait}
    ministack.wrap(f"{_CLOUDFORMATION}.stacks._runs_on_worker_thread", _or_a_state_machine)


class _Deletions:
    """The state machines that are being deleted; callable from any thread."""

    def __init__(self, forget: Private) -> None:
        self._forget = forget
        self._lock = threading.Lock()
        self._gone: dict[str, threading.Event] = {}

    def begin(self, request: Request) -> Private:
        """Begin to delete a state machine; as on AWS it is no error if there is none."""
        machine = _machine(str(request.get("stateMachineArn")))
        if machine is not None:
            machine["status"] = _DELETING
            self.look(machine["stateMachineArn"])
        return ministack.private("core.responses.json_response")({})

    def look(self, arn: str) -> None:
        """Forget a state machine that is DELETING once nothing of it runs."""
        with self._lock:
            machine = _machine(arn)
            if machine is None or machine["status"] != _DELETING or _runs(arn):
                return
            self._forget({"stateMachineArn": arn})
            self._gone.pop(arn, threading.Event()).set()

    def delete_and_wait(self, arn: str, _properties: object) -> None:
        """Delete a state machine and return when it is gone."""
        with self._lock:
            gone = self._gone.setdefault(arn, threading.Event())
        self.begin({"stateMachineArn": arn})
        if _machine(arn) is not None:
            gone.wait()


def _machine(arn: str) -> dict[str, Any] | None:
    found: dict[str, Any] | None = ministack.private(f"{_STEP_FUNCTIONS}._state_machines").get(arn)
    return found


def _runs(arn: str) -> bool:
    executions = list(ministack.private(f"{_STEP_FUNCTIONS}._executions").values())
    return any(each["stateMachineArn"] == arn and each["status"] == "RUNNING" for each in executions)


def _refusing(start_execution: Private) -> Private:
    @functools.wraps(start_execution)
    def start(request: Request) -> Private:
        resolve = ministack.private(f"{_STEP_FUNCTIONS}._resolve_state_machine_arn")
        machine = _machine(str(resolve(request.get("stateMachineArn"))))
        if machine is None or machine["status"] != _DELETING:
            return start_execution(request)
        said = f"State machine is being deleted: '{machine['stateMachineArn']}'"
        return ministack.private("core.responses.error_response_json")("StateMachineDeleting", said, 400)

    return start


def end_if_deleting(execution: Execution) -> None:
    """End an execution that is about to enter a state, if its state machine is being deleted.

    Raises:
        MiniStack's _ExecutionError: it is.
    """
    machine = _machine(execution["stateMachineArn"])
    if machine is not None and machine["status"] == _DELETING:
        error = ministack.private(f"{_STEP_FUNCTIONS}._ExecutionError")
        raise error("States.Runtime", f"State machine {machine['name']} has been deleted.")


def _looking(deletions: _Deletions, emit: Private) -> Private:
    @functools.wraps(emit)
    def emit_and_look(execution: Execution, *more: Any, **keywords: Any) -> None:
        emit(execution, *more, **keywords)
        deletions.look(execution["stateMachineArn"])

    return emit_and_look


def _or_a_state_machine(runs_on_worker_thread: Private) -> Private:
    @functools.wraps(runs_on_worker_thread)
    def runs(resource_type: str) -> bool:
        return resource_type == TYPE or bool(runs_on_worker_thread(resource_type))

    return runs
