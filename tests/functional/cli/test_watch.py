"""What `sluice watch` says of a cohort's last samples."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sluice.cohorts.model import SampleStatus
from tests.functional.cli.cohort_aws import cohort_of
from tests.functional.cli.fakes import (
    NOW_MS,
    Clock,
    denied,
    job_id,
    keyed,
    of_execution,
    run,
    still_running,
)


def test_it_says_what_the_last_samples_wait_for_and_gives_no_time_for_them() -> None:
    aws = cohort_of(*(f"NA{number}" for number in range(1, 6)))
    aws.end([f"NA{number}" for number in range(1, 4)], SampleStatus.SUCCEEDED)
    found = still_running("Job.Failed")
    job = {"jobId": job_id(found, "align"), "status": "RUNNABLE", "statusReason": "no room", "createdAt": 1}
    of_it = of_execution(found)
    asked_ms: list[int] = []

    class Patient(Clock):
        """One sample ends at once, the last one after two minutes."""

        def sleep(self, seconds: float) -> None:
            super().sleep(seconds)
            aws.end(["NA4"], SampleStatus.SUCCEEDED)
            if self.slept_seconds >= 120:
                aws.end(["NA5"], SampleStatus.SUCCEEDED)

    clock = Patient()

    def describe_jobs(**_: Any) -> dict[str, Any]:
        asked_ms.append(clock.now_ms() - NOW_MS)
        return {"jobs": [job]}

    api = replace(aws.api(), task_table=of_it.task_table)
    other = {"stepfunctions.describe_execution": found.execution, "batch.describe_jobs": describe_jobs}
    api.answers = {**of_it.answers, **api.answers, **keyed(other)}

    result = run(api, "watch", "run-42", clock=clock)
    assert result.exit_code == 0, result.output
    assert min(asked_ms) >= 60_000
    lines = result.stdout.splitlines()
    says = "in state Align, job align is RUNNABLE, submitted at 00:00:00 UTC (no room)"
    assert [line for line in lines if line.startswith("waiting:")] == [f"waiting: NA5: {says}"]
    left = "1 sample left; the last one ended less than 1 s ago"
    assert f"run-42: 4 of 5 samples have ended; under way; {left}" in lines


def test_who_may_not_read_histories_can_look_on_all_the_same() -> None:
    aws = cohort_of("NA1")

    class Patient(Clock):
        """The sample ends after half a minute."""

        def sleep(self, seconds: float) -> None:
            super().sleep(seconds)
            if self.slept_seconds >= 30:
                aws.end(["NA1"], SampleStatus.SUCCEEDED)

    api = aws.api()
    api.answers |= keyed({"stepfunctions.describe_execution": denied("DescribeExecution")})
    result = run(api, "watch", "run-42", clock=Patient())
    assert result.exit_code == 0, result.output
    assert "run-42: 1 of 1 samples have ended; over" in result.stdout
