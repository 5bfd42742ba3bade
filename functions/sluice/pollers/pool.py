"""One round of the activity poller: many polls are open, and few threads submit what they bring."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Final

from sluice.deadline import seconds_until, until_us
from sluice.errors import DeniedError, ServiceError, ThrottledError, UnauthenticatedError, UnclearError
from sluice.pollers.hand import Hand, Intents, seconds_left
from sluice.tasks.model import task_key
from sluice.tasks.submission import LAST_SUBMIT_SECONDS, LOOK_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from sluice.pollers.ceiling import Ceiling
    from sluice.pollers.hand import Crew
    from sluice.ports import Clock, Telemetry
    from sluice.tasks.model import ActivityTask, TaskRecord
    from sluice.tasks.ports import ActivityQueue
    from sluice.tasks.submitter import Submitter

LAST_POLL_SECONDS: Final = 60 + 15 + LAST_SUBMIT_SECONDS
"""The last long poll starts this long before the function's deadline. GetActivityTask holds for up to
60 s; a task that arrives then must still be submitted, and one that arrived after the function was
ended would be lost.

https://docs.aws.amazon.com/step-functions/latest/apireference/API_GetActivityTask.html
"""


PAUSE_SECONDS: Final = 1
"""How long a thread waits after a long poll, or an intent, that failed."""

UNWRITTEN: Final = (ThrottledError, UnclearError, DeniedError, UnauthenticatedError)
"""Errors that are not the task's: others would fare no better, and they pass."""


@dataclass(frozen=True)
class Round:
    """When a round must end: `poll_until_us` for new polls, `submit_until_us` for new jobs."""

    poll_until_us: int
    submit_until_us: int


@dataclass(frozen=True)
class Outcome:
    """What a round did.

    Attributes:
        tasks: that it took from the Activity.
        failed_polls: of which nobody knows what became.
        held_back: it took fewer than it could, as too many tasks were open.
    """

    tasks: int
    failed_polls: int = 0
    held_back: bool = False

    @property
    def is_empty(self) -> bool:
        """True if nothing came, as far as anybody knows: a poll that failed may have lost a task."""
        return not self.tasks and not self.failed_polls and not self.held_back


def plan_round(now_us: int, *, remaining_seconds: float, round_seconds: int) -> Round:
    """Fits a round of the wanted length into what remains of the function's time."""
    until = partial(until_us, now_us, remaining_seconds=remaining_seconds)
    return Round(
        poll_until_us=until(spare_seconds=LAST_POLL_SECONDS, most_seconds=round_seconds),
        submit_until_us=until(spare_seconds=LAST_SUBMIT_SECONDS),
    )


@dataclass(frozen=True)
class PollerPool:
    """Takes tasks with many polls, and submits them with a bounded number of threads.

    AWS asks for a hundred open polls an Activity, in threads of their own: a token that is dropped on its way
    holds up the polls behind it for a minute.
    https://docs.aws.amazon.com/step-functions/latest/dg/bp-activity-pollers.html

    The thread whose poll brings a task writes the task's intent at once: from then on nobody's death loses
    it. While the table does not take it, the thread tries again, and no more tasks are taken: nobody else
    knows those that were.

    The first poll that stays empty while nothing comes and nothing is held ends the round for all: an idle
    poller is gone after one long poll.
    """

    queue: ActivityQueue
    submitter: Submitter
    clock: Clock
    telemetry: Telemetry
    rate_per_second: Callable[[], float]
    ceiling: Ceiling
    intents: Intents = field(default_factory=Intents)

    def run(self, crew: Crew, round_: Round) -> Outcome:
        """Runs one round."""
        hand = Hand(crew, self.intents, rate_per_second=self.rate_per_second)
        work = [partial(self._poll, hand, round_)] * crew.polls
        work += [partial(self._submit, hand, round_)] * crew.threads
        with ThreadPoolExecutor(len(work), thread_name_prefix="poller") as pool:
            for worker in [pool.submit(self._guarded, hand, each) for each in work]:
                worker.result()
        return Outcome(hand.tasks, hand.failed_polls, hand.held_back)

    def _guarded(self, hand: Hand, work: Callable[[], None]) -> None:
        """Works; an error that nobody expected ends the round for all, and the function."""
        try:
            work()
        except BaseException:
            hand.give_up()
            raise

    def _poll(self, hand: Hand, round_: Round) -> None:
        def left() -> float:
            return seconds_left(
                self.clock.now_us(),
                poll_until_us=round_.poll_until_us,
                submit_until_us=round_.submit_until_us,
                hold_seconds=self.submitter.window_seconds / 2,
            )

        while (before := self._begin_poll(hand, left)) is not None:
            try:
                task = self.queue.next_task()
            except (ThrottledError, UnclearError) as error:
                hand.poll_failed()
                self.telemetry.poll_failed(error)
                self.clock.sleep(PAUSE_SECONDS)
                continue
            hand.poll_ended(before, found=task is not None)
            if task is not None:
                self._accept(task, hand, round_.submit_until_us)

    def _begin_poll(self, hand: Hand, seconds_left: Callable[[], float]) -> int | None:
        """Waits until another poll may be open, in this poller and in all; None if the round is over."""
        if self.ceiling.hold(seconds_left):
            hand.held_back = True
        return hand.poll_begins(seconds_left)

    def _accept(self, task: ActivityTask, hand: Hand, until_us: int) -> None:
        record = None
        try:
            record = self._accepted(task, hand, until_us)
        except ServiceError as error:
            self.telemetry.task_left(task_key(task.token), error)
        if record is None:
            hand.let_go(None)
        else:
            hand.hold(record)

    def _accepted(self, task: ActivityTask, hand: Hand, until_us: int) -> TaskRecord | None:
        """Accepts a task once the table takes its intent, while its first heartbeat will still be in time."""
        began_us = self.clock.now_us()
        while True:
            try:
                record = self.submitter.accept(task)
            except UNWRITTEN:
                hand.intent_failed()
                now_us = self.clock.now_us()
                window_seconds = self.submitter.window_seconds - seconds_until(began_us, now_us)
                if min(seconds_until(now_us, until_us), window_seconds) <= PAUSE_SECONDS:
                    raise
                self.telemetry.count("IntentsRepeated")
                self.clock.sleep(PAUSE_SECONDS)
            else:
                hand.intent_written()
                was_kept = seconds_until(began_us, self.clock.now_us()) > LOOK_SECONDS
                return None if record and was_kept and self._was_stopped(record) else record

    def _was_stopped(self, record: TaskRecord) -> bool:
        """Asks whether a workflow was stopped before its task was in the table, so that nobody could act."""
        completer = self.submitter.completer
        try:
            if not completer.is_dead(record):
                return False
        except ServiceError:
            return False
        try:
            completer.abandon(record)
        except ServiceError as error:
            self.telemetry.task_left(record.task.key, error)
        return True

    def _submit(self, hand: Hand, round_: Round) -> None:
        while (record := hand.next_record()) is not None:
            try:
                self.submitter.begin(record, until_us=round_.submit_until_us)
            except ServiceError as error:
                self.telemetry.task_left(record.task.key, error)
            finally:
                hand.let_go(record)
