"""Faults of the events that Batch and Step Functions send: dropped, doubled, late, out of order.

AWS: Batch's events are delivered at least once and in no promised order, those of Step Functions on a best
effort, https://docs.aws.amazon.com/eventbridge/latest/ref/events-ref-batch.html and
https://docs.aws.amazon.com/eventbridge/latest/ref/events-ref-states.html.

MiniStack 1.5.33 delivers each event once, in order, while its sender waits.
"""

import contextvars
import functools
import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sluice_local.engine import ministack
from sluice_local.engine.ministack import Private
from sluice_local.faults.in_force import FaultsInForce, Opportunity, matches
from sluice_local.faults.plan import Fault, FaultKind

_KINDS = frozenset(
    {
        FaultKind.EVENT_DROPPED,
        FaultKind.EVENT_DOUBLED,
        FaultKind.EVENT_DELAYED,
        FaultKind.EVENT_REORDERED,
    }
)
_REORDERED_SECONDS = 1.0

Put = Callable[[], Any]


def install(faults: FaultsInForce) -> None:
    """Let events be lost on their way; to be installed before what sends them."""
    bus = FaultyBus(faults)
    faults.on_heal(bus.release_all)
    ministack.wrap("services.eventbridge._put_events", functools.partial(_faulty, bus))


def _faulty(bus: "FaultyBus", put_events: Private) -> Private:
    @functools.wraps(put_events)
    def put(request: Mapping[str, Any], *, allow_aws_source: bool = False) -> Private:
        if not (allow_aws_source and bus.faults.active):
            return put_events(request, allow_aws_source=allow_aws_source)
        for entry in request["Entries"]:
            one = {"Entries": [entry]}
            bus.send(opportunity(entry), functools.partial(put_events, one, allow_aws_source=True))
        return ministack.private("core.responses.json_response")({"FailedEntryCount": 0, "Entries": []})

    return put


def opportunity(entry: Mapping[str, Any]) -> Opportunity:
    """Name an event as a fault's target may: by its detail-type, or with its status."""
    detail_type, status = entry["DetailType"], json.loads(entry["Detail"]).get("status")
    subject = f"{status} of {', '.join(entry.get('Resources', []))}"
    return Opportunity((detail_type, f"{detail_type}:{status}"), subject)


@dataclass(eq=False)
class _Held:
    """An event that waits for the next one to overtake it."""

    fault: Fault
    put: Put


@dataclass
class FaultyBus:
    """Sends events to the real bus while faults are in force; safe on any thread."""

    faults: FaultsInForce
    held: list[_Held] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def send(self, event: Opportunity, put: Put) -> None:
        """Put an event on the bus, or let a fault happen to it."""
        if overtaken := self._take_held(event):
            put()
            for each in overtaken:
                each.put()
            return
        fault = self.faults.draw(_KINDS, event)
        if fault is None or fault.kind is FaultKind.EVENT_DOUBLED:
            put()
        if fault is not None:
            self._send_later(fault, put)

    def release_all(self) -> None:
        """Send at once what waits to be overtaken."""
        with self.lock:
            held, self.held = self.held, []
        for each in held:
            each.put()

    def _send_later(self, fault: Fault, put: Put) -> None:
        match fault.kind:
            case FaultKind.EVENT_DELAYED | FaultKind.EVENT_DOUBLED:
                _after(fault.seconds, put)
            case FaultKind.EVENT_REORDERED:
                self._hold(_Held(fault, _in_this_context(put)))

    def _hold(self, held: _Held) -> None:
        with self.lock:
            self.held.append(held)
        _after(held.fault.seconds or _REORDERED_SECONDS, functools.partial(self._give_up, held))

    def _give_up(self, held: _Held) -> None:
        """Send what no other event has overtaken."""
        with self.lock:
            waits = held in self.held
            if waits:
                self.held.remove(held)
        if waits:
            held.put()

    def _take_held(self, event: Opportunity) -> list[_Held]:
        with self.lock:
            overtaken = [each for each in self.held if matches(each.fault, event)]
            self.held = [each for each in self.held if each not in overtaken]
            return overtaken


def _after(seconds: float, put: Put) -> None:
    timer = threading.Timer(seconds, _in_this_context(put))
    timer.daemon = True
    timer.start()


def _in_this_context(put: Put) -> Put:
    """Bind what MiniStack looks up by the account and Region of the present request."""
    return functools.partial(contextvars.copy_context().run, put)
