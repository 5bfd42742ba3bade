"""What CPU time of a task means for a function's memory; pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

VCPU_MB: Final = 1769
"""At so much memory a function has one vCPU, and with more or less of it in proportion.

https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
"""

TASKS_PER_SECOND: Final = 50
"""SubmitJob's quota.

https://docs.aws.amazon.com/batch/latest/userguide/service_limits.html
"""

SHARE: Final = 0.6
"""What a function may use of its vCPU at that rate: the rest is for stalls, and for slower processors."""

PARTS: Final = {
    "TLS and sockets": ("ssl.py", "_ssl.", "socket", "_socket.", "asyncio/", "select"),
    "HTTP": ("urllib3/", "http/client.py", "email/", "connection.py", "connectionpool.py"),
    "signing": ("botocore/auth.py", "_hashlib", "hmac.py", "_sha2", "hashlib", "crt/"),
    "endpoints": ("botocore/endpoint_provider.py", "botocore/regions.py"),
    "botocore": ("botocore/", "awsrequest.py", "jmespath/", "dateutil/"),
    "JSON": ("json/", "_json"),
    "Sluice": (
        "functions/",
        "aws/",
        "tasks/",
        "rate/",
        "pollers/",
        "runtime/",
        "sluice/",
        "_jobs/",
        "_status/",
    ),
    "threads": ("threading.py", "_thread.", "concurrent/", "futures/"),
}
"""Where time goes, by what stands in a Python function's place; the first that fits counts."""


@dataclass(frozen=True)
class Figures:
    """CPU time in ms a task by function, and what it was measured on."""

    at: str
    machine: Mapping[str, Any]
    packages: Mapping[str, str]
    tasks: int
    runs: int
    cpu_ms: Mapping[str, float]


def memory_of(template: Mapping[str, Any], function: str) -> int:
    """Reads the MemorySize of a function, in MB, from template.yaml by the folder of its handler."""
    usual = template["Globals"]["Function"]["MemorySize"]
    functions = [
        each["Properties"]
        for each in template["Resources"].values()
        if each["Type"] == "AWS::Serverless::Function"
    ]
    # the larger one of those that share a handler: probes run the pollers' code in a small function
    ours = [each for each in functions if each["Handler"].startswith(f"{function}.app.")]
    found = max(ours, key=lambda each: int(each.get("MemorySize", usual)))
    return int(found.get("MemorySize", usual))


def share_of_vcpu(cpu_ms: float, memory_mb: int) -> float:
    """Computes which share of its CPU a function uses at 50 tasks a second."""
    return cpu_ms / 1000 * TASKS_PER_SECOND / (memory_mb / VCPU_MB)


def parts(profile: Mapping[str, float]) -> dict[str, float]:
    """Sums own times by part, the largest first; what belongs to none is `other`."""
    sums: dict[str, float] = {}
    for place, ms in profile.items():
        part = next((name for name, marks in PARTS.items() if any(m in place for m in marks)), "other")
        sums[part] = sums.get(part, 0.0) + ms
    return dict(sorted(sums.items(), key=lambda item: -item[1]))
