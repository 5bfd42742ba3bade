from __future__ import annotations

from typing import Any

import pytest

from sluice.tasks.job_errors import named_error


@pytest.mark.parametrize(
    ("detail", "name"),
    [
        ({"container": {"exitCode": 137, "reason": "OutOfMemoryError: Container killed"}}, "Job.OutOfMemory"),
        ({"container": {"exitCode": 137}}, "Job.OutOfMemory"),
        ({"statusReason": "Host EC2 (instance i-0abc) terminated."}, "Job.SpotInterruption"),
        ({"statusReason": "Your Spot Task was interrupted."}, "Job.SpotInterruption"),
        ({"container": {"reason": "CannotPullContainerError: not found"}}, "Job.ImagePull"),
        ({"statusReason": "CannotPullImageManifestError: x"}, "Job.ImagePull"),
        (
            {"statusReason": "Job attempt duration exceeded timeout", "container": {"exitCode": 137}},
            "Job.TimedOut",
        ),
        (
            {"statusReason": "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT", "isCancelled": True},
            "Job.Unschedulable",
        ),
        ({"statusReason": "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY"}, "Job.Unschedulable"),
        (
            {
                "statusReason": "Canceled by JobStateTimeLimit action due to reason: "
                "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT",
                "isCancelled": True,
            },
            "Job.Unschedulable",
        ),
        ({"statusReason": "Dependent Job failed"}, "Job.DependencyFailed"),
        (
            {"statusReason": "Job attempt duration exceeded timeout", "isTerminated": True},
            "Job.TimedOut",
        ),
        (
            {"ecsProperties": {"taskProperties": [{"containers": [{"exitCode": 0}, {"exitCode": 137}]}]}},
            "Job.OutOfMemory",
        ),
        (
            {
                "eksProperties": {
                    "podProperties": {"containers": [{"exitCode": 1, "reason": "ImagePullBackOff"}]}
                }
            },
            "Job.ImagePull",
        ),
        ({"statusReason": "stopped by an operator", "isTerminated": True}, "Job.Terminated"),
        ({"statusReason": "OutOfMemory suspected", "isTerminated": True}, "Job.Terminated"),
        ({"isCancelled": True}, "Job.Terminated"),
        ({"statusReason": "Essential container in task exited", "container": {"exitCode": 3}}, "Job.Failed"),
        ({}, "Job.Failed"),
        ({"container": "none", "statusReason": 7}, "Job.Failed"),
    ],
)
def test_each_way_to_fail_has_its_name(detail: dict[str, Any], name: str) -> None:
    assert named_error(detail)[0] == name


def test_the_reason_holds_what_batch_and_the_container_said() -> None:
    detail = {"statusReason": "Essential container in task exited", "container": {"reason": "CannotPull: x"}}
    assert named_error(detail)[1] == "Essential container in task exited; CannotPull: x"
