"""Jobs that Batch refuses because of their job definition or their queue.

Sources: https://docs.aws.amazon.com/batch/latest/APIReference/API_SubmitJob.html and
https://docs.aws.amazon.com/batch/latest/APIReference/API_ContainerOverrides.html
"""

from dataclasses import dataclass

from sluice_local.batch.model import Document, RequestRefusedError
from sluice_local.batch.rules.registration import check_tags, is_for_fargate
from sluice_local.batch.rules.resources import check_fargate, required


@dataclass(frozen=True, slots=True)
class QueueFacts:
    """What of a job queue decides whether it takes a job."""

    arn: str
    is_fargate: bool = False
    is_fair: bool = False


def check_submission(request: Document, definition: Document, queue: QueueFacts) -> None:
    """Refuse a SubmitJob request that does not fit its job definition or its queue.

    A definition that is not for Fargate is taken by a queue that is: so a workflow written for EC2 can be
    tried. Its amounts are then not held to Fargate's.

    Raises:
        RequestRefusedError: the message names the member and what is allowed.
    """
    _check_kind(request, definition)
    _check_share(request, queue)
    check_tags(request.get("tags"))
    overrides = request.get("containerOverrides") or {}
    container = definition["containerProperties"]
    amounts = [*(container.get("resourceRequirements") or ()), *(overrides.get("resourceRequirements") or ())]
    asked = {"resourceRequirements": amounts}
    if is_for_fargate(definition):
        old = [name for name in ("vcpus", "memory") if overrides.get(name)]
        if old:
            raise RequestRefusedError(
                f"containerOverrides has {' and '.join(old)}, which Fargate does not support; "
                "use resourceRequirements"
            )
        check_fargate(asked)
    elif queue.is_fargate and "GPU" in required(asked):
        raise RequestRefusedError(f"resourceRequirements has GPU; the queue {queue.arn} is on Fargate")


def _check_kind(request: Document, definition: Document) -> None:
    arn = definition["jobDefinitionArn"]
    if request.get("eksPropertiesOverride"):
        raise RequestRefusedError(f"eksPropertiesOverride is for jobs on Amazon EKS; {arn} is not for it")
    for member, properties in (
        ("nodeOverrides", "nodeProperties"),
        ("ecsPropertiesOverride", "ecsProperties"),
    ):
        if request.get(member) and not definition.get(properties):
            raise RequestRefusedError(f"{member} is for job definitions with {properties}; {arn} has none")
    if not definition.get("containerProperties"):
        raise RequestRefusedError(
            f"{arn} has no containerProperties; Local AWS describes such job definitions, but runs none"
        )


def _check_share(request: Document, queue: QueueFacts) -> None:
    share = request.get("shareIdentifier")
    if share is not None and not queue.is_fair:
        raise RequestRefusedError(
            f"shareIdentifier is {share!r}; the queue {queue.arn} has no fair-share scheduling policy"
        )
    if queue.is_fair and not share:
        raise RequestRefusedError(
            f"shareIdentifier is missing; the queue {queue.arn} has a fair-share scheduling policy"
        )
