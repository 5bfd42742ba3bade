"""Job queues, compute environments, job definitions and their images."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from sluice_cli.aws.stack import watched_queues
from sluice_cli.doctor.finding import ok, warning, wrong
from sluice_cli.errors import AwsError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sluice_cli.doctor.finding import CheckContext, Finding

DEFINITIONS: Final = (
    "AlignJobDefinitionArn",
    "LikelihoodsJobDefinitionArn",
    "ImputeJobDefinitionArn",
    "LigateJobDefinitionArn",
)
ECR_IMAGE: Final = re.compile(
    r"(?P<registry>\d{12})\.dkr\.ecr\.[^.]+\.amazonaws\.com(?:\.cn)?/"
    r"(?P<repository>[^:@]+)(?::(?P<tag>[^@]+))?(?:@(?P<digest>.+))?"
)
"""https://docs.aws.amazon.com/AmazonECR/latest/userguide/docker-pull-ecr-image.html"""
FARGATE_QUOTAS: Final = {
    "FARGATE": "Fargate On-Demand vCPU resource count",
    "FARGATE_SPOT": "Fargate Spot vCPU resource count",
}
"""https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-quotas.html"""


def check_queues(context: CheckContext) -> Iterator[Finding]:
    """Looks at the job queues that tasks may use, and the compute environments behind them."""
    missing = set(watched_queues(context.stack)) - {queue["jobQueueArn"] for queue in context.queues}
    for arn in sorted(missing):
        way_out = "Create it again, or deploy with other JobQueueArns."
        yield wrong("job queue", f"{arn} does not exist", way_out)
    for queue in context.queues:
        yield _state("job queue", queue["jobQueueName"], queue)
    for environment in context.environments:
        yield _state("compute environment", environment["computeEnvironmentName"], environment)
    if not context.is_local:
        yield from _check_vcpu_quotas(context, context.environments)


def _state(check: str, name: str, facts: Mapping[str, Any]) -> Finding:
    state, status = facts.get("state"), facts.get("status", "VALID")
    if status not in {"VALID", "UPDATING", "CREATING"}:
        reason = facts.get("statusReason") or "Batch gives no reason"
        return wrong(check, f"{name} is {status}: {reason}", "Fix what Batch reports, or create it again.")
    if state != "ENABLED":
        return wrong(check, f"{name} is {state}", "Enable it: jobs wait in it for ever.")
    if status != "VALID":
        return warning(check, f"{name} is {status}", "Wait a minute, and check again.")
    return ok(check, f"{name} is enabled and valid")


def _check_vcpu_quotas(context: CheckContext, environments: Sequence[dict[str, Any]]) -> Iterator[Finding]:
    """Compares what Fargate gives the account with what the compute environments want."""
    wanted: dict[str, float] = {}
    for each in environments:
        resources = each.get("computeResources") or {}
        quota = FARGATE_QUOTAS.get(resources.get("type", ""))
        if quota:
            wanted[quota] = wanted.get(quota, 0.0) + float(resources.get("maxvCpus", 0))
    if not wanted:
        return
    pages = context.api.pages("service-quotas", "list_service_quotas", ServiceCode="fargate")
    allowed = {each["QuotaName"]: each["Value"] for page in pages for each in page["Quotas"]}
    for quota, vcpus in wanted.items():
        if quota not in allowed:
            continue
        says = f"{quota} is {allowed[quota]:g}, and the compute environments want {vcpus:g}"
        if allowed[quota] < vcpus:
            way_out = "Fewer jobs than MaxVcpus allows can run at once: ask for more in Service Quotas."
            yield warning("quota", says, way_out)
        else:
            yield ok("quota", says)


def check_definitions(context: CheckContext) -> Iterator[Finding]:
    """Looks at the low-pass workflow's job definitions, and whether their images are there."""
    arns = [context.stack.outputs[name] for name in DEFINITIONS if name in context.stack.outputs]
    if not arns:
        return
    answer = context.api.call("batch", "describe_job_definitions", jobDefinitions=arns)
    found = {each["jobDefinitionArn"]: each for each in answer["jobDefinitions"]}
    for arn in arns:
        status = found.get(arn, {}).get("status", "missing")
        name = arn.rpartition("/")[2]
        if status == "ACTIVE":
            yield ok("job definition", f"{name} is active")
        else:
            yield wrong(
                "job definition", f"{name} is {status}", "Deploy the stack again to register it anew."
            )
    images = {(each.get("containerProperties") or {}).get("image") for each in found.values()}
    for image in sorted(each for each in images if each):
        yield check_image(context, image)


def check_image(context: CheckContext, image: str) -> Finding:
    """Looks whether an image is in its repository."""
    if context.is_local:
        return ok("image", f"{image} is not pulled here: Local AWS runs a job's command as a process")
    parts = ECR_IMAGE.fullmatch(image)
    if parts is None and "/" not in image:
        way_out = "Push it to a repository of ECR, and deploy with LowpassImage=<its URI>."
        return wrong("image", f"{image} names no registry, so it would be pulled from Docker Hub", way_out)
    if parts is None:
        return ok("image", f"{image} is not in ECR and cannot be looked at")
    wanted = {"imageDigest": parts["digest"]} if parts["digest"] else {"imageTag": parts["tag"] or "latest"}
    try:
        context.api.call(
            "ecr",
            "describe_images",
            registryId=parts["registry"],
            repositoryName=parts["repository"],
            imageIds=[wanted],
        )
    except AwsError as error:
        if error.code not in {"RepositoryNotFoundException", "ImageNotFoundException"}:
            raise
        way_out = "Build and push it, or deploy with another LowpassImage."
        return wrong("image", f"{image} is not in ECR ({error.code})", way_out)
    return ok("image", f"{image} is in ECR")
