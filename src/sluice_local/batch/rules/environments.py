"""Compute environments that Batch refuses.

Source: https://docs.aws.amazon.com/batch/latest/APIReference/API_ComputeResource.html
"""

from sluice_local.batch.model import Document, RequestRefusedError

_NOT_ON_FARGATE = (
    "minvCpus",
    "desiredvCpus",
    "instanceTypes",
    "instanceRole",
    "imageId",
    "ec2KeyPair",
    "allocationStrategy",
    "bidPercentage",
    "spotIamFleetRole",
    "placementGroup",
    "launchTemplate",
    "ec2Configuration",
    "tags",
)


def check_environment_request(request: Document) -> None:
    """Refuse a CreateComputeEnvironment request by what its type needs and does not have.

    Raises:
        RequestRefusedError: the message names the member.
    """
    resources = request.get("computeResources")
    if request.get("type") == "MANAGED" and not resources:
        raise RequestRefusedError("computeResources is missing; a MANAGED compute environment needs it")
    if resources and str(resources.get("type", "")).startswith("FARGATE"):
        wrong = [name for name in _NOT_ON_FARGATE if resources.get(name) is not None]
        if wrong:
            raise RequestRefusedError(
                f"computeResources has {', '.join(wrong)}, which Fargate does not support"
            )
