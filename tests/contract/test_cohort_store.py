"""One body for the cohort's store on three backends: in memory, Local AWS, and Amazon's DynamoDB Local."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from sluice.aws.tables.cohort_store import DynamoCohortStore
from sluice.cohorts.blocks import Block
from sluice.cohorts.model import Cohort, RunningSample, Sample, SampleEnd, SampleStatus, Start
from sluice.errors import CohortCancelledError
from sluice.runtime.clock import SystemClock
from sluice_local.deploy import create_table
from sluice_local.faults.plan import FaultKind
from tests.contract.dynamodb_backends import DYNAMODB_BACKENDS, TEMPLATE, dynamodb_of
from tests.contract.faulty import inject, injected
from tests.support.cohort_fakes import MemoryCohortStore

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sluice.cohorts.ports import CohortStore
    from sluice_local.server import LocalAws

WORKFLOW = "arn:aws:states:us-east-1:000000000000:stateMachine:lowpass"
COHORT = Cohort("run-7", WORKFLOW, "0" * 64, total=4, created_at=1000, updated_at=1000)
RUNNING, SUCCEEDED, FAILED = SampleStatus.RUNNING, SampleStatus.SUCCEEDED, SampleStatus.FAILED


@pytest.fixture(params=["memory", *DYNAMODB_BACKENDS])
def store(request: pytest.FixtureRequest, unique: str) -> CohortStore:
    if request.param == "memory":
        return MemoryCohortStore(now_ms=SystemClock().now_ms)
    dynamodb = dynamodb_of(request.param, request)
    # the template's own table, so that the tests cannot drift from it
    return DynamoCohortStore(dynamodb, create_table(dynamodb, TEMPLATE, "CohortTable", name=unique))


def begin(store: CohortStore, *names: str, now_ms: int = 2000) -> list[Sample]:
    """Starts samples for the first time."""
    store.create(COHORT)
    starts = [Start(name, f'{{"sample":"{name}"}}') for name in names]
    return store.begin(Block(COHORT, starts, as_of=1500), now_ms)


def end_of(sample: Sample, status: SampleStatus = SUCCEEDED, stopped_at: int = 5000) -> SampleEnd:
    error = "Job.Failed" if status is FAILED else None
    return SampleEnd(sample.execution_name, sample.execution_arn, status, stopped_at, error)


def counts(store: CohortStore) -> dict[SampleStatus, int]:
    cohort = store.cohort(COHORT.name)
    assert cohort is not None
    return {status: number for status, number in cohort.counts.items() if number}


def restart(store: CohortStore, samples: Sequence[Sample]) -> list[Sample]:
    starts = [Start(sample.name, sample.input, before=sample) for sample in samples]
    return store.begin(Block(COHORT, starts, as_of=6000), 6000)


def redrive(store: CohortStore, sample: Sample, now_ms: int = 6000) -> list[Sample]:
    start = Start(sample.name, sample.input, before=sample, redrive=True)
    return store.begin(Block(COHORT, [start], as_of=now_ms), now_ms)


def test_a_redriven_sample_runs_again_and_leaves_its_end_behind(store: CohortStore) -> None:
    (sample,) = begin(store, "a")
    failed_end = end_of(sample, FAILED, stopped_at=5000)
    store.note_ends([failed_end])
    failed = store.sample(COHORT.name, "a")
    assert failed is not None
    (redriven,) = redrive(store, failed)
    assert store.sample(COHORT.name, "a") == redriven
    assert (redriven.attempt, redriven.redrives, redriven.ended_before) == (1, 1, 5000)
    assert (redriven.status, redriven.error, redriven.stopped_at) == (RUNNING, None, None)
    assert counts(store) == {RUNNING: 1}
    assert store.note_ends([failed_end]) == 0, "it is told again of the end before"
    assert counts(store) == {RUNNING: 1}
    assert [each.name for each in store.running_samples(9000)] == ["a"]
    assert store.note_ends([end_of(sample, SUCCEEDED, stopped_at=7000)]) == 1
    assert counts(store) == {SUCCEEDED: 1}


def test_a_sample_is_redriven_once_after_each_of_its_ends(store: CohortStore) -> None:
    (sample,) = begin(store, "a")
    store.note_ends([end_of(sample, FAILED, stopped_at=5000)])
    failed = store.sample(COHORT.name, "a")
    assert failed is not None
    (redriven,) = redrive(store, failed)
    assert redrive(store, failed) == [redriven]
    store.note_ends([end_of(sample, FAILED, stopped_at=7000)])
    assert redrive(store, failed) == []
    assert restart(store, [failed]) == []
    assert counts(store) == {FAILED: 1}
    again = store.sample(COHORT.name, "a")
    assert again is not None
    (twice,) = redrive(store, again)
    assert (twice.redrives, twice.ended_before) == (2, 7000)


def test_a_sample_whose_execution_does_not_go_on_moves_to_a_new_one(store: CohortStore) -> None:
    (sample,) = begin(store, "a")
    store.note_ends([end_of(sample, FAILED, stopped_at=5000)])
    failed = store.sample(COHORT.name, "a")
    assert failed is not None
    (redriven,) = redrive(store, failed)
    (anew,) = restart(store, [redriven])
    assert (anew.attempt, anew.redrives, anew.ended_before) == (2, 0, None)
    assert restart(store, [redriven]) == [anew]
    assert counts(store) == {RUNNING: 1}


def test_a_cohort_gets_another_sheet_once(store: CohortStore) -> None:
    begin(store, "a")
    known = store.cohort(COHORT.name)
    assert known is not None
    assert store.extend(known, ("1" * 64, 9), as_of=1400) is None, "somebody asked later"
    behind = replace(known, next_row=known.next_row - 1)
    assert store.extend(behind, ("1" * 64, 9), as_of=1600) is None, "samples started meanwhile"
    extended = store.extend(known, ("1" * 64, 9), as_of=1600)
    assert extended is not None
    assert (extended.sheet_sha256, extended.total, extended.next_row) == ("1" * 64, 9, 0)
    assert store.cohort(COHORT.name) == extended
    assert store.extend(known, ("2" * 64, 9), as_of=1600) is None


def test_rows_of_the_sheet_before_start_no_more(store: CohortStore) -> None:
    begin(store, "a")
    known = store.cohort(COHORT.name)
    assert known is not None
    extended = store.extend(known, ("1" * 64, 9), as_of=1600)
    assert extended is not None
    with pytest.raises(CohortCancelledError):
        store.begin(Block(known, [Start("b", "{}")], as_of=1700, next_row=1), 2000)
    assert store.begin(Block(extended, [Start("b", "{}")], as_of=1700, next_row=1), 2000)


def test_a_cohort_is_created_once(store: CohortStore) -> None:
    assert store.cohort(COHORT.name) is None
    store.create(COHORT)
    again = store.create(replace(COHORT, sheet_sha256="1" * 64, created_at=2000))
    assert (again.sheet_sha256, again.created_at, again.state) == ("0" * 64, 1000, "ACTIVE")
    assert store.cohort(COHORT.name) == again


def test_all_cohorts_are_found_and_no_sample_among_them(store: CohortStore) -> None:
    assert list(store.all_cohorts()) == []
    begin(store, "a", "b")
    store.create(replace(COHORT, name="run-8"))
    found = {cohort.name: cohort for cohort in store.all_cohorts()}
    assert found == {name: store.cohort(name) for name in (COHORT.name, "run-8")}


def test_a_sample_is_found_by_its_name(store: CohortStore) -> None:
    begin(store, "a", "b")
    assert store.sample(COHORT.name, "a") == next(store.samples(COHORT.name))
    for cohort, name in ((COHORT.name, "c"), ("nobodys", "a"), (COHORT.name, "#")):
        assert store.sample(cohort, name) is None


def test_samples_that_start_are_counted_with_what_they_need_to_start_again(store: CohortStore) -> None:
    begun = begin(store, "b", "a")
    assert counts(store) == {RUNNING: 2}
    first, second = store.samples(COHORT.name)
    assert sorted(begun, key=lambda sample: sample.name) == [first, second]
    assert (first.name, first.attempt, first.input) == ("a", 1, '{"sample":"a"}')
    assert first.execution_arn == "arn:aws:states:us-east-1:000000000000:execution:lowpass:run-7.1.a"
    assert (first.status, first.started_at, first.looked_at) == (RUNNING, 2000, 2000)


def test_a_repeated_start_counts_nothing_twice_and_tells_of_those_that_run(store: CohortStore) -> None:
    (ended, _) = begin(store, "a", "b")
    store.note_ends([end_of(ended)])
    again = begin(store, "a", "b", "c", now_ms=3000)
    assert sorted((each.name, each.started_at) for each in again) == [("b", 2000), ("c", 3000)]
    assert counts(store) == {RUNNING: 2, SUCCEEDED: 1}


def test_a_whole_block_may_have_been_started_before(store: CohortStore) -> None:
    begin(store, "a", "b")
    store.begin(Block(COHORT, [Start("a", "{}"), Start("b", "{}")], as_of=1500, next_row=2), 3000)
    cohort = store.cohort(COHORT.name)
    assert cohort is not None
    assert (cohort.next_row, cohort.updated_at, counts(store)) == (2, 3000, {RUNNING: 2})


def test_an_end_is_counted_once(store: CohortStore) -> None:
    a, b = begin(store, "a", "b")
    assert store.note_ends([end_of(a, FAILED), end_of(b)]) == 2
    assert store.note_ends([end_of(a), end_of(b)]) == 0
    assert counts(store) == {SUCCEEDED: 1, FAILED: 1}
    first, second = store.samples(COHORT.name)
    assert (first.status, first.stopped_at, first.error) == (FAILED, 5000, "Job.Failed")
    assert (second.status, second.stopped_at, second.error) == (SUCCEEDED, 5000, None)


def test_of_ends_told_together_those_that_change_nothing_do_not_hold_up_the_others(
    store: CohortStore,
) -> None:
    a, b, c = begin(store, "a", "b", "c")
    store.note_ends([end_of(a)])
    assert store.note_ends([end_of(a), end_of(b, FAILED), end_of(c)]) == 2
    assert counts(store) == {SUCCEEDED: 2, FAILED: 1}


def test_ends_of_others_change_nothing(store: CohortStore) -> None:
    (a,) = begin(store, "a")
    other = replace(end_of(a), execution_arn=a.execution_arn.replace("lowpass", "other"))
    later = replace(end_of(a), name=replace(a.execution_name, attempt=2))
    unknown = replace(end_of(a), name=replace(a.execution_name, sample="x"))
    foreign = replace(end_of(a), name=replace(a.execution_name, cohort="nobodys"))
    for end in (other, later, unknown, foreign):
        assert store.note_ends([end]) == 0
    assert counts(store) == {RUNNING: 1}


def test_a_failed_sample_starts_again_as_the_next_attempt(store: CohortStore) -> None:
    a, b = begin(store, "a", "b")
    store.note_ends([end_of(a, FAILED)])
    (failed, _) = store.samples(COHORT.name)
    (again,) = restart(store, [failed])
    assert (again.attempt, again.execution_name.sample, again.error) == (2, "a", None)
    assert again.execution_arn.endswith(":run-7.2.a")
    assert store.note_ends([end_of(a, FAILED)]) == 0, "the end of the attempt before is not this one's"
    assert counts(store) == {RUNNING: 2}
    assert store.note_ends([end_of(again), end_of(b)]) == 2
    assert counts(store) == {SUCCEEDED: 2}


@pytest.mark.parametrize("status", [SUCCEEDED, FAILED])
def test_an_execution_that_was_redriven_ends_once_more(store: CohortStore, status: SampleStatus) -> None:
    a, b = begin(store, "a", "b")
    store.note_ends([end_of(a, FAILED, stopped_at=5000)])
    again = end_of(a, status, stopped_at=7000)
    assert store.note_ends([again, end_of(b)]) == 2
    assert store.note_ends([again]) == 0
    assert store.note_ends([end_of(a, FAILED, stopped_at=5000)]) == 0, "an end that comes late"
    (sample, _) = store.samples(COHORT.name)
    assert (sample.status, sample.stopped_at, sample.error) == (status, 7000, again.error)
    assert counts(store) == ({SUCCEEDED: 2} if status is SUCCEEDED else {SUCCEEDED: 1, FAILED: 1})


def test_a_sample_that_succeeded_stays_so(store: CohortStore) -> None:
    (a,) = begin(store, "a")
    store.note_ends([end_of(a)])
    assert store.note_ends([end_of(a, FAILED, stopped_at=7000)]) == 0
    assert counts(store) == {SUCCEEDED: 1}


def test_a_transaction_whose_answer_is_lost_counts_once(aws: LocalAws, unique: str) -> None:
    dynamodb = aws.client("dynamodb")
    store = DynamoCohortStore(dynamodb, create_table(dynamodb, TEMPLATE, "CohortTable", name=unique))
    inject(aws, FaultKind.ANSWER_LOST, "DynamoDB.TransactWriteItems", count=2)
    (a,) = begin(store, "a")
    assert store.note_ends([end_of(a)]) == 1
    assert counts(store) == {SUCCEEDED: 1}
    assert injected(aws, FaultKind.ANSWER_LOST) == 2


def test_of_two_that_retry_a_sample_one_counts_it(store: CohortStore) -> None:
    (a,) = begin(store, "a")
    store.note_ends([end_of(a, FAILED)])
    (failed,) = store.samples(COHORT.name)
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda _: restart(store, [failed]), range(4)))
    assert [[sample.attempt for sample in begun] for begun in results] == [[2]] * 4
    assert counts(store) == {RUNNING: 1}


def cancelled(store: CohortStore) -> tuple[Cohort, int]:
    """Cancels the cohort; returns it, and from when that counts."""
    found = store.cancel(COHORT.name)
    assert found is not None
    assert found.cancelled_at is not None
    return found, found.cancelled_at


def begin_again(store: CohortStore, name: str, *, as_of: int) -> None:
    store.begin(Block(COHORT, [Start(name, "{}")], as_of), as_of)


def test_a_cancelled_cohort_starts_nothing_until_somebody_asks_again(store: CohortStore) -> None:
    begin(store, "a")
    cohort, at_ms = cancelled(store)
    assert (cohort.state, cohort.counts[RUNNING], cohort.updated_at) == ("CANCELLED", 1, at_ms)
    assert store.cohort(COHORT.name) == cohort
    with pytest.raises(CohortCancelledError):
        begin_again(store, "b", as_of=at_ms)
    assert store.reopen(cohort, at_ms).state == "CANCELLED"
    assert store.reopen(cohort, at_ms + 1).state == "ACTIVE"
    begin_again(store, "b", as_of=at_ms + 1)
    assert counts(store) == {RUNNING: 2}


def test_a_cancel_counts_to_the_end_of_the_second_in_which_the_table_heard_of_it(store: CohortStore) -> None:
    begin(store, "a")
    before_ms = time.time_ns() // 1_000_000
    _, at_ms = cancelled(store)
    assert before_ms <= at_ms <= time.time_ns() // 1_000_000 + 999


def test_a_cancel_refuses_whoever_is_known_to_have_asked_whatever_the_clocks_say(store: CohortStore) -> None:
    begin(store, "a")
    later_ms = time.time_ns() // 1_000_000 + 60_000
    begin_again(store, "b", as_of=later_ms)
    assert cancelled(store)[1] == later_ms
    with pytest.raises(CohortCancelledError):
        begin_again(store, "c", as_of=later_ms)


def test_who_asked_before_a_cancel_stays_cancelled_though_the_cohort_goes_on(store: CohortStore) -> None:
    begin(store, "a")
    cohort, at_ms = cancelled(store)
    reopened = store.reopen(cohort, at_ms + 1)
    assert (reopened.state, reopened.cancelled_at, reopened.reopened_at) == ("ACTIVE", at_ms, at_ms + 1)
    assert store.cohort(COHORT.name) == reopened
    with pytest.raises(CohortCancelledError):
        begin_again(store, "b", as_of=at_ms)
    begin_again(store, "b", as_of=at_ms + 1)
    assert counts(store) == {RUNNING: 2}
    assert reopened.refuses(at_ms)
    assert not reopened.refuses(at_ms + 1)


def test_a_sample_counts_as_noted_no_sooner_than_it_was_asked_for(store: CohortStore) -> None:
    begin(store, "a")
    later_ms = time.time_ns() // 1_000_000 + 60_000
    (noted,) = store.begin(Block(COHORT, [Start("b", "{}")], later_ms), later_ms - 60_000)
    assert noted.started_at == later_ms
    assert store.sample(COHORT.name, "b") == noted


def test_a_cohort_that_was_reopened_can_be_cancelled_before_anything_started(store: CohortStore) -> None:
    begin(store, "a")
    cohort, at_ms = cancelled(store)
    store.reopen(cohort, at_ms + 60_000)
    again, again_at_ms = cancelled(store)
    assert (again.state, again_at_ms) == ("CANCELLED", at_ms + 60_000)
    with pytest.raises(CohortCancelledError):
        begin_again(store, "b", as_of=at_ms + 60_000)


def test_an_item_of_the_former_version_is_read(aws: LocalAws, unique: str) -> None:
    dynamodb = aws.client("dynamodb")
    store = DynamoCohortStore(dynamodb, create_table(dynamodb, TEMPLATE, "CohortTable", name=unique))
    begin(store, "a")
    assert "reopenedAt" not in dynamodb.scan(TableName=unique)["Items"][0]
    cohort = store.cohort(COHORT.name)
    assert cohort is not None
    assert (cohort.state, cohort.cancelled_at, cohort.reopened_at) == ("ACTIVE", None, None)


def test_there_is_nothing_to_cancel_in_an_unknown_cohort(store: CohortStore) -> None:
    assert store.cancel("nobodys") is None
    assert store.cohort("nobodys") is None
    assert list(store.samples("nobodys")) == []


def test_running_samples_come_in_the_order_of_their_last_looks(store: CohortStore) -> None:
    begin(store, "late", now_ms=4000)
    begin(store, "early", now_ms=2000)
    (over,) = begin(store, "over", now_ms=1000)
    store.note_ends([end_of(over)])
    begin(store, "fresh", now_ms=9000)
    assert list(store.running_samples(8000)) == [
        RunningSample(COHORT.name, "early", 2000),
        RunningSample(COHORT.name, "late", 4000),
    ]


def test_of_two_reconcilers_one_gets_a_sample(store: CohortStore) -> None:
    begin(store, "a")
    (due,) = store.running_samples(8000)
    with ThreadPoolExecutor(4) as pool:
        claims = list(pool.map(lambda now_ms: store.claim(due, now_ms), range(5000, 5004)))
    (claimed,) = [claim for claim in claims if claim is not None]
    assert claimed.name == "a"
    (seen,) = store.running_samples(8000)
    assert seen.looked_at == claimed.looked_at


def test_an_ended_sample_is_not_claimed(store: CohortStore) -> None:
    (a,) = begin(store, "a")
    (due,) = store.running_samples(8000)
    store.note_ends([end_of(a)])
    assert store.claim(due, 5000) is None


def test_counts_stay_right_however_many_write_at_once(store: CohortStore) -> None:
    names = [f"s{number:03}" for number in range(120)]
    store.create(COHORT)

    def start_and_end(part: int) -> int:
        mine = names[part * 20 : part * 20 + 20]
        # each block overlaps with the next one's first half
        begun = begin(store, *names[part * 20 : part * 20 + 30])
        return store.note_ends([end_of(sample) for sample in begun if sample.name in mine])

    with ThreadPoolExecutor(6) as pool:
        noted = sum(pool.map(start_and_end, range(6)))
    assert noted == 120
    assert counts(store) == {SUCCEEDED: 120}
