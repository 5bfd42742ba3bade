"""Objects that are not there.

AWS: whoever asks for an object that is not there hears so (404) if he may list the bucket, otherwise that
he is refused (403), https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html#API_GetObject_Description.

MiniStack 1.5.33: answers 404 in either case.

Fixed by asking for s3:ListBucket too when the object is not there.
"""

import functools
from typing import Any

from sluice_local.engine import ministack
from sluice_local.engine.ministack import Private


def install() -> None:
    """Refuse a missing object to whoever may not list its bucket."""
    ministack.wrap("core.iam_evaluator.enforce", _asking_to_list)


def _asking_to_list(enforce: Private) -> Private:
    @functools.wraps(enforce)
    def ask(
        access_key: str, action: str, service: str, region: str, resource_arn: str = "*", **context: Any
    ) -> Private:
        denied = enforce(access_key, action, service, region, resource_arn=resource_arn, **context)
        if denied is None and action == "s3:GetObject" and _is_missing(resource_arn):
            bucket_arn = resource_arn.partition("/")[0]
            return enforce(access_key, "s3:ListBucket", service, region, resource_arn=bucket_arn)
        return denied

    return ask


def _is_missing(object_arn: str) -> bool:
    """Tell whether the bucket is there and the object is not."""
    name, _, key = object_arn.rpartition(":")[2].partition("/")
    bucket = ministack.private("services.s3._buckets").get(name)
    return bucket is not None and key not in bucket["objects"]
