"""Who goes with whom: the decisions of group commit."""

from __future__ import annotations

import threading

from hypothesis import given
from hypothesis import strategies as st

from sluice.arrays.groups import Group, Groups, Member
from sluice.arrays.shape import MAX_MEMBERS, row_of
from sluice.tasks.contract import parse_task
from sluice.tasks.model import Submitted, Turn, new_record
from tests.support.builders import job, task_text


def member(number: int, panel: str = "chr20") -> Member:
    wanted = job("align", jobDefinition="lowpass:3", parameters={"sample": f"s{number}", "panel": panel})
    record = new_record(parse_task(f"token {number} {panel}", task_text(wanted, vary=["sample"])), 0)
    row = row_of(record.task)
    assert row is not None
    return Member(record, row, until_us=1)


def test_the_first_leads_and_who_comes_while_it_waits_joins_it() -> None:
    groups, first, second = Groups(), member(1), member(2)
    group, leads = groups.join(first)
    same, follows = groups.join(second)
    assert (leads, follows, same) == (True, False, group)
    assert groups.close(group) == [first, second]


def test_who_comes_after_the_slot_leads_the_next_group() -> None:
    groups = Groups()
    group, _ = groups.join(member(1))
    groups.close(group)
    other, leads = groups.join(member(2))
    assert leads
    assert other is not group


def test_another_shape_has_a_group_of_its_own() -> None:
    groups = Groups()
    groups.join(member(1))
    assert groups.join(member(2, "chr21"))[1]


def test_a_full_group_is_followed_by_another_that_does_not_wait_for_it() -> None:
    groups = Groups()
    group, _ = groups.join(member(0))
    assert not any(groups.join(member(number))[1] for number in range(1, MAX_MEMBERS))
    other, leads = groups.join(member(MAX_MEMBERS))
    assert leads
    assert len(groups.close(group)) == MAX_MEMBERS
    # closing the full one has not closed its successor
    assert groups.join(member(MAX_MEMBERS + 1)) == (other, False)


def test_whom_nothing_is_said_of_tries_again() -> None:
    groups, first, second = Groups(), member(1), member(2)
    group, _ = groups.join(first)
    groups.join(second)
    groups.settle(group, {first: Submitted("job:0")})
    assert groups.answer(group, first) == Submitted("job:0")
    assert groups.answer(group, second) is Turn.AGAIN


def test_a_member_waits_until_the_group_is_settled() -> None:
    groups, first, second = Groups(), member(1), member(2)
    group, _ = groups.join(first)
    groups.join(second)
    heard = []
    waiting = threading.Thread(target=lambda: heard.append(groups.answer(group, second)))
    waiting.start()
    groups.settle(group, {second: Turn.LEFT})
    waiting.join()
    assert heard == [Turn.LEFT]


@given(st.lists(st.tuples(st.sampled_from(["join", "close"]), st.sampled_from(["a", "b"])), max_size=300))
def test_every_task_goes_exactly_once_with_its_own_shape(steps: list[tuple[str, str]]) -> None:
    groups, gone, joined = Groups(), [], []
    waiting: dict[str, list[Group]] = {}
    for number, (step, panel) in enumerate(steps):
        if step == "join":
            joined.append(one := member(number, panel))
            group, leads = groups.join(one)
            if leads:
                waiting.setdefault(panel, []).append(group)
        elif waiting.get(panel):
            gone.append(groups.close(waiting[panel].pop(0)))
    gone += [groups.close(group) for others in waiting.values() for group in others]
    assert sorted(id(each) for some in gone for each in some) == sorted(map(id, joined))
    assert all(1 <= len(some) <= MAX_MEMBERS for some in gone)
    assert all(len({each.row.shape for each in some}) == 1 for some in gone)
