"""Faults of API calls: refused, answered late or wrongly, not answered, or the last that its function did."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace

from sluice_local.calls import ApiGate
from sluice_local.engine.credentials import caller_name
from sluice_local.engine.faults.workers import CallingWorker, calling_worker
from sluice_local.engine.http.asgi import Message, Receive, Scope, Send
from sluice_local.engine.http.connections import reset_connection
from sluice_local.engine.http.refusals import send_refusal, server_error, throttling
from sluice_local.faults.in_force import FaultsInForce, Opportunity
from sluice_local.faults.plan import Fault, FaultKind

_BEFORE = frozenset({FaultKind.THROTTLED, FaultKind.SERVER_ERROR})
_AFTER = frozenset({FaultKind.ANSWER_LOST, FaultKind.SERVER_ERROR_AFTER_EFFECT, FaultKind.SLOW_ANSWER})
_KILLED_BEFORE = frozenset({FaultKind.FUNCTION_KILLED_BEFORE_CALL})
_KILLED_AFTER = frozenset({FaultKind.FUNCTION_KILLED_AFTER_CALL})


@dataclass(frozen=True)
class Call:
    """One request of an API: its name as in `sluice_local.calls`, its headers, and its ASGI connection."""

    api: str
    headers: Mapping[str, str]
    scope: Scope
    receive: Receive
    send: Send


@dataclass(frozen=True)
class _Answer:
    """What the service answered, kept back."""

    messages: list[Message] = field(default_factory=list)

    async def keep(self, message: Message) -> None:
        self.messages.append(message)

    async def deliver(self, send: Send) -> None:
        for message in self.messages:
            await send(message)

    def tells_of_an_effect(self, api: str) -> bool:
        """Tell whether the call did something: a refused one did not, nor a long poll that found no task."""
        if not self.messages or not 200 <= self.messages[0]["status"] < 300:
            return False
        return api != "States.GetActivityTask" or bool(self._json().get("taskToken"))

    def _json(self) -> Mapping[str, object]:
        body = b"".join(message.get("body", b"") for message in self.messages)
        found: Mapping[str, object] = json.loads(body)
        return found


class FaultyCalls:
    """Serves calls while faults are in force.

    Args:
        faults: the plan.
        gate: counts the calls that are refused here.
        serve: what serves a call otherwise.
    """

    def __init__(
        self, faults: FaultsInForce, gate: ApiGate, serve: Callable[[Call], Awaitable[None]]
    ) -> None:
        self._faults = faults
        self._gate = gate
        self._serve = serve

    async def serve(self, call: Call) -> None:
        """Serve a call, or let a fault happen to it."""
        worker = calling_worker(call.headers)
        opportunity = _opportunity(call)
        before = self._faults.draw(_BEFORE | (_KILLED_BEFORE if worker else set()), opportunity)
        if before is not None:
            await self._refuse(before, call, worker)
            return
        answer = _Answer()
        await self._serve(replace(call, send=answer.keep))
        after = None
        if answer.tells_of_an_effect(call.api):
            after = self._faults.draw(_AFTER | (_KILLED_AFTER if worker else set()), opportunity)
        await _answer(after, answer, call, worker)

    async def _refuse(self, fault: Fault, call: Call, worker: CallingWorker | None) -> None:
        if fault.kind is FaultKind.THROTTLED:
            self._gate.refuse(call.api)
            await send_refusal(call.send, throttling(call.api))
            return
        self._gate.admit(call.api)  # it reached the service, so it counts
        if fault.kind is FaultKind.SERVER_ERROR:
            await send_refusal(call.send, server_error(call.api))
            return
        _kill(worker)


async def _answer(fault: Fault | None, answer: _Answer, call: Call, worker: CallingWorker | None) -> None:
    match fault and fault.kind:
        case FaultKind.FUNCTION_KILLED_AFTER_CALL:
            _kill(worker)
        case FaultKind.ANSWER_LOST:
            reset_connection()
        case FaultKind.SERVER_ERROR_AFTER_EFFECT:
            await send_refusal(call.send, server_error(call.api))
        case _:
            await asyncio.sleep(fault.seconds if fault else 0)
            await answer.deliver(call.send)


def _kill(worker: CallingWorker | None) -> None:
    if worker is not None:
        worker.kill()
    reset_connection()


def _opportunity(call: Call) -> Opportunity:
    caller = caller_name(call.headers)
    subject = f"{call.api} by {caller}" if caller else call.api
    return Opportunity((call.api,), subject, caller)
