"""The judge of copies, and of jobs whose answers were lost."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from sluice.tasks.model import task_key
from tests.simulation.copy_invariants import CopyJudge
from tests.simulation.invariants import COPY, LEFT_COPY, NEEDLESS, UNKNOWN
from tests.simulation.kernel.world import MICROSECONDS, START_US, Process
from tests.unit.simulation.building import acted, pass_time, world

KEY = task_key("token")
SUBMISSION = {
    "jobName": "align-1",
    "jobDefinition": "definition",
    "parameters": {"taskKey": KEY, "taskJob": "align"},
}
LIST: dict[str, Any] = {"filters": []}
NOTE = {"TableName": "TaskTable"}


def job(job_id: str, here: Any, *, shown: float = 0) -> Any:
    made = SimpleNamespace(job_id=job_id, token="token", task_job="align", ended=False)
    made.created, made.shown = here.now, here.now + round(shown * MICROSECONDS)
    return made


def item(**noted: Any) -> dict[str, Any]:
    known = {name: {"S": value} for name, value in noted.items()}
    return {
        "taskToken": {"S": KEY},
        "state": {"S": "OPEN"},
        "heartbeatAt": {"N": str(START_US // 1000)},
        "jobs": {"M": {"align": {"M": known}}},
    }


class Watched:
    """A judge, and a process that submits, lists and notes."""

    def __init__(self, *job_ids: str, shown: float = 0) -> None:
        here = world()
        jobs = {job_id: job(job_id, here, shown=shown) for job_id in job_ids}
        stack: Any = SimpleNamespace(
            world=here,
            watchers=[],
            network=SimpleNamespace(hearers=[]),
            batch=SimpleNamespace(jobs=jobs, by_name={"align-1": list(jobs.values())}),
            tables={"TaskTable": SimpleNamespace(items={(KEY,): item()})},
            profile=SimpleNamespace(copies=False),
            plan=SimpleNamespace(outages=[]),
            environment={"TAKEOVER_SECONDS": "300"},
        )
        self.stack = stack
        self.judge = CopyJudge(stack)
        self.judge.begin()
        self.process = Process(here, "poller")

    def hear(self, request: dict[str, Any], answer: dict[str, Any]) -> None:
        self.stack.network.hearers[0](request, answer)

    def lose_answer(self) -> None:
        self.stack.watchers[0]("SubmitJob", SUBMISSION, self.process)
        self.hear(SUBMISSION, {})

    def list_both(self) -> None:
        listed = [{"jobId": job_id, "jobName": "align-1"} for job_id in self.stack.batch.jobs]
        self.hear(LIST, {"jobSummaryList": listed})

    def note_anothers(self) -> None:
        self.stack.watchers[0]("SubmitJob", SUBMISSION, self.process)
        self.hear(SUBMISSION, {"jobId": "copy"})
        self.hear(NOTE, {"Attributes": item(jobId="job")})

    def after(self, seconds: float, act: Any) -> list[str]:
        acted(self.stack.world, act, self.process)
        pass_time(self.stack.world, seconds)
        found = [each.invariant for each in self.judge.verdict()]
        return [each for each in found if each in (LEFT_COPY, UNKNOWN)]


@pytest.mark.parametrize("notice", ["list_both", "note_anothers"])
@pytest.mark.parametrize(("stopped", "found"), [(True, []), (False, [LEFT_COPY])])
def test_a_copy_that_was_noticed_is_to_end_within_a_minute(
    notice: str, stopped: bool, found: list[str]
) -> None:
    watched = Watched("job", "copy")
    watched.stack.batch.jobs["copy"].ended = stopped
    assert watched.after(61, getattr(watched, notice)) == found


def test_who_stood_still_may_stop_a_copy_afterwards_and_who_died_is_excused() -> None:
    watched = Watched("job", "copy")

    def act() -> None:
        watched.list_both()
        watched.stack.world.freeze(watched.process, 100)

    assert watched.after(150, act) == []
    assert watched.after(11, lambda: None) == [LEFT_COPY]
    died = Watched("job", "copy")
    died.stack.world.after(1, setattr, died.process, "dead", True)
    assert died.after(61, died.list_both) == []


@pytest.mark.parametrize(("shown", "found"), [(6, [UNKNOWN]), (8, [])])
def test_a_job_that_is_listed_in_time_is_to_be_known_within_two_minutes(
    shown: float, found: list[str]
) -> None:
    watched = Watched("job", shown=shown)
    assert watched.after(121, watched.lose_answer) == found


@pytest.mark.parametrize(("owned_seconds", "found"), [(100, [UNKNOWN]), (280, [])])
def test_an_answer_that_is_lost_at_the_end_of_the_owners_time_is_the_next_owners(
    owned_seconds: int, found: list[str]
) -> None:
    watched = Watched("job")
    watched.stack.world.now += owned_seconds * MICROSECONDS
    watched.stack.batch.jobs["job"] = lost = job("job", watched.stack.world)
    watched.stack.batch.by_name["align-1"] = [lost]
    assert watched.after(121, watched.lose_answer) == found


def test_a_job_is_known_once_its_id_is_noted() -> None:
    watched = Watched("job")
    watched.stack.tables["TaskTable"].items[KEY,] = item(jobId="job")
    assert watched.after(121, watched.lose_answer) == []


def test_who_could_not_list_jobs_is_excused() -> None:
    watched = Watched("job")

    def act() -> None:
        watched.lose_answer()
        watched.stack.world.now += 1
        watched.hear(LIST, {})

    assert watched.after(121, act) == []


@pytest.mark.parametrize(
    ("answered", "shown", "found"),
    [(False, 900, COPY), (False, 60, NEEDLESS), (True, 900, NEEDLESS)],
)
def test_of_a_job_without_an_answer_that_no_list_shows_nobody_could_know(
    answered: bool, shown: float, found: str
) -> None:
    watched = Watched("job", "copy", shown=shown)
    watched.stack.batch.jobs["copy"].created += 300 * MICROSECONDS
    if answered:
        watched.after(1, lambda: watched.hear(SUBMISSION, {"jobId": "job"}))
    assert {each.invariant for each in watched.judge.verdict()} == {found}


@pytest.mark.parametrize(("ends", "found"), [(900, []), (-1, [UNKNOWN])])
def test_an_id_that_cannot_be_noted_need_not_be(ends: float, found: list[str]) -> None:
    watched = Watched("job", shown=6)
    begins = watched.stack.world.now - 10 * MICROSECONDS
    outage = SimpleNamespace(operation="UpdateItem", begins=begins, applies=lambda _: True)
    outage.ends = watched.stack.world.now + round(ends * MICROSECONDS)
    watched.stack.plan.outages.append(outage)
    assert watched.after(121, watched.lose_answer) == found


def test_a_job_of_a_task_without_an_item_is_not_this_judge_s() -> None:
    watched = Watched("job")
    watched.stack.tables["TaskTable"].items.clear()
    assert watched.after(600, watched.lose_answer) == []
