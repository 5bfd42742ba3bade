"""What a poller holds never exceeds what it can submit in time."""

from __future__ import annotations

import pytest

from sluice.pollers.hand import Crew, Hand, Intents
from tests.support.builders import job, open_record

CREW = Crew(polls=100, threads=32)


def may_poll(hand: Hand, seconds: float) -> bool:
    """Whether another poll could begin at once: `poll_begins` would wait until it can."""
    return hand._has_room(seconds)


def poll_until_full(hand: Hand, seconds: float) -> int:
    """Opens polls until no more may be open, or as many as there are threads for; returns how many are."""
    opened = 0
    while opened < CREW.polls and may_poll(hand, seconds):
        assert hand.poll_begins(lambda: seconds) == hand.tasks
        opened += 1
    return opened


@pytest.mark.parametrize(
    ("rate", "seconds", "polls"),
    [
        (49, 120, 100),  # all of them
        (1, 120, 100),
        (0.5, 120, 60),
        (0.1, 120, 12),
        (0.001, 120, 1),  # one always, or nothing would ever be taken
        (49, 1, 49),  # shortly before the end
    ],
)
def test_as_many_polls_are_open_as_can_be_answered_for(rate: float, seconds: float, polls: int) -> None:
    assert poll_until_full(Hand(CREW, Intents(), rate_per_second=lambda: rate), seconds) == polls


def test_tasks_of_many_jobs_leave_room_for_fewer_polls() -> None:
    hand = Hand(CREW, Intents(), rate_per_second=lambda: 49)
    before = hand.poll_begins(lambda: 120)
    assert before == 0
    hand.poll_ended(before, found=True)
    record = open_record(*[job(f"job{index}") for index in range(100)])
    hand.hold(record)
    # 49 x 120 jobs are 58 such tasks, of which one is held
    assert poll_until_full(hand, 120) == 57
    assert hand.next_record() == record
    hand.let_go(record)
    assert may_poll(hand, 120)


def test_a_hand_that_is_full_polls_for_no_more_before_a_task_is_done_with() -> None:
    hand = Hand(CREW, Intents(), rate_per_second=lambda: 49)
    records = [open_record(job("align"), token=f"token-{index}") for index in range(64)]
    for record in records:
        before = hand.poll_begins(lambda: 120)
        assert before is not None
        hand.poll_ended(before, found=True)
        hand.hold(record)
    assert not may_poll(hand, 120)
    hand.let_go(records[0])
    assert may_poll(hand, 120)


def test_an_empty_poll_ends_the_round_unless_something_came_or_is_held() -> None:
    hand = Hand(CREW, Intents(), rate_per_second=lambda: 49)
    early, other = hand.poll_begins(lambda: 120), hand.poll_begins(lambda: 120)
    assert early == other == 0
    hand.poll_ended(0, found=True)
    record = open_record(job("align"))
    hand.hold(record)
    hand.poll_ended(0, found=False)
    held = hand.poll_begins(lambda: 120)
    assert held == 1
    hand.poll_ended(1, found=False)
    assert hand.poll_begins(lambda: 120) == 1, "a task is held"
    hand.let_go(hand.next_record())
    hand.poll_ended(1, found=False)
    assert hand.poll_begins(lambda: 120) is None


def test_only_one_poll_is_open_while_intents_cannot_be_written() -> None:
    hand = Hand(CREW, Intents(), rate_per_second=lambda: 49)
    before = hand.poll_begins(lambda: 120)
    assert before == 0
    hand.poll_ended(before, found=True)
    hand.intent_failed()
    assert not may_poll(hand, 120), "a task waits for its intent"
    hand.let_go(None)
    assert may_poll(hand, 120), "somebody finds out when it is over"


def test_many_polls_are_open_again_once_an_intent_is_written() -> None:
    intents = Intents(failing=True)
    hand = Hand(CREW, intents, rate_per_second=lambda: 49)
    assert poll_until_full(hand, 120) == 1
    hand.intent_written()
    assert poll_until_full(hand, 120) > 1
    assert not intents.failing
