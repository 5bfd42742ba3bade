"""Names, admits and counts the API calls that reach Local AWS."""

import re
import threading
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sluice_local.quotas import Quota, TokenBucket

# X-Amz-Target prefixes; https://github.com/boto/botocore/tree/develop/botocore/data (`targetPrefix`)
_SERVICES_BY_TARGET = {
    "AWSStepFunctions": "States",
    "DynamoDB_20120810": "DynamoDB",
    "AmazonSQS": "SQS",
    "AWSEvents": "Events",
    "Logs_20140328": "Logs",
}
# Batch speaks REST: POST /v1/<operation in lower case>.
_BATCH_OPERATIONS = {
    name.lower(): name
    for name in (
        "CancelJob",
        "CancelJobs",
        "CreateComputeEnvironment",
        "CreateJobQueue",
        "DeleteComputeEnvironment",
        "DeleteJobQueue",
        "DeregisterJobDefinition",
        "DescribeComputeEnvironments",
        "DescribeJobDefinitions",
        "DescribeJobQueues",
        "DescribeJobs",
        "ListJobs",
        "RegisterJobDefinition",
        "SubmitJob",
        "TerminateJob",
        "TerminateJobs",
        "UpdateComputeEnvironment",
        "UpdateJobQueue",
    )
}
_CREDENTIAL_SERVICE = re.compile(r"Credential=[^/,]+/[^/]+/[^/]+/([^/]+)/")
_INVOCATION_PATH = re.compile(r"/functions/[^/]+/invocations$")


def api_name(method: str, path: str, headers: Mapping[str, str]) -> str:
    """Return the API that a request calls, such as `Batch.SubmitJob` or `States.GetActivityTask`.

    Args:
        method: HTTP method.
        path: HTTP path.
        headers: HTTP headers, names in lower case.
    """
    prefix, _, operation = headers.get("x-amz-target", "").partition(".")
    if operation:
        return f"{_SERVICES_BY_TARGET.get(prefix, prefix)}.{operation}"
    service = _CREDENTIAL_SERVICE.search(headers.get("authorization", ""))
    service_name = service[1] if service else "unsigned"
    if service_name == "batch" or path.lower() == "/v1/submitjob":
        return f"Batch.{_BATCH_OPERATIONS.get(path.lower().removeprefix('/v1/'), path)}"
    if _INVOCATION_PATH.search(path):
        return "Lambda.Invoke"
    return f"{service_name}.{method}"


@dataclass
class ApiCalls:
    """Calls of one API: the sum, and [accepted, throttled] by second since the epoch."""

    count: int = 0
    throttled: int = 0
    per_second: dict[int, list[int]] = field(default_factory=dict)

    def add(self, second: int, *, accepted: bool) -> None:
        """Count one call that came in `second`."""
        self.count += 1
        self.throttled += not accepted
        self.per_second.setdefault(second, [0, 0])[0 if accepted else 1] += 1


class ApiGate:
    """Decides whether a call is within its API's quota, and counts it; safe on any thread.

    The HTTP gateway asks it for each request. What calls an API inside the engine (a Step Functions
    integration that submits a Batch job) asks it too, because AWS counts those calls alike.
    """

    def __init__(
        self, quotas: Mapping[str, Quota], *, monotonic: Callable[[], float], wall: Callable[[], float]
    ) -> None:
        self._monotonic = monotonic
        self._wall = wall
        self._buckets = {api: TokenBucket.full(quota, monotonic()) for api, quota in quotas.items()}
        self._calls: defaultdict[str, ApiCalls] = defaultdict(ApiCalls)
        self._lock = threading.Lock()

    def admit(self, api: str) -> bool:
        """Count one call of `api`; return False if it is to be throttled."""
        with self._lock:
            accepted = self._take(api)
            self._calls[api].add(int(self._wall()), accepted=accepted)
            return accepted

    def refuse(self, api: str) -> None:
        """Count one call of `api` that is throttled whatever its quota says."""
        with self._lock:
            self._calls[api].add(int(self._wall()), accepted=False)

    def _take(self, api: str) -> bool:
        bucket = self._buckets.get(api)
        if bucket is None:
            return True
        accepted, self._buckets[api] = bucket.take(self._monotonic())
        return accepted

    def recent(self, api: str, since_second: int) -> ApiCalls:
        """Return one API's sums, and its calls by second from a second of the epoch on."""
        with self._lock:
            calls = self._calls.get(api, ApiCalls())
            found = {at: list(pair) for at, pair in calls.per_second.items() if at >= since_second}
            return ApiCalls(calls.count, calls.throttled, found)

    def report(self) -> dict[str, Any]:
        """Return all calls so far, as `/_sluice/calls` shows them."""
        with self._lock:
            return {
                "calls": {
                    api: {
                        "count": calls.count,
                        "throttled": calls.throttled,
                        "per_second": {str(second): list(pair) for second, pair in calls.per_second.items()},
                    }
                    for api, calls in sorted(self._calls.items())
                }
            }
