"""Compute environments and job queues: what is kept of them, and in which order queues are served.

Source: https://docs.aws.amazon.com/batch/latest/userguide/job_queues.html
"""

from collections.abc import Sequence

from sluice_local.batch.model import Document, RequestRefusedError, Scope
from sluice_local.batch.requests import check_name
from sluice_local.batch.rules.environments import check_environment_request
from sluice_local.batch.rules.registration import check_tags
from sluice_local.batch.rules.submission import QueueFacts

COMPUTE_ENVIRONMENT = "compute-environment"
JOB_QUEUE = "job-queue"
_QUEUE_ENVIRONMENTS = range(1, 4)
_STATES = {"ENABLED", "DISABLED"}
_QUEUE_CHANGES = (
    "state",
    "priority",
    "computeEnvironmentOrder",
    "schedulingPolicyArn",
    "jobStateTimeLimitActions",
)
_ENVIRONMENT_CHANGES = ("state", "serviceRole", "unmanagedvCpus", "updatePolicy", "context")


class Queues:
    """The compute environments and job queues of every account and Region, by ARN.

    Requests and answers are in Batch's words. Each method raises RequestRefusedError as Batch answers with a
    ClientException.
    """

    def __init__(self) -> None:
        self._environments: dict[str, Document] = {}
        self._queues: dict[str, Document] = {}

    def create_environment(self, request: Document, scope: Scope) -> Document:
        """Make a compute environment; it is VALID at once."""
        name = request.get("computeEnvironmentName")
        check_name("computeEnvironmentName", name)
        _check_state(request)
        check_tags(request.get("tags"))
        check_environment_request(request)
        arn = scope.arn(f"{COMPUTE_ENVIRONMENT}/{name}")
        _refuse_existing(arn, self._environments)
        self._environments[arn] = {
            "state": "ENABLED",
            "computeResources": {},
            "tags": {},
            **request,
            "computeEnvironmentArn": arn,
            "ecsClusterArn": f"arn:aws:ecs:{scope.region}:{scope.account}:cluster/{name}",
            "containerOrchestrationType": "ECS",
            "status": "VALID",
            "statusReason": "ComputeEnvironment Healthy",
        }
        return self._environments[arn]

    def update_environment(self, request: Document, scope: Scope) -> Document:
        """Change a compute environment; its `computeResources` are changed one by one."""
        _check_state(request)
        old = self._environment(request.get("computeEnvironment"), scope)
        resources = {**old["computeResources"], **(request.get("computeResources") or {})}
        changed = {name: request[name] for name in _ENVIRONMENT_CHANGES if name in request}
        new = {**old, **changed, "computeResources": resources}
        self._environments[old["computeEnvironmentArn"]] = new
        return new

    def delete_environment(self, request: Document, scope: Scope) -> None:
        """Forget a compute environment that is disabled and serves no queue."""
        old = self._environment(request.get("computeEnvironment"), scope)
        arn = old["computeEnvironmentArn"]
        _refuse_enabled(old, arn)
        users = [queue["jobQueueName"] for queue in self._queues.values() if arn in _environment_arns(queue)]
        if users:
            raise RequestRefusedError(
                f"{arn} is used by the job queues {', '.join(users)}; delete them first"
            )
        del self._environments[arn]

    def describe_environments(self, references: Sequence[str], scope: Scope) -> list[Document]:
        """Show the compute environments that are named, or all; unknown names are left out."""
        return _described(self._environments, COMPUTE_ENVIRONMENT, references, scope)

    def create_queue(self, request: Document, scope: Scope) -> Document:
        """Make a job queue on existing compute environments; it is VALID at once."""
        name = request.get("jobQueueName")
        check_name("jobQueueName", name)
        _check_state(request)
        check_tags(request.get("tags"))
        if not isinstance(request.get("priority"), int):
            raise RequestRefusedError(
                f"priority of job queue {name} is {request.get('priority')!r}; give an integer"
            )
        arn = scope.arn(f"{JOB_QUEUE}/{name}")
        _refuse_existing(arn, self._queues)
        self._queues[arn] = {
            "state": "ENABLED",
            "tags": {},
            **self._with_environments(request, scope),
            "jobQueueArn": arn,
            "status": "VALID",
            "statusReason": "JobQueue Healthy",
        }
        return self._queues[arn]

    def update_queue(self, request: Document, scope: Scope) -> Document:
        """Change a job queue. Jobs that wait in it stay there."""
        _check_state(request)
        old = self.find_queue(request.get("jobQueue"), scope)
        if request.get("schedulingPolicyArn") and not old.get("schedulingPolicyArn"):
            raise RequestRefusedError(
                f"{old['jobQueueArn']} is a first-in-first-out queue; it cannot get a scheduling policy"
            )
        changed = {name: request[name] for name in _QUEUE_CHANGES if name in request}
        if "computeEnvironmentOrder" in changed:
            changed = self._with_environments(changed, scope)
        self._queues[old["jobQueueArn"]] = {**old, **changed}
        return self._queues[old["jobQueueArn"]]

    def delete_queue(self, request: Document, scope: Scope) -> str | None:
        """Forget a disabled job queue; answer with its ARN, or None when there is none of that name."""
        arn = _reference_arn(request.get("jobQueue"), JOB_QUEUE, scope)
        old = self._queues.get(arn)
        if old is None:
            return None
        _refuse_enabled(old, arn)
        del self._queues[arn]
        return arn

    def describe_queues(self, references: Sequence[str], scope: Scope) -> list[Document]:
        """Show the job queues that are named, or all; unknown names are left out."""
        return _described(self._queues, JOB_QUEUE, references, scope)

    def find_queue(self, reference: object, scope: Scope) -> Document:
        """Find a job queue by name or ARN."""
        return _found(self._queues, JOB_QUEUE, reference, scope)

    def queue_to_submit_to(self, reference: object, scope: Scope) -> str:
        """Find the ARN of a job queue that takes jobs, which a disabled one does not."""
        queue = self.find_queue(reference, scope)
        if queue["state"] != "ENABLED":
            raise RequestRefusedError(
                f"Job queue {queue['jobQueueArn']} is DISABLED; enable it to submit jobs"
            )
        return str(queue["jobQueueArn"])

    def facts(self, arn: str) -> QueueFacts:
        """Tell what of a queue decides whether it takes a job."""
        is_fargate = any(_is_fargate(environment) for environment in self._serving(self._queues[arn]))
        return QueueFacts(arn, is_fargate=is_fargate, is_fair=bool(self.policy_arn(arn)))

    def policy_arn(self, arn: str) -> str | None:
        """Return the ARN of a queue's scheduling policy, None if it has none or is gone."""
        return self._queues.get(arn, {}).get("schedulingPolicyArn")

    def environments_of(self, arn: str) -> list[Document]:
        """List the compute environments that may run a queue's next job, the first to fill first."""
        return [each for each in self._serving(self._queues.get(arn, {})) if each["state"] == "ENABLED"]

    def uses_policy(self, policy_arn: str) -> list[str]:
        """List the ARNs of the queues that have a scheduling policy."""
        return [arn for arn in self._queues if self.policy_arn(arn) == policy_arn]

    def set_tags(self, arn: str, tags: Document) -> None:
        """Give a compute environment or a job queue other tags."""
        records = self._environments if arn in self._environments else self._queues
        records[arn] = {**records[arn], "tags": tags}

    def _serving(self, queue: Document) -> list[Document]:
        order = sorted(queue.get("computeEnvironmentOrder") or (), key=lambda entry: int(entry["order"]))
        found = (self._environments.get(entry["computeEnvironment"]) for entry in order)
        return [environment for environment in found if environment is not None]

    def serving_order(self) -> list[str]:
        """List the ARNs of the queues whose jobs can be placed, the highest priority first.

        A queue serves while one of its compute environments is enabled; a disabled queue serves the jobs
        that it holds.
        """
        serving = [queue for queue in self._queues.values() if self._has_enabled_environment(queue)]
        return [queue["jobQueueArn"] for queue in sorted(serving, key=lambda queue: -queue["priority"])]

    def _has_enabled_environment(self, queue: Document) -> bool:
        return any(environment["state"] == "ENABLED" for environment in self._serving(queue))

    def _environment(self, reference: object, scope: Scope) -> Document:
        return _found(self._environments, COMPUTE_ENVIRONMENT, reference, scope)

    def _with_environments(self, request: Document, scope: Scope) -> dict[str, object]:
        order = request.get("computeEnvironmentOrder") or ()
        if len(order) not in _QUEUE_ENVIRONMENTS:
            raise RequestRefusedError(f"computeEnvironmentOrder names {len(order)} environments; give 1 to 3")
        known = [
            {
                **entry,
                "computeEnvironment": self._environment(entry["computeEnvironment"], scope)[
                    "computeEnvironmentArn"
                ],
            }
            for entry in order
        ]
        environments = [self._environments[entry["computeEnvironment"]] for entry in known]
        if len({_is_fargate(environment) for environment in environments}) > 1:
            raise RequestRefusedError(
                "computeEnvironmentOrder mixes compute environments of EC2 and of Fargate"
            )
        return {**request, "computeEnvironmentOrder": known}


def _environment_arns(queue: Document) -> list[str]:
    return [entry["computeEnvironment"] for entry in queue["computeEnvironmentOrder"]]


def _is_fargate(environment: Document) -> bool:
    return str((environment["computeResources"] or {}).get("type", "")).startswith("FARGATE")


def _check_state(request: Document) -> None:
    state = request.get("state", "ENABLED")
    if state not in _STATES:
        raise RequestRefusedError(f"state is {state!r}; ENABLED or DISABLED are allowed")


def _reference_arn(reference: object, kind: str, scope: Scope) -> str:
    text = str(reference or "")
    return text if text.startswith("arn:") else scope.arn(f"{kind}/{text}")


def _found(records: dict[str, Document], kind: str, reference: object, scope: Scope) -> Document:
    record = records.get(_reference_arn(reference, kind, scope))
    if record is None:
        raise RequestRefusedError(f"There is no {kind} {reference!r}; give the name or ARN of one")
    return record


def _described(
    records: dict[str, Document], kind: str, references: Sequence[str], scope: Scope
) -> list[Document]:
    if references:
        named = (records.get(_reference_arn(reference, kind, scope)) for reference in references)
        return [record for record in named if record is not None]
    prefix = scope.arn(f"{kind}/")
    return [record for arn, record in records.items() if arn.startswith(prefix)]


def _refuse_existing(arn: str, records: dict[str, Document]) -> None:
    if arn in records:
        raise RequestRefusedError(f"Object already exists: {arn}")


def _refuse_enabled(record: Document, arn: str) -> None:
    if record["state"] != "DISABLED":
        raise RequestRefusedError(f"{arn} is ENABLED; disable it before you delete it")
