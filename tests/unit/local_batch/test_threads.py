"""The threads that place jobs and hand events on survive what goes wrong on them."""

import queue
from collections.abc import Callable

from sluice_local.batch.backend import Backend, Surroundings
from sluice_local.batch.capacity.room import Room
from sluice_local.batch.deliveries import Deliveries
from sluice_local.batch.model import Exit, Job, JobStatus
from sluice_local.batch.scheduler import Scheduler
from tests.unit.local_batch.building import REQUEST, a_job, target


class Runs:
    """Runs nothing: `good` jobs end well, any other is an accident."""

    def run(self, job: Job, on_started: Callable[[], None]) -> Exit:
        if job.spec.name != "good":
            raise RuntimeError("the disk is full")
        on_started()
        return Exit(0)


def test_a_job_that_cannot_be_run_fails_and_its_slot_comes_free() -> None:
    published: queue.SimpleQueue[Job] = queue.SimpleQueue()
    outside = Surroundings(published.put, lambda _job_id: None, lambda: [target().queue_arn])
    backend = Backend(outside, Room(1))
    Scheduler(backend, Runs())
    for name in ("bad", "good"):
        backend.submit({**REQUEST, "jobName": name}, target())
    ended: list[Job] = []
    while len(ended) < 2:
        job = published.get(timeout=10)
        ended += [job] if job.status.ended else []
    backend.close()
    assert [(job.spec.name, job.status) for job in ended] == [
        ("bad", JobStatus.FAILED),
        ("good", JobStatus.SUCCEEDED),
    ]
    assert "the disk is full" in str(ended[0].attempts[0].exit.reason)


def test_events_go_out_in_order_and_one_that_fails_does_not_stop_the_next() -> None:
    delivered: queue.SimpleQueue[str] = queue.SimpleQueue()

    def deliver(job: Job) -> None:
        if job.spec.job_id == "2":
            raise RuntimeError("the bus is down")
        delivered.put(job.spec.job_id)

    deliveries = Deliveries(deliver)
    for job_id in "123":
        deliveries.publish(a_job(job_id))
    assert [delivered.get(timeout=10) for _ in range(2)] == ["1", "3"]
