"""`sluice reserve`."""

import json
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated

import typer

from sluice.rate.gcra import AHEAD_SECONDS, MICROSECONDS, Limit, Reservation, gap_us
from sluice.rate.limiter import AGAIN_SECONDS
from sluice.rate.ports import RateStore
from sluice_cli.aws.ports import Session, Target
from sluice_cli.aws.stack import Stack, find_stack
from sluice_cli.errors import StackMissingError, WrongUsageError
from sluice_cli.terminal.options import (
    DEFAULT_STACK,
    JsonOption,
    ProfileOption,
    RegionOption,
    StackOption,
)

API = "SubmitJob"

_Number = Annotated[
    int | None,
    typer.Argument(metavar="N", min=1, help="SubmitJob calls to be made.", show_default=False),
]
_Command = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="COMMAND", help="After --: run it once when it may make N calls.", show_default=False
    ),
]

_OnRequest = Annotated[
    bool, typer.Option("--on-request", help="Instead of N: answer each line of standard input.")
]


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(reserve)


def reserve(  # noqa: PLR0913 - each parameter is an option of the command line
    context: typer.Context,
    number: _Number = None,
    command: _Command = None,
    *,
    on_request: _OnRequest = False,
    as_json: JsonOption = False,
    stack: StackOption = DEFAULT_STACK,
    profile: ProfileOption = None,
    region: RegionOption = None,
) -> None:
    """Take slots of the shared SubmitJob rate, for jobs submitted without Sluice.

    It prints a line whenever one call may be made. Make the call without delay:
    late calls add up to bursts. A program that does other work between its calls
    uses --on-request: before each call it writes a line and waits for one. With a
    command nothing is printed; it is run when it may make all N calls at once.

    \b
    Examples:
      sluice reserve 1 -- aws batch submit-job --cli-input-json file://job.json
      sluice reserve 10 -- ./submit-ten-jobs
      sluice reserve 500 | ./submit-a-job-for-each-line

    \b
    Exit codes: the command's own, if there is one.
    """  # noqa: D301 - \b keeps Typer from joining the lines
    if (number is None) != on_request:
        raise WrongUsageError("Give either N, the number of calls, or --on-request.")
    session: Session = context.obj
    api = session.connect(Target(stack, profile, region))
    found = find_stack(api, stack)
    slots = Slots(api.rates(found.output("RateTableName")), _limit(found), session)
    if command and number:
        slots.all_due(number)
        session.execute(command)
    times_ms = slots.one_by_one(number) if number else slots.on_request(sys.stdin)
    for index, at_ms in enumerate(times_ms, start=1):
        sys.stdout.write(f"{_line(index, number, at_ms, as_json=as_json)}\n")
        sys.stdout.flush()


def _line(index: int, number: int | None, at_ms: int, *, as_json: bool) -> str:
    at = datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds")
    if as_json:
        return json.dumps({"slot": index, **({"of": number} if number else {}), "at": at})
    return f"{index} of {number} {at}" if number else f"{index} {at}"


def _limit(stack: Stack) -> Limit:
    """The limit that the stack's pollers keep to."""
    try:
        rate, burst = (stack.parameters[name] for name in ("SubmitRatePerSecond", "SubmitBurst"))
    except KeyError as error:
        raise StackMissingError(f"Stack {stack.name} has no parameter {error}: deploy it again.") from error
    return Limit(float(rate), burst=int(float(burst)))


@dataclass
class Slots:
    """Slots of the shared rate, taken in turn with the pollers."""

    store: RateStore
    limit: Limit
    session: Session
    _held_us: deque[int] = field(default_factory=deque)
    _turn_us: int = 0

    def one_by_one(self, number: int) -> Iterator[int]:
        """Yields the time, in ms since the epoch, whenever one call may be made."""
        for left in range(number, 0, -1):
            yield self._next(left)

    def on_request(self, requests: Iterable[object]) -> Iterator[int]:
        """Yields the time, in ms since the epoch, when the call of each request may be made."""
        given_us = 0
        for _ in requests:
            usable = self._usable(self._now_us() - given_us)
            yield self._next(usable)
            given_us = self._now_us()
            if usable > 1:
                self._take_ahead(usable - 1)

    def all_due(self, number: int) -> None:
        """Returns when so many calls may be made at once.

        Raises:
            WrongUsageError: those would be too many.
        """
        most = max(2, self.limit.burst)
        if number > most:
            raise WrongUsageError(
                f"{number} calls at once are too many: the stack's SubmitBurst allows {most}. "
                "Without a command there is a line for each call, as many as you like."
            )
        while True:
            due_us = self._taken(number).due_us
            if self._await(due_us[-1], due_us[0]):
                return

    def _usable(self, pause_us: int) -> int:
        """How many slots, a gap apart, are used in time by who needs so long from one call to the next.

        So many are taken ahead: who has none in hand when it asks waits behind all that others have.
        """
        gap = gap_us(self.limit.rate_per_second)
        return 1 + self.limit.usable_us // max(1, pause_us - gap)

    def _next(self, wanted: int) -> int:
        """Waits until one call may be made, with up to so many slots in hand for it and those after it."""
        while True:
            self._take_ahead(wanted)
            if self._turn_us < self._held_us[0] and self._has_room(wanted):
                # who asks later than the pollers do gets fewer slots than they
                self._sleep_until(self._turn_us)
                continue
            due_us = self._held_us.popleft()
            if self._await(due_us, due_us):
                return self.session.now_ms()

    def _take_ahead(self, wanted: int) -> None:
        """Takes slots, while it is this caller's turn, until so many are in hand."""
        while not self._held_us or (self._turn_us <= self._now_us() and self._has_room(wanted)):
            taken = self._taken(min(wanted, self.limit.block))
            self._held_us.extend(taken.due_us)
            self._turn_us = taken.start_us - self.limit.lead_us

    def _has_room(self, wanted: int) -> bool:
        """Whether a whole block is wanted besides those in hand: who takes less in its turn gets less."""
        return len(self._held_us) + self.limit.block <= wanted

    def _taken(self, slots: int) -> Reservation:
        while True:
            now_us = self._now_us()
            until_us = now_us + AHEAD_SECONDS * MICROSECONDS
            taken = self.store.reserve(API, slots, limit=self.limit, now_us=now_us, until_us=until_us)
            if taken is not None:
                return taken
            self.session.sleep(AGAIN_SECONDS)

    def _await(self, until_us: int, oldest_us: int) -> bool:
        """Waits until a time; False if a slot that fell due at `oldest_us` cannot be used any more."""
        self._sleep_until(until_us)
        return self._now_us() <= oldest_us + self.limit.usable_us

    def _sleep_until(self, until_us: int) -> None:
        self.session.sleep(max(0, until_us - self._now_us()) / MICROSECONDS)

    def _now_us(self) -> int:
        return self.session.now_ms() * 1000
