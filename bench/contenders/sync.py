"""`sync` and `sync-retry`: Step Functions' own integration, which waits for the job itself.

https://docs.aws.amazon.com/step-functions/latest/dg/connect-batch.html
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.cohort import JOBS_PER_SAMPLE, Cohort
from bench.contenders.contender import Ended
from bench.contenders.sleep_jobs import SleepJob, add_queue, add_sleep_job
from bench.contenders.workflows import run_workflows
from sluice_local.server import LocalAws

METAFLOW_RETRY: Mapping[str, object] = {
    "ErrorEquals": ["Batch.AWSBatchException"],
    "IntervalSeconds": 2,
    "BackoffRate": 2,
    "MaxDelaySeconds": 60,
    "MaxAttempts": 10,
    "JitterStrategy": "FULL",
}
"""What Metaflow writes into each Batch state so that throttled submissions are tried again.

https://github.com/Netflix/metaflow/blob/master/metaflow/plugins/aws/step_functions/step_functions.py
"""

_RESOURCE = "arn:aws:states:::batch:submitJob.sync"


@dataclass(frozen=True)
class Sync:
    """Lets Step Functions submit each job and wait for it."""

    name: str
    retry: Sequence[Mapping[str, object]] = ()

    def run(self, aws: LocalAws, cohort: Cohort, folder: Path) -> Ended:  # noqa: ARG002 - the port's signature
        """Take the cohort through one state machine of three states."""
        job = add_sleep_job(aws, add_queue(aws))
        note = "retries as Metaflow generates them" if self.retry else "no Retry"
        return run_workflows(aws, definition(job, self.retry), cohort, note=note)


def without_retry() -> Sync:
    """The integration as it is."""
    return Sync("sync")


def with_retry() -> Sync:
    """The integration with the Retry that Metaflow generates."""
    return Sync("sync-retry", [METAFLOW_RETRY])


def definition(job: SleepJob, retry: Sequence[Mapping[str, object]]) -> dict[str, Any]:
    """Write the state machine."""
    states = {f"Job {number + 1}": _task(number, job, retry) for number in range(JOBS_PER_SAMPLE)}
    return {"StartAt": "Job 1", "States": states}


def _task(number: int, job: SleepJob, retry: Sequence[Mapping[str, object]]) -> dict[str, Any]:
    step = number + 1
    then = {"End": True} if step == JOBS_PER_SAMPLE else {"Next": f"Job {step + 1}"}
    return {
        "Type": "Task",
        "Resource": _RESOURCE,
        "Parameters": {
            "JobName.$": f"States.Format('{{}}-{step}', $.sample)",
            "JobQueue": job.queue,
            "JobDefinition": job.definition,
            "Parameters": {"sample.$": "$.sample", "seconds.$": f"$.seconds[{number}]"},
        },
        "ResultPath": None,
        **({"Retry": list(retry)} if retry else {}),
        **then,
    }
