"""All jobs together: slots, queues, dependencies, arrays, stopping."""

import dataclasses
import threading
from dataclasses import dataclass, field
from typing import Any

import pytest

from sluice_local.batch.backend import Backend, Surroundings
from sluice_local.batch.capacity.room import Lack, Room
from sluice_local.batch.model import Exit, Job, JobStatus, Scope
from sluice_local.batch.requests import Target
from sluice_local.quotas import Quota
from tests.support.building import eventually
from tests.unit.local_batch.building import QUEUE_ARN, REQUEST, SCOPE, target

URGENT_ARN = SCOPE.arn("job-queue/urgent")


@dataclass
class Outside:
    """What the backend did outside itself, and which queues it may serve."""

    published: list[Job] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)
    serving: list[str] = field(default_factory=lambda: [URGENT_ARN, QUEUE_ARN])

    def surroundings(self) -> Surroundings:
        return Surroundings(self.published.append, self.stopped.append, lambda: self.serving)

    def statuses(self, job_id: str) -> list[str]:
        return [job.status.value for job in self.published if job.spec.job_id == job_id]


@pytest.fixture
def outside() -> Outside:
    return Outside()


@pytest.fixture
def backend(outside: Outside) -> Backend:
    return Backend(outside.surroundings(), Room(100))


def submit(backend: Backend, name: str = "a", queue_arn: str = QUEUE_ARN, **request: Any) -> str:
    destination = Target(SCOPE, queue_arn, target().definition)
    return backend.submit({**REQUEST, "jobName": name, **request}, destination).spec.job_id


def place(backend: Backend) -> str:
    job = backend.next_placed()
    assert job is not None
    backend.started(job.spec.job_id)
    return job.spec.job_id


def finish(backend: Backend, exit_code: int = 0) -> str:
    job_id = place(backend)
    backend.exited(job_id, Exit(exit_code))
    return job_id


def job(backend: Backend, job_id: str) -> Job:
    return backend.find([job_id], SCOPE)[0]


def drain(backend: Backend, exit_code: int = 0) -> list[str]:
    """Run whatever can run, until the backend has nothing more; tell the ids in their order."""
    order = []
    while any(one.status in {"SUBMITTED", "RUNNABLE"} and not one.is_array_parent for one in backend.jobs()):
        order.append(finish(backend, exit_code))
    return order


def test_a_job_without_dependencies_goes_through_its_states_in_order(
    backend: Backend, outside: Outside
) -> None:
    job_id = submit(backend)
    assert job(backend, job_id).status is JobStatus.SUBMITTED
    finish(backend)
    assert outside.statuses(job_id) == ["RUNNABLE", "STARTING", "RUNNING", "SUCCEEDED"]


def test_the_first_submitted_runs_first_and_an_urgent_queue_goes_before(backend: Backend) -> None:
    first, second = submit(backend, "first"), submit(backend, "second")
    urgent = submit(backend, "urgent", URGENT_ARN)
    assert drain(backend) == [urgent, first, second]


def test_no_more_jobs_are_placed_than_there_are_slots(outside: Outside) -> None:
    backend = Backend(outside.surroundings(), Room(2))
    for name in "abc":
        submit(backend, name)
    running = [place(backend), place(backend)]
    placed: list[str] = []
    third = threading.Thread(target=lambda: placed.append(place(backend)))
    third.start()
    assert [one.status.value for one in backend.jobs()].count("RUNNING") == 2
    backend.exited(running[0], Exit(0))
    third.join(10)
    assert len(placed) == 1


def test_a_queue_that_is_not_served_keeps_its_jobs_runnable_until_it_is(
    backend: Backend, outside: Outside
) -> None:
    outside.serving = [URGENT_ARN]
    held, other = submit(backend, "held"), submit(backend, "other", URGENT_ARN)
    assert finish(backend) == other
    assert job(backend, held).status is JobStatus.RUNNABLE
    outside.serving.append(QUEUE_ARN)
    backend.wake()
    assert finish(backend) == held


def test_a_dependent_job_waits_for_the_last_of_its_dependencies(backend: Backend, outside: Outside) -> None:
    first, second = submit(backend, "first"), submit(backend, "second")
    last = submit(backend, "last", dependsOn=[{"jobId": first}, {"jobId": second}])
    assert drain(backend) == [first, second, last]
    assert outside.statuses(last)[0] == "PENDING"


def test_a_failed_job_fails_the_jobs_after_it_one_after_the_other(backend: Backend) -> None:
    first = submit(backend, "first")
    second = submit(backend, "second", dependsOn=[{"jobId": first}])
    third = submit(backend, "third", dependsOn=[{"jobId": second}])
    assert drain(backend, exit_code=1) == [first]
    assert [job(backend, one).status_reason for one in (second, third)] == ["Dependent Job failed"] * 2


def test_dependencies_that_have_ended_are_looked_at_when_a_job_is_submitted(backend: Backend) -> None:
    good, bad = submit(backend, "good"), submit(backend, "bad")
    finish(backend)
    finish(backend, 1)
    after_good = submit(backend, "after-good", dependsOn=[{"jobId": good}])
    after_bad = submit(backend, "after-bad", dependsOn=[{"jobId": bad}])
    assert drain(backend) == [after_good]
    assert job(backend, after_bad).status is JobStatus.FAILED


def test_a_dependency_that_nobody_knows_fails_the_job_instead_of_running_it(backend: Backend) -> None:
    lost = submit(backend, "lost", dependsOn=[{"jobId": "no-such-job"}])
    submit(backend, "other")
    finish(backend)
    assert job(backend, lost).status_reason == "Dependent Job failed"


def test_a_retried_job_runs_again_and_keeps_both_attempts(backend: Backend, outside: Outside) -> None:
    job_id = submit(backend, retryStrategy={"attempts": 2})
    finish(backend, 1)
    finish(backend, 0)
    assert [attempt.exit.exit_code for attempt in job(backend, job_id).attempts] == [1, 0]
    assert outside.statuses(job_id).count("RUNNABLE") == 2
    assert outside.statuses(job_id)[-1] == "SUCCEEDED"


def test_an_array_runs_its_children_and_ends_with_the_last(backend: Backend, outside: Outside) -> None:
    parent = submit(backend, arrayProperties={"size": 3})
    assert [finish(backend) for _ in range(3)] == [f"{parent}:{index}" for index in range(3)]
    assert outside.statuses(parent) == ["PENDING", "SUCCEEDED"]
    assert job(backend, parent).children[JobStatus.SUCCEEDED] == 3
    assert [one.spec.array_index for one in backend.array_jobs(parent)] == [0, 1, 2]
    assert [one.spec.job_id for one in backend.queue_jobs(QUEUE_ARN)] == [parent]


def test_an_array_with_a_failed_child_fails_but_not_before_the_others_ended(backend: Backend) -> None:
    parent = submit(backend, arrayProperties={"size": 2})
    finish(backend, 1)
    assert job(backend, parent).status is JobStatus.PENDING
    finish(backend, 0)
    assert job(backend, parent).status is JobStatus.FAILED


def test_sequential_children_run_one_after_the_other(backend: Backend) -> None:
    parent = submit(backend, arrayProperties={"size": 3}, dependsOn=[{"type": "SEQUENTIAL"}])
    assert place(backend) == f"{parent}:0"
    assert [one.status.value for one in backend.array_jobs(parent)] == ["RUNNING", "PENDING", "PENDING"]
    backend.exited(f"{parent}:0", Exit(0))
    assert finish(backend) == f"{parent}:1"


def test_n_to_n_children_follow_their_counterparts(backend: Backend) -> None:
    first = submit(backend, "first", arrayProperties={"size": 2})
    after = {"jobId": first, "type": "N_TO_N"}
    second = submit(backend, "second", arrayProperties={"size": 2}, dependsOn=[after])
    place(backend)
    other = place(backend)
    backend.exited(other, Exit(0))
    assert other == f"{first}:1"
    assert place(backend) == f"{second}:1"


def test_a_cancelled_job_in_the_queue_is_passed_over(backend: Backend) -> None:
    first, second = submit(backend, "first"), submit(backend, "second")
    backend.cancel(first, "not needed")
    assert finish(backend) == second
    assert (job(backend, first).status, job(backend, first).is_cancelled) == (JobStatus.FAILED, True)


def test_terminating_a_running_job_stops_its_program_once(backend: Backend, outside: Outside) -> None:
    job_id = submit(backend, retryStrategy={"attempts": 3})
    place(backend)
    backend.terminate(job_id, "stop it")
    backend.terminate(job_id, "again")
    backend.exited(job_id, Exit(143))
    assert outside.stopped == [job_id]
    assert (job(backend, job_id).status, job(backend, job_id).status_reason) == (JobStatus.FAILED, "stop it")


def test_terminating_an_array_ends_its_children_even_before_they_exist(backend: Backend) -> None:
    parent = submit(backend, arrayProperties={"size": 3})
    backend.terminate(parent, "stop it")
    assert {one.status_reason for one in backend.array_jobs(parent)} == {"stop it"}
    assert (job(backend, parent).status, job(backend, parent).is_terminated) == (JobStatus.FAILED, True)


def test_one_child_is_found_and_terminated_alone_even_before_the_scheduler_has_looked(
    backend: Backend, outside: Outside
) -> None:
    parent = submit(backend, arrayProperties={"size": 3})
    assert job(backend, f"{parent}:1").status is JobStatus.RUNNABLE
    backend.terminate(f"{parent}:1", "stop it")
    assert [one.status_reason for one in backend.array_jobs(parent)] == [None, "stop it", None]
    assert outside.statuses(f"{parent}:1") == ["RUNNABLE", "FAILED"]
    drain(backend)
    counts = job(backend, parent).children
    assert (counts[JobStatus.SUCCEEDED], counts[JobStatus.FAILED]) == (2, 1)
    assert job(backend, parent).status is JobStatus.FAILED
    # a child's last event comes before its parent's
    assert outside.published[-1].spec.job_id == parent


def test_deleting_a_queue_ends_its_jobs(backend: Backend) -> None:
    job_id = submit(backend)
    backend.terminate_queue(QUEUE_ARN, "Job queue deleted")
    assert job(backend, job_id).status_reason == "Job queue deleted"


def test_jobs_of_another_region_are_not_found(backend: Backend) -> None:
    assert backend.find([submit(backend)], Scope("000000000000", "eu-west-1")) == []


def test_a_closed_backend_places_nothing_more(backend: Backend) -> None:
    submit(backend)
    backend.close()
    assert backend.next_placed() is None


def blocking(outside: Outside, blocked: set[str]) -> Backend:
    surroundings = outside.surroundings()
    return Backend(
        dataclasses.replace(
            surroundings, blocked_by=lambda it: "TOO BIG" if it.spec.job_id in blocked else None
        ),
        Room(100),
    )


def test_a_blocked_job_tells_why_holds_up_no_other_and_runs_once_unblocked(outside: Outside) -> None:
    # GIVEN two jobs of which the first fits no compute environment
    blocked: set[str] = set()
    backend = blocking(outside, blocked)
    first, second = submit(backend, "big"), submit(backend)
    blocked.add(first)
    # WHEN jobs are placed, THEN it stays behind with its reason
    assert finish(backend) == second
    assert (job(backend, first).status, job(backend, first).status_reason) == (JobStatus.RUNNABLE, "TOO BIG")
    # and runs when it is let
    blocked.clear()
    backend.unblock(first)
    assert finish(backend) == first
    assert job(backend, first).status is JobStatus.SUCCEEDED


def test_a_blocked_job_can_be_stopped_and_is_not_placed_afterwards(outside: Outside) -> None:
    blocked: set[str] = set()
    backend = blocking(outside, blocked)
    first, second = submit(backend), submit(backend)
    blocked.add(first)
    finish(backend)
    backend.cancel(first, "enough")
    blocked.clear()
    backend.unblock(first)
    third = submit(backend)
    assert finish(backend) == third
    assert (job(backend, first).status, job(backend, first).status_reason) == (JobStatus.FAILED, "enough")
    assert job(backend, second).status is JobStatus.SUCCEEDED


def test_a_forgotten_job_is_found_by_nobody_and_frees_its_slot(outside: Outside) -> None:
    # GIVEN one slot, in use
    backend = Backend(outside.surroundings(), Room(1))
    running = submit(backend)
    waiting = submit(backend, "b")
    place(backend)
    published = len(outside.published)
    # WHEN the job that has it is forgotten, THEN its program is ended, and nothing is told
    backend.forget(running)
    assert outside.stopped == [running]
    assert backend.find([running], SCOPE) == []
    assert [each.spec.job_id for each in backend.forgotten()] == [running]
    assert backend.queue_jobs(QUEUE_ARN) == [job(backend, waiting)]
    backend.exited(running, Exit(137))
    assert len(outside.published) == published
    assert finish(backend) == waiting


def test_a_job_is_forgotten_before_it_was_looked_at_or_placed(backend: Backend, outside: Outside) -> None:
    first, second, last = submit(backend, "a"), submit(backend, "b"), submit(backend, "c")
    backend.forget(first)
    place(backend)
    backend.forget(last)
    backend.forget("never-heard-of")
    assert [each.spec.job_id for each in backend.jobs()] == [second]
    assert outside.stopped == []


def test_a_forgotten_array_takes_its_children_along(backend: Backend) -> None:
    parent = submit(backend, arrayProperties={"size": 2})
    backend.forget(parent)
    assert backend.jobs() == []


def test_jobs_wait_for_a_launch_of_fargate_and_start_when_it_is_due(outside: Outside) -> None:
    backend = on_fargate(outside, Quota(1, 50))
    ids = [submit(backend, name) for name in "abc"]
    assert [place(backend) for _ in ids] == ids


def on_fargate(outside: Outside, launches: Quota) -> Backend:
    fargate = {"computeEnvironmentArn": "spot", "computeResources": {"type": "FARGATE_SPOT"}}
    surroundings = dataclasses.replace(outside.surroundings(), environments_of=lambda _: (fargate,))
    return Backend(surroundings, Room(100, launches))


def test_it_says_what_jobs_wait_for_as_long_as_one_does(outside: Outside) -> None:
    backend = on_fargate(outside, Quota(1, 0.001))
    place_one, waits = submit(backend, "a"), submit(backend, "b")
    assert place(backend) == place_one
    looking = threading.Thread(target=backend.next_placed)
    looking.start()
    eventually(lambda: backend.lacks() == [Lack.LAUNCHES])
    backend.terminate(waits, "enough")
    assert backend.lacks() == []
    backend.close()
    looking.join()
