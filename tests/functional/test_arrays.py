"""Tasks that share an array: submitted together, lost in between, heard of, stopped and looked for."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

import pytest

from handle_job_status.app import handle
from sluice.errors import DeniedError, RejectedError, ServiceError, ThrottledError, UnclearError
from sluice.tasks.contract import parse_task
from sluice.tasks.model import Failed, Place, Submitted, Succeeded, TaskState, Turn, task_key
from sluice.tasks.reconciliation import AUDIT_SECONDS, plan_run
from sluice.tasks.submission import LOOK_SECONDS, UnansweredError, job_name
from tests.support.builders import QUEUE, World, detail, job, task_text
from tests.support.building import eventually
from tests.support.fakes import START_US, FakeBatch

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sluice.tasks.model import JobRecord, TaskRecord

SOON_US = START_US + 200_000_000


def text(sample: str, **fields: Any) -> str:
    wanted = {"jobDefinition": "lowpass:3", "parameters": {"sample": sample, "panel": "chr20"}, **fields}
    return task_text(job("align", **wanted), vary=["sample"])


def accepted(world: World, token: str, **fields: Any) -> TaskRecord:
    """A task whose intent is written."""
    body = text(token, **fields)
    assert world.store.put_intent(parse_task(token, body), body, world.clock.now_ms())
    return world.store.records[token]


def together(
    world: World,
    records: Sequence[TaskRecord],
    meanwhile: Callable[[], None] = lambda: None,
    until_us: int = SOON_US,
    slot: Callable[[], int] | None = None,
) -> list[Any]:
    """Submits tasks that all wait while the first of them waits for its slot; returns their answers.

    An error that one of them raises is its answer. The others get their own slots, if any, from `slot`.
    """
    answers: dict[str, Any] = {}

    def submit(record: TaskRecord, take_slot: Callable[[], int | None]) -> None:
        try:
            answers[record.task.token] = world.together.submit(record, until_us, take_slot)
        except (ServiceError, UnansweredError) as error:
            answers[record.task.token] = error

    first, *others = records
    threads = [threading.Thread(target=submit, args=(each, slot or world.clock.now_us)) for each in others]

    def take_slot() -> int:
        if threads[0].ident:  # a second turn
            return world.clock.now_us()
        (group,) = world.together.groups._open.values()
        for thread in threads:
            thread.start()
        eventually(lambda: len(group.members) == len(records))
        meanwhile()
        return world.clock.now_us()

    submit(first, take_slot)
    for thread in threads:
        thread.join()
    return [answers[each.task.token] for each in records]


def shared(world: World, *tokens: str, **fields: Any) -> list[Any]:
    """Submits new tasks as one array."""
    return together(world, [accepted(world, token, **fields) for token in tokens])


def noted(world: World, *tokens: str) -> None:
    """Shares an array and notes the ids, as each task's thread does."""
    for token, answer in zip(tokens, shared(world, *tokens), strict=True):
        world.store.record_submitted(token, {"align": answer.job_id})


def child_event(world: World, index: int, status: str = "SUCCEEDED", **fields: Any) -> str:
    """Batch's event of a child of the only array."""
    (request,) = (each for each in world.batch.jobs.values() if "arrayProperties" in each)
    body = detail(f"{request['jobId']}:{index}", status, **fields)
    told = {"parameters": request["parameters"], "arrayProperties": {"index": index}}
    return event({**body, **told})


def parent_event(world: World, status: str = "SUCCEEDED") -> str:
    (request,) = (each for each in world.batch.jobs.values() if "arrayProperties" in each)
    told = {"parameters": request["parameters"], "arrayProperties": {"size": 2, "statusSummary": {}}}
    return event({**detail(request["jobId"], status), **told})


def event(body: Mapping[str, Any]) -> str:
    return json.dumps({"source": "aws.batch", "detail-type": "Batch Job State Change", "detail": body})


def hear(world: World, *events: str) -> None:
    """What handle_job_status does with events."""
    records = [{"messageId": str(number), "body": each} for number, each in enumerate(events)]
    answer = handle({"Records": records}, world.completer, world.telemetry, world.members)
    assert answer == {"batchItemFailures": []}


def next_owner(world: World) -> None:
    """A reconciler, when the tasks are due."""
    world.clock.sleep(301)
    world.reconciler.reconcile(plan_run(world.clock.now_us(), remaining_seconds=900))


def batch_names(world: World) -> list[str]:
    return [each["jobName"] for each in world.batch.jobs.values()]


# --------------------------------------------------------------------- submission


def test_tasks_that_wait_for_one_slot_are_one_submission_and_each_has_its_child() -> None:
    world = World()
    assert shared(world, "a", "b", "c") == [Submitted(f"job-0:{index}") for index in range(3)]
    assert world.batch.calls["SubmitJob"] == 1
    assert world.batch.jobs["job-0"]["arrayProperties"] == {"size": 3}
    assert world.telemetry.drain() == {"ArraysSubmitted": 1, "JobsSubmitted": 3}


def test_an_arrays_members_stand_in_the_table_before_batch_hears_of_it() -> None:
    seen: list[Any] = []

    class Looking(FakeBatch):
        def submit_job(self, request: Mapping[str, Any]) -> str:
            array = world.array_store.read(request["parameters"]["taskArray"])
            seen.append((array and array.keys, [world.store.records[each].place for each in "ab"]))
            return super().submit_job(request)

    world = World()
    world.batch = Looking(clock=world.clock)
    shared(world, "a", "b")
    ((keys, places),) = seen
    assert keys == {0: task_key("a"), 1: task_key("b")}
    assert [place and place.index for place in places] == [0, 1]


def test_no_token_and_no_key_of_a_task_stands_in_an_array() -> None:
    world = World()
    shared(world, "token-of-a", "token-of-b")
    said = json.dumps({**world.batch.jobs["job-0"], "containerOverrides": None})
    assert not any(
        word in said for each in ("a", "b") for word in (f"token-of-{each}", task_key(f"token-of-{each}"))
    )


def test_a_task_with_a_slot_of_its_own_is_submitted_as_ever() -> None:
    world = World()
    world.take("a", *json.loads(text("a"))["jobs"], vary=["sample"])
    assert batch_names(world) == [job_name("a", "align")]
    assert world.batch.jobs["job-0"]["parameters"]["sample"] == "a"
    assert (world.store.records["a"].place, world.array_store.arrays) == (None, {})


def test_on_fargate_each_task_goes_alone() -> None:
    world = World()
    world.launches.fargate = {QUEUE}
    assert world.together.submit(accepted(world, "a"), SOON_US, world.clock.now_us) is Turn.ALONE


def test_a_task_that_was_stopped_meanwhile_is_left_out() -> None:
    world = World()
    records = [accepted(world, token) for token in "abc"]
    answers = together(world, records, lambda: world.abandon(world.store.records["b"]))
    assert answers == [Submitted("job-0:0"), Turn.LEFT, Submitted("job-0:1")]
    assert world.store.records["b"].place is None
    assert world.batch.jobs["job-0"]["arrayProperties"] == {"size": 2}


def test_a_task_that_a_reconciler_has_claimed_meanwhile_is_left_out() -> None:
    world = World()
    records = [accepted(world, token) for token in "abc"]

    def claim() -> None:
        due = next(each for each in world.store.due_tasks(SOON_US // 1000) if each.token == "c")
        world.store.claim(due, world.clock.now_ms() + 1)

    assert together(world, records, claim) == [Submitted("job-0:0"), Submitted("job-0:1"), Turn.LEFT]


def test_of_two_of_which_one_is_left_out_the_other_goes_alone() -> None:
    world = World()
    records = [accepted(world, token) for token in "ab"]
    world.abandon(world.store.records["b"])
    assert together(world, records) == [Turn.SLOT, Turn.LEFT]
    assert (world.batch.calls["SubmitJob"], world.array_store.arrays) == (0, {})


def test_who_is_left_of_an_array_waits_for_a_slot_of_its_own_which_takes_another_look() -> None:
    world, slots = World(), list[int]()

    def slot() -> int:
        slots.append(world.clock.now_us())
        return slots[-1]

    records = [accepted(world, token) for token in "ab"]
    world.abandon(world.store.records["a"])
    assert together(world, records, slot=slot) == [Turn.LEFT, Turn.SLOT]
    assert len(slots) == 1


def test_a_throttled_array_lowers_the_rate_and_its_tasks_try_again() -> None:
    world = World()
    world.batch.answers.append(ThrottledError("429"))
    answers = shared(world, "a", "b")
    assert world.rates.states["SubmitJob"].rate_per_second < 50
    assert world.telemetry.drain()["SubmitThrottled"] == 1
    # each has gone on by itself or with the other, as their threads came
    assert {Turn.SLOT} == set(answers) or all(isinstance(each, Submitted) for each in answers)


@pytest.mark.parametrize(
    "error",
    [
        RejectedError("array jobs are not for this definition", "ClientException"),
        DeniedError("not authorized to perform: batch:SubmitJob", "AccessDeniedException"),
    ],
)
def test_what_batch_refuses_to_all_each_tries_alone(error: ServiceError) -> None:
    world = World()
    world.batch.answers.append(error)
    assert shared(world, "a", "b") == [Turn.ALONE, Turn.ALONE]


def test_after_a_lost_answer_the_array_is_found_by_its_name_for_all() -> None:
    world = World()
    world.batch.answers.append(UnclearError("read timeout"))
    world.batch.lost_answers = 1
    assert shared(world, "a", "b") == [Submitted("job-0:0"), Submitted("job-0:1")]
    assert (world.batch.calls["SubmitJob"], world.batch.calls["ListJobs"]) == (1, 1)


def test_after_an_unclear_answer_all_are_left_to_their_next_owner() -> None:
    world = World()
    world.batch.answers.append(UnclearError("reset"))
    answers = shared(world, "a", "b")
    assert [(type(each), str(each)) for each in answers] == [(UnansweredError, "reset")] * 2
    assert world.batch.calls["SubmitJob"] == 1


def test_a_table_that_fails_leaves_all_and_submits_nothing() -> None:
    world = World()
    records = [accepted(world, token) for token in "ab"]

    def fail(*_: object) -> list[Any]:
        raise UnclearError("the table fails")

    world.array_store.seal = fail  # type: ignore[method-assign,assignment]
    assert [str(each) for each in together(world, records)] == ["the table fails"] * 2
    assert world.batch.calls["SubmitJob"] == 0


def test_an_array_that_took_too_long_to_seal_is_not_submitted_in_its_old_slot() -> None:
    world = World()
    records = [accepted(world, token) for token in "ab"]
    usable = world.limit.usable_us / 1_000_000
    seal, due = world.array_store.seal, []

    def slow(*arguments: Any) -> list[Any]:
        due.append(world.clock.now_us())
        world.clock.sleep(usable + 0.001)
        return seal(*arguments)

    world.array_store.seal = slow  # type: ignore[method-assign,assignment]
    taken = world.rates.writes
    together(world, records)
    assert world.rates.writes == taken + 1  # another slot
    assert world.batch.calls["SubmitJob"] == 1


def test_an_array_is_not_submitted_when_the_time_of_one_of_its_tasks_is_over() -> None:
    world = World()
    records = [accepted(world, token) for token in "ab"]
    seal = world.array_store.seal

    def slow(*arguments: Any) -> list[Any]:
        held = seal(*arguments)
        world.clock.sleep(0.06)  # the slot may be used yet
        return held

    world.array_store.seal = slow  # type: ignore[method-assign,assignment]
    assert world.limit.usable_us > 60_000
    answers = together(world, records, until_us=START_US + 50_000)
    assert world.batch.calls["SubmitJob"] == 0
    assert not any(isinstance(each, Submitted) for each in answers)


def test_an_array_whose_decision_is_stale_is_not_submitted() -> None:
    world = World()
    records = [accepted(world, token) for token in "ab"]
    seal = world.array_store.seal

    def stand_still(*arguments: Any) -> list[Any]:
        held = seal(*arguments)
        world.clock.sleep(LOOK_SECONDS + 1)
        return held

    world.array_store.seal = stand_still  # type: ignore[method-assign,assignment]
    together(world, records)
    assert world.batch.calls["SubmitJob"] == 0


# --------------------------------------------------------------------- crashes


def sealed(world: World, *tokens: str) -> None:
    """Tasks whose poller died between the seal of their array and its submission, or right after that."""
    world.batch.answers.append(UnclearError("the process is killed"))
    shared(world, *tokens)
    world.batch.calls.clear()


def test_an_array_that_was_never_submitted_is_dissolved_and_each_task_goes_alone() -> None:
    world = World()
    sealed(world, "a", "b")
    next_owner(world)
    assert sorted(batch_names(world)) == sorted(job_name(token, "align") for token in "ab")
    assert {each["parameters"]["sample"] for each in world.batch.jobs.values()} == {"a", "b"}
    (array,) = world.array_store.arrays.values()
    assert (array.dissolved, array.job_id) == (True, None)


def test_an_array_whose_id_was_lost_is_looked_up_once_for_all_its_tasks() -> None:
    world = World()
    shared(world, "a", "b", "c")  # and nobody noted the ids
    world.batch.calls.clear()
    next_owner(world)
    assert list(world.batch.jobs) == ["job-0"]
    assert world.batch.calls["ListJobs"] == 1
    ids = [world.store.records[token].jobs["align"].job_id for token in "abc"]
    assert ids == ["job-0:0", "job-0:1", "job-0:2"]


def test_what_was_decided_of_an_array_holds_for_all_even_if_it_shows_up_later() -> None:
    class Late(FakeBatch):
        """ListJobs shows nothing at first."""

        def find_jobs(self, job_queue: str, job_name: str) -> list[JobRecord]:
            found = super().find_jobs(job_queue, job_name)
            return found if self.calls["ListJobs"] > 1 else []

    world = World()
    world.batch = Late(clock=world.clock)
    shared(world, "a", "b")
    world.batch.calls.clear()
    next_owner(world)
    assert sorted(batch_names(world)[1:]) == sorted(job_name(token, "align") for token in "ab")
    assert [world.store.records[token].jobs["align"].job_id for token in "ab"] == ["job-1", "job-2"]


def test_what_was_decided_of_an_array_holds_for_a_task_that_asks_later() -> None:
    world = World()
    shared(world, "a", "b")
    (array,) = world.array_store.arrays.values()
    world.array_store.decide(array.array_id, None)
    world.batch.calls.clear()
    next_owner(world)
    # each is looked up by its own name, and the array by nobody
    assert world.batch.calls["ListJobs"] == 2
    assert [world.store.records[token].jobs["align"].job_id for token in "ab"] == ["job-1", "job-2"]


def test_a_child_of_which_a_copy_was_submitted_meanwhile_is_stopped() -> None:
    world = World()
    record = accepted(world, "a")
    other = accepted(world, "b")
    thread = threading.Thread(target=world.together.submit, args=(other, SOON_US, world.clock.now_us))

    def slot(_: int | None = None) -> int:
        """The next owner of a thinks that nobody has submitted it, as the leader stands still."""
        (group,) = world.together.groups._open.values()
        thread.start()
        eventually(lambda: len(group.members) == 2)
        return world.clock.now_us()

    world.submit_limiter.slot = slot  # type: ignore[method-assign,assignment]
    submit_job = world.batch.submit_job

    def late(request: Mapping[str, Any]) -> str:
        world.store.record_submitted("a", {"align": "another"})
        return submit_job(request)

    world.batch.submit_job = late  # type: ignore[method-assign]
    world.submitter.begin(record, until_us=SOON_US)
    thread.join()
    assert world.batch.terminated == ["job-0:0"]
    assert world.store.records["a"].jobs["align"].job_id == "another"


def test_a_task_that_was_submitted_alone_after_its_array_is_found_by_its_own_name() -> None:
    world = World()
    sealed(world, "a", "b")
    world.take("c", *json.loads(text("c"))["jobs"], vary=["sample"])
    # the next owner of a dies between SubmitJob and the note of the id
    record_submitted = world.store.record_submitted
    world.store.record_submitted = lambda *_: None  # type: ignore[method-assign]
    next_owner(world)
    world.store.record_submitted = record_submitted  # type: ignore[method-assign]
    names = batch_names(world)
    next_owner(world)
    assert batch_names(world) == names
    assert world.store.records["a"].jobs["align"].job_id is not None


# --------------------------------------------------------------------- ends


def outcome(world: World, token: str) -> Succeeded | Failed:
    (only,) = world.activities.outcomes[token]
    return only


def test_each_childs_end_ends_its_own_task_under_its_own_error() -> None:
    world = World()
    noted(world, "a", "b", "c")
    oom = {"container": {"exitCode": 137, "reason": "OutOfMemoryError: Container killed"}}
    hear(world, child_event(world, 1, "FAILED", **oom), child_event(world, 0))
    first, second = outcome(world, "a"), outcome(world, "b")
    assert isinstance(first, Succeeded)
    assert json.loads(first.output)["jobs"]["align"]["jobId"] == "job-0:0"
    assert isinstance(second, Failed)
    assert (second.error, json.loads(second.cause)["jobId"]) == ("Job.OutOfMemory", "job-0:1")
    assert world.store.records["c"].state is TaskState.OPEN


def test_a_childs_end_counts_although_nobody_has_noted_its_id_yet() -> None:
    world = World()
    shared(world, "a", "b")
    hear(world, child_event(world, 1))
    assert isinstance(outcome(world, "b"), Succeeded)


def test_a_repeated_event_changes_nothing() -> None:
    world = World()
    noted(world, "a", "b")
    hear(world, child_event(world, 0), child_event(world, 0), child_event(world, 0, "FAILED"))
    assert isinstance(outcome(world, "a"), Succeeded)


@pytest.mark.parametrize("index", [2, 99, -1, "0", None])
def test_a_child_that_no_task_has_is_passed_over(index: Any) -> None:
    world = World()
    noted(world, "a", "b")
    hear(world, child_event(world, index))
    assert world.activities.outcomes == {}


def test_an_event_of_an_array_that_nobody_knows_is_passed_over() -> None:
    world = World()
    told = {"parameters": {"taskArray": "f" * 32}, "arrayProperties": {"index": 0}}
    hear(
        world, event({**detail("x:0"), **told}), event({**detail("x"), "parameters": {"taskArray": "f" * 32}})
    )
    assert world.telemetry.drain()["EventsIgnored"] == 2


def test_an_arrays_end_ends_no_task() -> None:
    world = World()
    shared(world, "a", "b")  # and nobody has noted the ids yet
    hear(world, parent_event(world, "FAILED"))
    assert world.activities.outcomes == {}
    assert all(world.store.records[each].state is TaskState.OPEN for each in "ab")


def test_after_an_arrays_end_batch_is_asked_about_the_children_of_which_no_event_came() -> None:
    world = World()
    noted(world, "a", "b")
    hear(world, child_event(world, 0), parent_event(world))
    world.batch.jobs["job-0:1"] = detail("job-0:1")
    next_owner(world)
    assert AUDIT_SECONDS < 301 < world.policy.overdue_seconds
    assert world.batch.calls["DescribeJobs"] == 1
    assert isinstance(outcome(world, "b"), Succeeded)
    assert world.telemetry.drain()["EventsMissed"] == 1


def test_nobody_is_asked_while_an_array_runs() -> None:
    world = World()
    noted(world, "a", "b")
    hear(world, child_event(world, 0))
    next_owner(world)
    assert world.batch.calls["DescribeJobs"] == 0


def test_a_stopped_workflow_stops_its_own_child() -> None:
    world = World()
    noted(world, "a", "b")
    world.abandon(world.store.records["b"])
    assert world.batch.terminated == ["job-0:1"]


def test_a_task_that_ended_before_its_id_was_noted_has_its_child_stopped() -> None:
    world = World()
    shared(world, "a", "b")
    world.abandon(world.store.records["b"])
    next_owner(world)
    assert world.batch.terminated == ["job-0:1"]


def test_the_short_form_tells_of_a_child_in_its_tasks_own_words() -> None:
    world = World()
    short = {"JobName": "align", "JobQueue": QUEUE, "JobDefinition": "lowpass:3", "Vary": ["sample"]}
    tokens = ["a", "b"]
    for token in tokens:
        body = json.dumps({**short, "Parameters": {"sample": token, "panel": "chr20"}})
        assert world.store.put_intent(parse_task(token, body), body, world.clock.now_ms())
    together(world, [world.store.records[token] for token in tokens])
    rows = world.batch.jobs["job-0"]["containerOverrides"]["environment"]
    hear(world, child_event(world, 1, container={"exitCode": 0, "environment": rows}))
    ended = outcome(world, "b")
    assert isinstance(ended, Succeeded)
    told = json.loads(ended.output)
    assert told["Parameters"] == {"sample": "b", "panel": "chr20"}
    assert told["Container"]["Environment"] == []
    assert told["JobId"] == "job-0:1"


def test_a_place_is_an_arrays_id_and_an_index() -> None:
    world = World()
    shared(world, "a", "b")
    place = world.store.records["b"].place
    assert place is not None
    assert world.members.member(place) == (task_key("b"), "align")
    assert world.members.member(Place(place.array_id, 7)) is None
