"""How the `.sync` form learns of a job's end."""

from dataclasses import replace
from itertools import islice

from sluice_local.batch.model import JobStatus
from sluice_local.engine.stepfunctions.batch_integration import JobEnds, poll_intervals
from tests.unit.local_batch.building import a_job


def test_only_the_end_of_the_awaited_job_wakes_who_waits_for_it() -> None:
    ends, job = JobEnds(), a_job()
    with ends.awaiting(job.spec.job_id) as ended:
        ends.note(replace(job, status=JobStatus.RUNNING))
        assert not ended.is_set()
        ends.note(replace(job, status=JobStatus.SUCCEEDED))
        assert ended.is_set()
    ends.note(replace(job, status=JobStatus.SUCCEEDED))
    assert not ends.waiting


def test_polls_come_every_minute_and_after_ten_minutes_every_five() -> None:
    assert list(islice(poll_intervals(), 12)) == [60.0] * 10 + [300.0] * 2
