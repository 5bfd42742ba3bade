"""What a peer needs in the account before it starts: a bucket, a queue, a role."""

from bench.contenders.sleep_jobs import add_queue
from sluice_local.server import LocalAws

BUCKET = "peer-files"
ROLE_ARN = "arn:aws:iam::000000000000:role/peer-jobs"
"""Local AWS enforces no role, but both peers ask for one."""


def open_account(aws: LocalAws, most_vcpus: int | None = None) -> str:
    """Make the bucket and a queue, whose jobs have as many vCPUs as they need if no number is given.

    Returns:
        The queue's ARN.
    """
    aws.client("s3").create_bucket(Bucket=BUCKET)
    return add_queue(aws, most_vcpus)
