"""What can be made to go wrong in Local AWS, and how a plan of faults is written down."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Any, Self

ANY = "*"
"""The target that matches everything; a pattern may hold it anywhere, as in `DynamoDB.*`."""


class FaultKind(StrEnum):
    """The faults that Local AWS can inject.

    For a call of an API (target: `Batch.SubmitJob`, `DynamoDB.PutItem`, … as on the page `calls`). What comes
    after the effect meets only calls that had one: no refused call, and no long poll that found no task.
    """

    ANSWER_LOST = "answer_lost"
    """The call takes effect; its connection is reset instead of answered."""
    THROTTLED = "throttled"
    """The call has no effect and is answered as above its quota; `seconds`: how long the storm lasts."""
    SERVER_ERROR = "server_error"
    """The call has no effect and is answered with HTTP 500; `seconds`: how long it lasts."""
    SERVER_ERROR_AFTER_EFFECT = "server_error_after_effect"
    """The call takes effect and is answered with HTTP 500; `seconds`: how long it lasts."""
    SLOW_ANSWER = "slow_answer"
    """The call takes effect at once and is answered `seconds` later."""
    FUNCTION_KILLED_BEFORE_CALL = "function_killed_before_call"
    """The function that calls is killed, and its call has no effect."""
    FUNCTION_KILLED_AFTER_CALL = "function_killed_after_call"
    """The call takes effect, and the function that called is killed before it is answered."""

    FUNCTION_TIMED_OUT = "function_timed_out"
    """An invocation ends `seconds` after its start as if its timeout were over (target: the function)."""

    POLLS_BLOCKED = "polls_blocked"
    """A poll of an Activity gets no task for all of its time, nor do those that wait for longest, 50 in all:
    what a token that is dropped on its way does to the polls behind it (target: the Activity's name)."""

    EVENT_DROPPED = "event_dropped"
    """An event never comes (target of all `event_` kinds: its detail-type, or `<detail-type>:<status>`)."""
    EVENT_DOUBLED = "event_doubled"
    """An event comes twice, the second time `seconds` later."""
    EVENT_DELAYED = "event_delayed"
    """An event comes `seconds` late."""
    EVENT_REORDERED = "event_reordered"
    """An event comes after the next one of the same target, or `seconds` late (1 if 0) when none comes."""

    JOB_TERMINATED = "job_terminated"
    """Somebody calls TerminateJob `seconds` after the job began to run (target of all: the job's name)."""
    JOB_VANISHED = "job_vanished"
    """Batch forgets the job `seconds` after it was submitted: no event, and nobody finds it."""
    JOB_FAILS_TO_START = "job_fails_to_start"
    """The container's image cannot be pulled, so that the attempt fails."""
    JOB_NOT_STARTED = "job_not_started"
    """The container cannot be started, as its log driver is throttled, so that the attempt fails."""
    JOB_STUCK_RUNNABLE = "job_stuck_runnable"
    """No compute environment fits the job. It stays RUNNABLE until somebody stops it, its queue's
    `jobStateTimeLimitActions` do (after `seconds`, or as long as they say if 0), or the fault is healed."""
    SPOT_INTERRUPTION = "spot_interruption"
    """The job's host is taken away `seconds` after the job began to run."""


API_KINDS = frozenset(
    {
        FaultKind.ANSWER_LOST,
        FaultKind.THROTTLED,
        FaultKind.SERVER_ERROR,
        FaultKind.SERVER_ERROR_AFTER_EFFECT,
        FaultKind.SLOW_ANSWER,
        FaultKind.FUNCTION_KILLED_BEFORE_CALL,
        FaultKind.FUNCTION_KILLED_AFTER_CALL,
    }
)
STORM_KINDS = frozenset({FaultKind.THROTTLED, FaultKind.SERVER_ERROR, FaultKind.SERVER_ERROR_AFTER_EFFECT})
"""Kinds whose `seconds` say how long, from the first injection on, the fault stays in force."""
_NEED_SECONDS = frozenset({FaultKind.SLOW_ANSWER, FaultKind.EVENT_DELAYED})


class FaultPlanError(ValueError):
    """Raised for a plan that cannot be carried out; the message says what is wrong and what is allowed."""


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong.

    Attributes:
        kind: what goes wrong.
        target: what it happens to, see the kind; `*` stands for any text.
        probability: the chance at each opportunity, 0 to 1.
        count: how often at most; None: no limit.
        after: opportunities that are passed over first.
        seconds: how long, see the kind.
        caller: only calls by the function of this name or logical id; None: calls by anybody.
    """

    kind: FaultKind
    target: str
    probability: float = 1.0
    count: int | None = None
    after: int = 0
    seconds: float = 0.0
    caller: str | None = None

    def __post_init__(self) -> None:
        if self.kind not in set(FaultKind):
            raise FaultPlanError(f"kind is {self.kind!r}; there are {', '.join(FaultKind)}")
        self._check_types()
        self._check_numbers()
        if not self.target:
            raise FaultPlanError(f"{self.kind}: target is empty; {ANY!r} means anything")
        if self.kind in API_KINDS and self.target != ANY and "." not in self.target:
            raise FaultPlanError(
                f"{self.kind}: target {self.target!r} is no API; write Service.Operation, as Batch.SubmitJob"
            )
        if self.kind not in API_KINDS and self.caller is not None:
            raise FaultPlanError(f"{self.kind}: caller is {self.caller!r}, but only API calls have a caller")

    def _check_types(self) -> None:
        allowed: dict[str, tuple[type, ...]] = {
            "target": (str,),
            "probability": (int, float),
            "count": (int, type(None)),
            "after": (int,),
            "seconds": (int, float),
            "caller": (str, type(None)),
        }
        for name, types in allowed.items():
            value = getattr(self, name)
            if not isinstance(value, types) or isinstance(value, bool):
                names = " or ".join("null" if each is type(None) else each.__name__ for each in types)
                raise FaultPlanError(f"{self.kind}: {name} is {value!r}; it must be {names}")

    def _check_numbers(self) -> None:
        if not 0 <= self.probability <= 1:
            raise FaultPlanError(f"{self.kind}: probability is {self.probability}; it must be 0 to 1")
        if self.count is not None and self.count < 1:
            raise FaultPlanError(f"{self.kind}: count is {self.count}; it must be at least 1, or null")
        if self.after < 0 or self.seconds < 0:
            raise FaultPlanError(
                f"{self.kind}: after is {self.after}, seconds is {self.seconds}; neither may be below 0"
            )
        if self.kind in _NEED_SECONDS and self.seconds == 0:
            raise FaultPlanError(f"{self.kind}: seconds is 0; say how late")


@dataclass(frozen=True)
class FaultPlan:
    """Faults that are in force together; equal plans meet the n-th opportunity of a fault alike.

    Attributes:
        seed: of every chance in the plan.
        faults: tried in this order; of those that strike at the same opportunity the first one does.
    """

    seed: int
    faults: tuple[Fault, ...]

    def to_json(self) -> str:
        """Return the plan as JSON that `from_json` reads back."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Read a plan.

        Raises:
            FaultPlanError: if `text` is no JSON or no plan; the message names the fault and the field.
        """
        try:
            given = json.loads(text)
        except ValueError as error:
            raise FaultPlanError(f"The plan is no JSON: {error}") from error
        _check_names(given, {"seed", "faults"}, "The plan")
        if not isinstance(given["seed"], int) or not isinstance(given["faults"], list):
            raise FaultPlanError("The plan: seed must be an integer and faults a list")
        return cls(given["seed"], tuple(map(_fault, given["faults"], range(len(given["faults"])))))


def _fault(given: Any, position: int) -> Fault:
    allowed = {each.name for each in fields(Fault)}
    _check_names(given, allowed, f"faults[{position}]", needed={"kind", "target"})
    try:
        return Fault(**{**given, "kind": _kind(given["kind"])})
    except FaultPlanError as error:
        raise FaultPlanError(f"faults[{position}]: {error}") from error


def _kind(name: Any) -> FaultKind:
    if name not in list(FaultKind):
        raise FaultPlanError(f"kind is {name!r}; there are {', '.join(FaultKind)}")
    return FaultKind(name)


def _check_names(given: Any, allowed: set[str], what: str, needed: set[str] | None = None) -> None:
    """Refuse what is no object, has a field that is not `allowed` or lacks one that is `needed` (all)."""
    if not isinstance(given, Mapping):
        raise FaultPlanError(f"{what} is {type(given).__name__}; it must be an object")
    if unknown := sorted(given.keys() - allowed):
        raise FaultPlanError(f"{what} has the fields {unknown}; there are {sorted(allowed)}")
    if missing := sorted((needed or allowed) - given.keys()):
        raise FaultPlanError(f"{what} lacks {missing}")
