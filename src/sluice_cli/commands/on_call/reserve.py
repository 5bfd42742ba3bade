"""`sluice reserve`."""

import json
import sys
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

import typer

from sluice.rate.gcra import AHEAD_SECONDS, MICROSECONDS, Limit, Reservation
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

_Number = Annotated[int, typer.Argument(metavar="N", min=1, help="SubmitJob calls to be made.")]
_Command = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="COMMAND", help="After --: run it once when it may make N calls.", show_default=False
    ),
]


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(reserve)


def reserve(  # noqa: PLR0913 - each parameter is an option of the command line
    context: typer.Context,
    number: _Number,
    command: _Command = None,
    *,
    as_json: JsonOption = False,
    stack: StackOption = DEFAULT_STACK,
    profile: ProfileOption = None,
    region: RegionOption = None,
) -> None:
    """Take slots of the shared SubmitJob rate, for jobs submitted without Sluice.

    It prints a line whenever one call may be made. With a command it
    prints nothing and runs the command, which may make its N calls at once.
    Make each call without delay: late calls add up to bursts.

    \b
    Examples:
      sluice reserve 1 -- aws batch submit-job --cli-input-json file://job.json
      sluice reserve 10 -- ./submit-ten-jobs
      sluice reserve 500 | while read -r _; do ./submit-next-job; done

    \b
    Exit codes: the command's own, if there is one.
    """  # noqa: D301 - \b keeps Typer from joining the lines
    session: Session = context.obj
    api = session.connect(Target(stack, profile, region))
    found = find_stack(api, stack)
    slots = Slots(api.rates(found.output("RateTableName")), _limit(found), session)
    if command:
        slots.all_due(number)
        session.execute(command)
    for index, at_ms in enumerate(slots.one_by_one(number), start=1):
        at = datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds")
        line = json.dumps({"slot": index, "of": number, "at": at}) if as_json else f"{index} of {number} {at}"
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()


def _limit(stack: Stack) -> Limit:
    """The limit that the stack's pollers keep to."""
    try:
        rate, burst = (stack.parameters[name] for name in ("SubmitRatePerSecond", "SubmitBurst"))
    except KeyError as error:
        raise StackMissingError(f"Stack {stack.name} has no parameter {error}: deploy it again.") from error
    return Limit(float(rate), burst=int(float(burst)))


@dataclass(frozen=True)
class Slots:
    """Slots of the shared rate, taken in turn with the pollers."""

    store: RateStore
    limit: Limit
    session: Session

    def one_by_one(self, number: int) -> Iterator[int]:
        """Yields the time, in ms since the epoch, whenever one call may be made."""
        left, held, turn_us = number, deque[int](), 0
        while left:
            wanted = left - len(held)
            if wanted and turn_us <= self._now_us():
                taken = self._taken(min(wanted, self.limit.block))
                held.extend(taken.due_us)
                turn_us = taken.start_us - self.limit.lead_us
                continue
            if wanted and turn_us < held[0]:  # who asks later than the pollers do gets fewer slots than they
                self._sleep_until(turn_us)
                continue
            due_us = held.popleft()
            if self._await(due_us, due_us):
                left -= 1
                yield self.session.now_ms()

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
