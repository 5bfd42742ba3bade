"""The Batch port on botocore."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sluice.aws.errors import answered, translated
from sluice.tasks.model import JobRecord
from sluice.tasks.submission import FORMER_KEY

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from types_boto3_batch import BatchClient

    from sluice.errors import ServiceError

MAX_STOPS: Final = 50
"""https://docs.aws.amazon.com/batch/latest/APIReference/API_TerminateJobs.html"""


@dataclass(frozen=True)
class BotoBatch:
    """AWS Batch; implements ports.Batch."""

    client: BatchClient

    def complaint(self, request: Mapping[str, Any]) -> str | None:
        """Botocore's own check, by the model that came with the client."""
        # most functions submit no jobs, and would load the check at every cold start
        from sluice.aws.complaints import submit_job_complaint  # noqa: PLC0415

        return submit_job_complaint(self.client.meta.service_model, request)

    def submit_job(self, request: Mapping[str, Any]) -> str:
        """https://docs.aws.amazon.com/batch/latest/APIReference/API_SubmitJob.html."""
        with translated(request["parameters"].get(FORMER_KEY, "")):
            return self.client.submit_job(**request)["jobId"]

    def find_jobs(self, job_queue: str, job_name: str) -> list[JobRecord]:
        """ListJobs by name; the filter ignores case, and with a filter every status is listed.

        https://docs.aws.amazon.com/batch/latest/APIReference/API_ListJobs.html
        """
        with translated():
            pages = self.client.get_paginator("list_jobs").paginate(
                jobQueue=job_queue, filters=[{"name": "JOB_NAME", "values": [job_name]}]
            )
            jobs = [job for page in pages for job in page["jobSummaryList"]]
        return [
            JobRecord(job_name, job["jobId"], status=job.get("status"), created_at=job.get("createdAt"))
            for job in jobs
            if job["jobName"] == job_name
        ]

    def describe_jobs(self, job_ids: Sequence[str]) -> list[Mapping[str, Any]]:
        """https://docs.aws.amazon.com/batch/latest/APIReference/API_DescribeJobs.html."""
        with translated():
            return [dict(job) for job in self.client.describe_jobs(jobs=list(job_ids))["jobs"]]

    def terminate_job(self, job_id: str, reason: str) -> None:
        """https://docs.aws.amazon.com/batch/latest/APIReference/API_TerminateJob.html."""
        with translated():
            self.client.terminate_job(jobId=job_id, reason=reason)

    @property
    def stops_per_call(self) -> int:
        """The botocore of Lambda's runtime may be older than the call for many jobs."""
        known = "TerminateJobs" in self.client.meta.service_model.operation_names
        return MAX_STOPS if known else 1

    def terminate_jobs(self, job_ids: Sequence[str], reason: str) -> dict[str, ServiceError]:
        """https://docs.aws.amazon.com/batch/latest/APIReference/API_TerminateJobs.html."""
        with translated():
            answer = self.client.terminate_jobs(jobs=list(job_ids), reason=reason)
        return {
            each["job"]: answered("TerminateJobs", each["code"], each["message"]) for each in answer["errors"]
        }
