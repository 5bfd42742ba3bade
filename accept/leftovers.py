"""Ends what still runs of a run, so that nothing of it goes on to cost money."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from botocore.exceptions import ClientError

from accept.aws import Aws
from accept.resources import Made

ALIVE: Final = ("SUBMITTED", "PENDING", "RUNNABLE", "STARTING", "RUNNING")
REASON: Final = "The acceptance run is over"


def end_jobs(aws: Aws, made: Made, queue_arns: Sequence[str]) -> None:
    """Stop the run's executions, whose jobs Sluice then stops, and terminate the jobs that it submitted."""
    states, batch = aws.client("stepfunctions"), aws.client("batch")
    for machine in (made.machine_arn, made.shared_machine_arn, made.sample_machine_arn):
        running = states.get_paginator("list_executions").paginate(
            stateMachineArn=machine, statusFilter="RUNNING"
        )
        for arn in [each["executionArn"] for page in running for each in page["executions"]]:
            with suppress(ClientError):  # it may have ended meanwhile
                states.stop_execution(executionArn=arn, cause=REASON)
    by_name = [{"name": "JOB_NAME", "values": [f"{made.prefix}-*"]}]
    for queue_arn in queue_arns:
        pages = batch.get_paginator("list_jobs").paginate(jobQueue=queue_arn, filters=by_name)
        for job in [each for page in pages for each in page["jobSummaryList"]]:
            if job["status"] in ALIVE:
                batch.terminate_job(jobId=job["jobId"], reason=REASON)
