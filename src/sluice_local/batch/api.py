"""Batch's API: each operation takes a request and a scope and answers in Batch's own words."""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from sluice_local.api_models.checking import request_problems, without_nulls
from sluice_local.batch.backend import Backend
from sluice_local.batch.definitions import Definitions
from sluice_local.batch.events import job_detail, job_summary
from sluice_local.batch.listing import list_page
from sluice_local.batch.model import Document, Job, RequestRefusedError, Scope
from sluice_local.batch.queues import Queues
from sluice_local.batch.requests import Target, check_submit
from sluice_local.batch.rules.submission import check_submission
from sluice_local.batch.sharing.policies import SchedulingPolicies, check_share
from sluice_local.batch.tags import Tags

Operation = Callable[[Document, Scope], Document]
ENDED_MAX = 50
"""Source: https://docs.aws.amazon.com/batch/latest/APIReference/API_TerminateJobs.html"""
DESCRIBED_MAX = 100
"""Source: https://docs.aws.amazon.com/batch/latest/APIReference/API_DescribeJobs.html"""
LISTED_MAX = 100
"""Source: https://docs.aws.amazon.com/batch/latest/APIReference/API_ListJobs.html"""
_JOB_ID = re.compile(r"[0-9a-f-]{36}(:[0-9]{1,4})?")
REASON_MAX = 1024
"""Source: https://docs.aws.amazon.com/batch/latest/APIReference/API_TerminateJob.html"""


@dataclass(frozen=True, slots=True)
class BatchApi:
    """The operations of Batch over the jobs, queues and definitions that it is given.

    A refused request raises RequestRefusedError, which AWS answers with a ClientException. `on_submitted` is
    called with each job that was taken, before its submission is answered. `denied` names the jobs that the
    caller of an operation on many must not touch.
    """

    backend: Backend
    queues: Queues
    definitions: Definitions
    on_submitted: Callable[[Job], None] = lambda _: None
    denied: Callable[[], Collection[str]] = tuple
    policies: SchedulingPolicies = field(default_factory=SchedulingPolicies)

    def operations(self) -> dict[str, Operation]:
        """Name every operation that Local AWS has; each is checked by Batch's service model first."""
        return {name: _checked(name, operation) for name, operation in self._operations().items()}

    def _operations(self) -> dict[str, Operation]:
        tags = Tags(self.backend, self.queues, self.definitions, self.policies)
        return {
            "SubmitJob": self.submit_job,
            "DescribeJobs": self.describe_jobs,
            "ListJobs": self.list_jobs,
            "CancelJob": self.cancel_job,
            "CancelJobs": self.cancel_jobs,
            "TerminateJob": self.terminate_job,
            "TerminateJobs": self.terminate_jobs,
            "RegisterJobDefinition": self.register_job_definition,
            "DeregisterJobDefinition": self.deregister_job_definition,
            "DescribeJobDefinitions": self.describe_job_definitions,
            "CreateComputeEnvironment": self.create_compute_environment,
            "UpdateComputeEnvironment": self.update_compute_environment,
            "DeleteComputeEnvironment": self.delete_compute_environment,
            "DescribeComputeEnvironments": self.describe_compute_environments,
            "CreateJobQueue": self.create_job_queue,
            "UpdateJobQueue": self.update_job_queue,
            "DeleteJobQueue": self.delete_job_queue,
            "DescribeJobQueues": self.describe_job_queues,
            "CreateSchedulingPolicy": self.create_scheduling_policy,
            "UpdateSchedulingPolicy": self.update_scheduling_policy,
            "DeleteSchedulingPolicy": self.delete_scheduling_policy,
            "DescribeSchedulingPolicies": self.describe_scheduling_policies,
            "ListSchedulingPolicies": self.list_scheduling_policies,
            "TagResource": tags.tag,
            "UntagResource": tags.untag,
            "ListTagsForResource": tags.list,
        }

    def submit_job(self, request: Document, scope: Scope) -> Document:
        """Take a job into a queue."""
        check_submit(request)
        queue_arn = self.queues.queue_to_submit_to(request.get("jobQueue"), scope)
        definition = self.definitions.find(request.get("jobDefinition"), scope)
        check_submission(request, definition, self.queues.facts(queue_arn))
        if request.get("shareIdentifier"):
            check_share(request["shareIdentifier"])
        job = self.backend.submit(request, Target(scope, queue_arn, definition))
        self.on_submitted(job)
        spec = job.spec
        return {"jobId": spec.job_id, "jobName": spec.name, "jobArn": spec.arn}

    def describe_jobs(self, request: Document, scope: Scope) -> Document:
        """Show up to 100 jobs; unknown ids are left out."""
        job_ids = request.get("jobs") or ()
        if not 0 < len(job_ids) <= DESCRIBED_MAX:
            raise RequestRefusedError(f"jobs holds {len(job_ids)} ids; give 1 to {DESCRIBED_MAX}")
        return {"jobs": [job_detail(job) for job in self.backend.find(job_ids, scope)]}

    def list_jobs(self, request: Document, scope: Scope) -> Document:
        """List the jobs of a queue or the children of an array."""
        page = list_page(self._listed(request, scope), request)
        token = {"nextToken": page.next_token} if page.next_token else {}
        return {"jobSummaryList": [job_summary(job) for job in page.jobs], **token}

    def _listed(self, request: Document, scope: Scope) -> list[Job]:
        given = [name for name in ("jobQueue", "arrayJobId", "multiNodeJobId") if request.get(name)]
        if len(given) > 1:
            raise RequestRefusedError(f"{' and '.join(given)} are given; give one of them")
        if not 1 <= request.get("maxResults", 1) <= LISTED_MAX:
            raise RequestRefusedError(f"maxResults is {request['maxResults']}; it must be 1 to {LISTED_MAX}")
        if request.get("jobQueue"):
            queue = self.queues.find_queue(request["jobQueue"], scope)
            return self.backend.queue_jobs(queue["jobQueueArn"])
        if request.get("arrayJobId"):
            return self.backend.array_jobs(request["arrayJobId"])
        raise RequestRefusedError("Give the jobQueue or the arrayJobId whose jobs are to be listed")

    def cancel_job(self, request: Document, scope: Scope) -> Document:
        """End a job that has not been placed; for any other job nothing happens."""
        self.backend.cancel(self._job_id(request, scope), _reason(request))
        return {}

    def terminate_job(self, request: Document, scope: Scope) -> Document:
        """End a job in whatever state it is."""
        self.backend.terminate(self._job_id(request, scope), _reason(request))
        return {}

    def cancel_jobs(self, request: Document, scope: Scope) -> Document:
        """Do for up to 50 jobs what CancelJob does for one."""
        return self._each(self.backend.cancel, request, scope)

    def terminate_jobs(self, request: Document, scope: Scope) -> Document:
        """Do for up to 50 jobs what TerminateJob does for one."""
        return self._each(self.backend.terminate, request, scope)

    def _each(self, end: Callable[[str, str], None], request: Document, scope: Scope) -> Document:
        """End each job for itself; one that there is not counts as ended.

        Source: https://docs.aws.amazon.com/batch/latest/APIReference/API_TerminateJobsErrorDetail.html
        """
        job_ids, reason = [str(each) for each in request.get("jobs") or ()], _reason(request)
        if not 0 < len(job_ids) <= ENDED_MAX:
            raise RequestRefusedError(f"jobs holds {len(job_ids)} ids; give 1 to {ENDED_MAX}")
        errors = {job_id: error for job_id in job_ids if (error := self._error(job_id))}
        successful = [job_id for job_id in job_ids if job_id not in errors]
        for job in self.backend.find(successful, scope):
            end(job.spec.job_id, reason)
        return {"successful": successful, "errors": list(errors.values())}

    def _error(self, job_id: str) -> Document | None:
        if not _JOB_ID.fullmatch(job_id):
            said = ("ValidationException", f"{job_id!r} is not the id of a job")
        elif job_id in self.denied():
            said = ("AccessDenied", f"The caller may not end job {job_id}")
        else:
            return None
        return {"job": job_id, "code": said[0], "message": said[1]}

    def _job_id(self, request: Document, scope: Scope) -> str:
        job_id = str(request.get("jobId") or "")
        if not self.backend.find([job_id], scope):
            raise RequestRefusedError(f"There is no job {job_id!r}")
        return job_id

    def register_job_definition(self, request: Document, scope: Scope) -> Document:
        """Keep a job definition as a new revision."""
        return _only(
            self.definitions.register(request, scope), "jobDefinitionName", "jobDefinitionArn", "revision"
        )

    def deregister_job_definition(self, request: Document, scope: Scope) -> Document:
        """Take a revision out of use."""
        self.definitions.deregister(str(request.get("jobDefinition")), scope)
        return {}

    def describe_job_definitions(self, request: Document, scope: Scope) -> Document:
        """Show job definitions, all on one page."""
        return {"jobDefinitions": self.definitions.describe(request, scope)}

    def create_compute_environment(self, request: Document, scope: Scope) -> Document:
        """Make a compute environment."""
        return _environment_answer(self.queues.create_environment(request, scope))

    def update_compute_environment(self, request: Document, scope: Scope) -> Document:
        """Change a compute environment; jobs that waited for it to be enabled are placed."""
        environment = self.queues.update_environment(request, scope)
        self.backend.wake()
        return _environment_answer(environment)

    def delete_compute_environment(self, request: Document, scope: Scope) -> Document:
        """Forget a disabled compute environment."""
        self.queues.delete_environment(request, scope)
        return {}

    def describe_compute_environments(self, request: Document, scope: Scope) -> Document:
        """Show compute environments, all on one page."""
        references = request.get("computeEnvironments") or ()
        return {"computeEnvironments": self.queues.describe_environments(references, scope)}

    def create_job_queue(self, request: Document, scope: Scope) -> Document:
        """Make a job queue."""
        self._check_policy(request)
        return _only(self.queues.create_queue(request, scope), "jobQueueName", "jobQueueArn")

    def update_job_queue(self, request: Document, scope: Scope) -> Document:
        """Change a job queue."""
        self._check_policy(request)
        queue = self.queues.update_queue(request, scope)
        self.backend.wake()
        return _only(queue, "jobQueueName", "jobQueueArn")

    def delete_job_queue(self, request: Document, scope: Scope) -> Document:
        """Forget a disabled job queue and end the jobs that it still holds."""
        arn = self.queues.delete_queue(request, scope)
        if arn is not None:
            self.backend.terminate_queue(arn, "Job queue deleted")
        return {}

    def describe_job_queues(self, request: Document, scope: Scope) -> Document:
        """Show job queues, all on one page."""
        return {"jobQueues": self.queues.describe_queues(request.get("jobQueues") or (), scope)}

    def _check_policy(self, request: Document) -> None:
        if request.get("schedulingPolicyArn"):
            self.policies.find(request["schedulingPolicyArn"])

    def create_scheduling_policy(self, request: Document, scope: Scope) -> Document:
        """Make a fair-share scheduling policy."""
        return _only(self.policies.create(request, scope), "name", "arn")

    def update_scheduling_policy(self, request: Document, _scope: Scope) -> Document:
        """Change a scheduling policy; the jobs that wait are placed by it from now on."""
        self.policies.update(request)
        return {}

    def delete_scheduling_policy(self, request: Document, _scope: Scope) -> Document:
        """Forget a scheduling policy that no queue has."""
        if users := self.queues.uses_policy(str(request.get("arn"))):
            raise RequestRefusedError(
                f"{request.get('arn')} is used by {', '.join(users)}; delete them first"
            )
        self.policies.delete(request)
        return {}

    def describe_scheduling_policies(self, request: Document, _scope: Scope) -> Document:
        """Show the scheduling policies that are named."""
        return {"schedulingPolicies": self.policies.describe(request.get("arns") or ())}

    def list_scheduling_policies(self, _request: Document, scope: Scope) -> Document:
        """List the scheduling policies, all on one page."""
        return {"schedulingPolicies": [{"arn": arn} for arn in self.policies.list_arns(scope)]}


def _checked(name: str, operation: Operation) -> Operation:
    def perform(request: Document, scope: Scope) -> Document:
        given = without_nulls(request)
        if problems := request_problems("batch", name, given):
            raise RequestRefusedError("; ".join(problems))
        return operation(given, scope)

    return perform


def _reason(request: Document) -> str:
    reason = str(request.get("reason") or "")
    if not reason or len(reason) > REASON_MAX:
        raise RequestRefusedError(f"reason has {len(reason)} characters; give 1 to {REASON_MAX}")
    return reason


def _environment_answer(environment: Document) -> Document:
    return _only(environment, "computeEnvironmentName", "computeEnvironmentArn")


def _only(document: Document, *fields: str) -> Document:
    return {field: document[field] for field in fields}
