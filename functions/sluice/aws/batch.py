"""The Batch port on botocore."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sluice.aws.errors import translated

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from types_boto3_batch import BatchClient


@dataclass(frozen=True)
class BotoBatch:
    """AWS Batch; implements ports.Batch."""

    client: BatchClient

    def submit_job(self, request: Mapping[str, Any]) -> str:
        """https://docs.aws.amazon.com/batch/latest/APIReference/API_SubmitJob.html."""
        with translated(secret=request["parameters"]["taskToken"]):
            return self.client.submit_job(**request)["jobId"]

    def find_job(self, job_queue: str, job_name: str) -> str | None:
        """ListJobs by name; the filter ignores case, and with a filter every status is listed.

        https://docs.aws.amazon.com/batch/latest/APIReference/API_ListJobs.html
        """
        with translated():
            pages = self.client.get_paginator("list_jobs").paginate(
                jobQueue=job_queue, filters=[{"name": "JOB_NAME", "values": [job_name]}]
            )
            jobs = [job for page in pages for job in page["jobSummaryList"]]
        found = [job for job in jobs if job["jobName"] == job_name]
        return max(found, key=lambda job: job.get("createdAt", 0))["jobId"] if found else None

    def describe_jobs(self, job_ids: Sequence[str]) -> list[Mapping[str, Any]]:
        """https://docs.aws.amazon.com/batch/latest/APIReference/API_DescribeJobs.html."""
        with translated():
            return [dict(job) for job in self.client.describe_jobs(jobs=list(job_ids))["jobs"]]

    def terminate_job(self, job_id: str, reason: str) -> None:
        """https://docs.aws.amazon.com/batch/latest/APIReference/API_TerminateJob.html."""
        with translated():
            self.client.terminate_job(jobId=job_id, reason=reason)
