"""`job-poller`: submit, wait, describe, choose, as AWS's sample project "Poll for job status" does it.

States, waiting time and retries are the sample's: 60 s between two looks, and each call tried four times,
after 1, 2 and 4 s. https://docs.aws.amazon.com/step-functions/latest/dg/sample-project-job-poller.html

The sample calls Batch from two Lambda functions and says that it can be done without. Here Step Functions
calls Batch itself, which is faster and costs less than the sample: no function is billed or has to start.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.cohort import JOBS_PER_SAMPLE, Cohort
from bench.contenders.contender import Ended
from bench.contenders.sleep_jobs import SleepJob, add_queue, add_sleep_job
from bench.contenders.workflows import run_workflows
from sluice_local.server import LocalAws

WAIT_SECONDS = 60
"""The sample's `wait_time`."""

RETRY = [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 1, "MaxAttempts": 3, "BackoffRate": 2.0}]

_SUBMIT = "arn:aws:states:::aws-sdk:batch:submitJob"
_DESCRIBE = "arn:aws:states:::aws-sdk:batch:describeJobs"


@dataclass(frozen=True)
class JobPoller:
    """Polls each job's status from the state machine."""

    name: str = "job-poller"
    wait_seconds: int = WAIT_SECONDS

    def run(self, aws: LocalAws, cohort: Cohort, folder: Path) -> Ended:  # noqa: ARG002 - the port's signature
        """Take the cohort through one state machine of three loops."""
        job = add_sleep_job(aws, add_queue(aws))
        note = f"a look every {self.wait_seconds} s; Batch called by Step Functions itself"
        return run_workflows(aws, definition(job, self.wait_seconds), cohort, note=note)


def definition(job: SleepJob, wait_seconds: int) -> dict[str, Any]:
    """Write the state machine: the sample's five states for each of a sample's jobs, one after the other."""
    states: dict[str, Any] = {
        "Job Failed": {
            "Type": "Fail",
            "Cause": "AWS Batch Job Failed",
            "Error": "DescribeJobs returned FAILED",
        }
    }
    for number in range(JOBS_PER_SAMPLE):
        states |= _loop(number, job, wait_seconds)
    return {"StartAt": "Submit Job 1", "States": states}


def _loop(number: int, job: SleepJob, wait_seconds: int) -> dict[str, Any]:
    step = number + 1
    is_last = step == JOBS_PER_SAMPLE
    then = {"End": True} if is_last else {"Next": f"Submit Job {step + 1}"}
    return {
        f"Submit Job {step}": {
            "Type": "Task",
            "Resource": _SUBMIT,
            "Parameters": {
                "JobName.$": f"States.Format('{{}}-{step}', $.sample)",
                "JobQueue": job.queue,
                "JobDefinition": job.definition,
                "Parameters": {"sample.$": "$.sample", "seconds.$": f"$.seconds[{number}]"},
            },
            "ResultSelector": {"id.$": "$.JobId"},
            "ResultPath": "$.guid",
            "Retry": RETRY,
            "Next": f"Wait X Seconds {step}",
        },
        f"Wait X Seconds {step}": {
            "Type": "Wait",
            "Seconds": wait_seconds,
            "Next": f"Get Job Status {step}",
        },
        f"Get Job Status {step}": _describe(Next=f"Job Complete? {step}"),
        f"Job Complete? {step}": {
            "Type": "Choice",
            "Choices": [
                {"Variable": "$.status.is", "StringEquals": "FAILED", "Next": "Job Failed"},
                {
                    "Variable": "$.status.is",
                    "StringEquals": "SUCCEEDED",
                    "Next": f"Get Final Job Status {step}",
                },
            ],
            "Default": f"Wait X Seconds {step}",
        },
        f"Get Final Job Status {step}": _describe(**then),
    }


def _describe(**transition: Any) -> dict[str, Any]:
    return {
        "Type": "Task",
        "Resource": _DESCRIBE,
        "Parameters": {"Jobs.$": "States.Array($.guid.id)"},
        "ResultSelector": {"is.$": "$.Jobs[0].Status"},
        "ResultPath": "$.status",
        "Retry": RETRY,
        **transition,
    }
