"""What stands in the place of a botocore client: its methods, errors, repetitions, troubles.

Every call is a point at which another actor may run, and at which something bad may happen to the call or to
the process that makes it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from functools import lru_cache, partial
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError, ReadTimeoutError

from tests.simulation.aws.errors import Refusal, client_error, exceptions, service_model
from tests.simulation.kernel.world import MICROSECONDS, KilledError, Process, World, current

if TYPE_CHECKING:
    from tests.simulation.kernel.chance import Draw
    from tests.simulation.profiles import Profile

THROTTLES: Final = {
    "dynamodb": ("ThrottlingException", 400),
    "stepfunctions": ("ThrottlingException", 400),
    "batch": ("TooManyRequestsException", 429),
    "cloudwatch": ("Throttling", 400),
    "s3": ("SlowDown", 503),
    "events": ("ThrottlingException", 400),
}
"""https://docs.aws.amazon.com/batch/latest/APIReference/CommonErrors.html and the other services' pages."""

DENIED: Final = "AccessDeniedException"

RETRIED: Final = frozenset(
    {"ThrottlingException", "TooManyRequestsException", "SlowDown", "ProvisionedThroughputExceededException"}
    | {"TransactionInProgressException", "RequestLimitExceeded", "Throttling"}
)
"""What botocore's standard mode makes again besides 5xx and lost answers:
https://docs.aws.amazon.com/boto3/latest/guide/retries.html"""

LONGEST_BACK_OFF: Final = 20.0
LEGACY_BASE: Final = {"dynamodb": 0.05}
"""What botocore's legacy mode waits first, then doubled; https://github.com/boto/botocore/blob/1.43.0/botocore/data/_retry.json"""

PAGED: Final = {"list_jobs": ("nextToken", "nextToken"), "query": ("LastEvaluatedKey", "ExclusiveStartKey")}

LATENCY: Final = {
    "dynamodb": (0.002, 0.012),
    "stepfunctions": (0.01, 0.06),
    "batch": (0.05, 0.2),
    "cloudwatch": (0.02, 0.1),
    "s3": (0.02, 0.1),
    "events": (0.01, 0.06),
}
"""Seconds of a call that is not slow."""

BETWEEN_CALLS: Final = 0.75
LATER_SECONDS: Final = 10
"""Half of the pauses begin before a call, a quarter after one, the others up to so long after one."""

Handler = Callable[[Mapping[str, Any]], Any]


@dataclass(frozen=True)
class Outage:
    """A time in which an operation gets one answer."""

    operation: str
    begins: int
    ends: int
    code: str
    status: int
    applies: Callable[[Mapping[str, Any]], bool] = lambda _: True
    message: str = "simulated"


@dataclass
class Network:
    """Between the clients and the services: who hears what, when, and what comes back."""

    world: World
    profile: Profile
    outages: list[Outage]
    services: Mapping[str, Mapping[str, Handler]]
    watch: Callable[[str, Mapping[str, Any], Process], None]

    hearers: list[Callable[[Mapping[str, Any], Mapping[str, Any]], None]] = field(default_factory=list)
    """They hear of each answer that a client gets, with the request, in the thread that gets it."""

    def __post_init__(self) -> None:
        self._kinds, self._most = [], 0.0
        for kind in KINDS:
            rate = getattr(self.profile, kind)
            self._kinds.append((self._most, self._most + rate, kind))
            self._most += rate

    def client(self, service: str, process: Process, retries: Mapping[str, Any], patience: float) -> Client:
        """A client of a process."""
        return Client(self, service, process, retries, patience)

    def outage_of(self, operation: str, request: Mapping[str, Any]) -> Outage | None:
        """The outage in which a call is made, if any."""
        now = self.world.now
        for outage in self.outages:
            if (
                outage.operation == operation
                and outage.begins <= now < outage.ends
                and outage.applies(request)
            ):
                return outage
        return None

    def trouble(self, draw: Draw) -> str | None:
        """What the draw for a call says that happens to it, whether or not it was switched off."""
        if draw.place[0] == "SubmitJob" and draw.fate >= 1 - self.profile.torn - self.profile.unanswered:
            return "torn" if draw.fate >= 1 - self.profile.torn else "unclear"
        if draw.fate >= self._most:
            return None
        return next(kind for least, most, kind in self._kinds if least <= draw.fate < most)


class Client:
    """A botocore client of one service."""

    def __init__(
        self, network: Network, service: str, process: Process, retries: Mapping[str, Any], patience: float
    ) -> None:
        self._network, self._service, self._process = network, service, process
        self._tries, self._patience = int(retries["total_max_attempts"]), patience
        self._is_legacy = retries.get("mode") == "legacy"
        self.exceptions = exceptions(service)
        self.meta = SimpleNamespace(service_model=service_model(service))

    def __getattr__(self, method: str) -> Callable[..., Any]:
        if method not in self._network.services[self._service]:
            raise AttributeError(method)
        operation = "".join(part.capitalize() for part in method.split("_"))
        called = partial(self._call, operation, self._network.services[self._service][method])
        setattr(self, method, called)
        return called

    def get_paginator(self, method: str) -> Any:
        """Pages of an operation, each a call."""
        return SimpleNamespace(paginate=partial(self._pages, method))

    def _pages(self, method: str, **request: Any) -> Iterator[Any]:
        answered, asked = PAGED.get(method, ("LastEvaluatedKey", "ExclusiveStartKey"))
        while True:
            page = getattr(self, method)(**request)
            yield page
            if not page.get(answered):
                return
            request[asked] = page[answered]

    def _call(self, operation: str, handler: Handler, **request: Any) -> Any:
        world = self._network.world
        if operation == "TransactWriteItems":  # botocore makes a token that its repetitions share
            request.setdefault("ClientRequestToken", f"token-{world.chance.draw('token').place[1]}")
        for tries in range(1, self._tries + 1):
            try:
                answer = self._try(operation, handler, request)
            except (ClientError, ReadTimeoutError) as error:
                if tries == self._tries or not _is_retried(error):
                    self._hear(request, error.response if isinstance(error, ClientError) else {})
                    raise
            else:
                self._hear(request, answer)
                return answer
            world.sleep(self._back_off(tries))
        raise AssertionError("a client tries once at least")

    def _hear(self, request: Mapping[str, Any], answer: Mapping[str, Any]) -> None:
        for hear in self._network.hearers:
            hear(request, answer)

    def _back_off(self, tries: int) -> float:
        """Seconds before the next try."""
        if self._is_legacy:
            return LEGACY_BASE[self._service] * 2.0 ** (tries - 1)
        return min(LONGEST_BACK_OFF, self._network.world.chance.draw("back-off").fate * 2.0 ** (tries - 1))

    def _try(self, operation: str, handler: Handler, request: Mapping[str, Any]) -> Any:
        world, process = self._network.world, self._process
        if process.dead:
            raise KilledError
        world.calls[operation] += 1
        self._network.watch(operation, request, process)
        draw = world.chance.draw(operation)
        least, most = LATENCY[self._service]
        pace = least + (most - least) * draw.pace
        trouble = self._trouble(operation, draw, request)
        if trouble is not None:
            return self._troubled(trouble, draw, pace, partial(self._answer, operation, handler, request))
        world.sleep(pace / 2)
        answer = self._answer(operation, handler, request)
        world.sleep(pace / 2)
        return answer

    def _answer(self, operation: str, handler: Handler, request: Mapping[str, Any]) -> Any:
        try:
            answer = handler(request)
        except Refusal as refusal:
            self._network.world.say(f"{self._process.name}: {operation} is refused: {refusal.code}")
            raise client_error(self._service, operation, refusal) from None
        world = self._network.world
        if world.trace is not None:
            world.say(f"{self._process.name}: {operation} {_shown(request)}")
        return dated(answer, world)

    def _trouble(self, operation: str, draw: Draw, request: Mapping[str, Any]) -> Any:
        network = self._network
        world = network.world
        outage = network.outage_of(operation, request)
        if outage is not None:
            return client_error(self._service, operation, Refusal(outage.code, outage.message, outage.status))
        kind = network.trouble(draw)
        if kind is None or not world.chance.allowed(draw.place):
            return None
        world.chance.taken.append((draw.place, kind))
        world.say(f"{self._process.name}: {operation} number {draw.place[1]} meets trouble: {kind}")
        if kind == "paused" and draw.side >= BETWEEN_CALLS:
            world.after(draw.pace * LATER_SECONDS, self._freeze, draw)
            return None
        return kind

    def _troubled(self, trouble: Any, draw: Draw, pace: float, answer: Callable[[], Any]) -> Any:
        world, _process, profile = self._network.world, self._process, self._network.profile
        world.sleep(pace / 2)
        if isinstance(trouble, ClientError):
            raise trouble
        if trouble == "throttled":
            code, status = THROTTLES[self._service]
            raise self._error(code, status)
        if trouble == "refused":
            raise self._error("InternalServerError", 500)
        if trouble == "late":
            world.after(draw.size * profile.late_seconds, _ignoring, answer)
            raise self._error("InternalServerError", 500)
        if trouble in ("killed", "paused") and draw.side < 0.5:
            self._strike(trouble, draw)
            return answer()
        result = answer()
        if trouble == "torn":
            self._strike("killed", draw)
        elif trouble in ("killed", "paused"):
            self._strike(trouble, draw)
        elif trouble == "slow":
            self._wait_for(draw.size * draw.size * 30)
        elif draw.side < 0.5:
            raise self._error("InternalServerError", 500)
        else:
            self._wait_for(self._patience + 1 if draw.side < 0.75 else 0, lost=True)
        world.sleep(pace / 2)
        return result

    def _wait_for(self, seconds: float, *, lost: bool = False) -> None:
        self._network.world.sleep(min(seconds, self._patience))
        if lost or seconds >= self._patience:
            raise ReadTimeoutError(endpoint_url=f"https://{self._service}")

    def _strike(self, trouble: str, draw: Draw) -> None:
        world, process = self._network.world, current().process
        if trouble == "killed":
            world.kill(process, "it crashed")
            world.park()
        self._freeze(draw)
        world.sleep(0)

    def _freeze(self, draw: Draw) -> None:
        seconds = draw.size * draw.size * self._network.profile.pause_seconds
        self._network.world.freeze(self._process, seconds)

    def _error(self, code: str, status: int) -> ClientError:
        return client_error(self._service, "simulated", Refusal(code, "simulated", status))


KINDS: Final = ("throttled", "refused", "unclear", "late", "slow", "killed", "paused")


def dated(answer: Mapping[str, Any], world: World) -> dict[str, Any]:
    """The answer with the header that tells AWS's time, as botocore gives it."""
    return {**answer, "ResponseMetadata": {"HTTPHeaders": {"date": _date(world.now // MICROSECONDS)}}}


@lru_cache(maxsize=16)
def _date(seconds: int) -> str:
    return formatdate(seconds, usegmt=True)


def _is_retried(error: ClientError | ReadTimeoutError) -> bool:
    if isinstance(error, ReadTimeoutError):
        return True
    status = error.response["ResponseMetadata"]["HTTPStatusCode"]
    return status >= 500 or error.response["Error"]["Code"] in RETRIED


def _ignoring(answer: Callable[[], Any]) -> None:
    with contextlib.suppress(ClientError):
        answer()


SHOWN: Final = ("jobName", "jobId", "taskToken", "name", "executionArn", "TableName", "error")
"""The fields of requests that a trace shows."""


def _shown(request: Mapping[str, Any]) -> str:
    words = [str(request[name]) for name in SHOWN if name in request]
    words += [
        "/".join(str(v.get("S", v)) for v in request[key].values()) for key in ("Key",) if key in request
    ]
    return " ".join(words)[:160]
