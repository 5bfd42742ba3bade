from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluice.tasks.job_errors import GUESS, container_of, named_error

NEVER_STARTED = (
    "ResourceInitializationError: unable to pull secrets or registry auth: retrieval failed",
    "Timeout waiting for network interface provisioning to complete.",
    "DockerTimeoutError: Could not transition to created; timed out after waiting 4m0s",
    "CannotCreateContainerError: Error response from daemon: no space left on device",
    "CannotStartContainerError: failed to create Cloudwatch log stream: ThrottlingException: Rate exceeded",
    "CgroupError: Agent could not create task's platform resources",
)
"""Texts of https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html."""

WRONG_PROGRAMS = (
    'CannotStartContainerError: exec: "lowpas": executable file not found in $PATH',
    "CannotStartContainerError: exec /run.sh: exec format error",
    "CannotStartContainerError: stat /opt/run: no such file or directory",
)


def never_started(reason: str) -> dict[str, Any]:
    return {"statusReason": "Task failed to start", "container": {"reason": reason}}


def odd(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    keys = (
        "taskProperties",
        "podProperties",
        "containers",
        "initContainers",
        "exitCode",
        "reason",
        "essential",
    )
    return st.dictionaries(st.sampled_from(keys), inner)


def ecs(*containers: dict[str, Any]) -> dict[str, Any]:
    return {"ecsProperties": {"taskProperties": [{"containers": list(containers)}]}}


def eks(*containers: dict[str, Any], **others: Any) -> dict[str, Any]:
    return {"eksProperties": {"podProperties": {"containers": list(containers), **others}}}


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
        *((never_started(said), "Job.NotStarted") for said in NEVER_STARTED),
        *((never_started(said), "Job.Failed") for said in WRONG_PROGRAMS),
        ({"statusReason": "Timeout waiting for a licence", "container": {"exitCode": 3}}, "Job.Failed"),
        (ecs({"essential": False, "exitCode": 137}, {"essential": True, "exitCode": 1}), "Job.Failed"),
        (
            ecs({"essential": False, "exitCode": 1}, {"exitCode": 137, "reason": "OutOfMemoryError: killed"}),
            "Job.OutOfMemory",
        ),
        (eks({"exitCode": 137, "reason": "Error"}, {"exitCode": 2, "reason": "Error"}), "Job.Failed"),
        (eks({"exitCode": 143}, {"exitCode": 137, "reason": "OOMKilled"}), "Job.OutOfMemory"),
        (eks({"exitCode": 1, "reason": "OOMKilled"}), "Job.OutOfMemory"),
        (eks(initContainers=[{"exitCode": 1, "reason": "ImagePullBackOff"}]), "Job.ImagePull"),
        (
            never_started("CannotStartContainerError: container init was OOM-killed (memory limit too low?)"),
            "Job.OutOfMemory",
        ),
        ({}, "Job.Failed"),
        ({"container": "none", "statusReason": 7}, "Job.Failed"),
    ],
)
def test_each_way_to_fail_has_its_name(detail: dict[str, Any], name: str) -> None:
    assert named_error(detail)[0] == name


def test_the_reason_holds_what_batch_and_the_container_said() -> None:
    detail = {"statusReason": "Essential container in task exited", "container": {"reason": "CannotPull: x"}}
    assert named_error(detail)[1] == "Essential container in task exited; CannotPull: x"


def test_an_exit_code_of_137_without_a_word_of_memory_is_said_to_be_a_guess() -> None:
    assert named_error({"container": {"exitCode": 137}})[1] == GUESS
    assert GUESS not in named_error({"container": {"exitCode": 137, "reason": "OutOfMemoryError"}})[1]


def test_of_several_containers_the_one_that_ended_the_job_speaks() -> None:
    sidecar = {"name": "metrics", "essential": False, "exitCode": 137}
    main = {"name": "main", "essential": True, "exitCode": 1, "logStreamName": "main/1"}
    assert container_of(ecs(sidecar, main)) == main
    assert container_of(ecs({"name": "a", "exitCode": 0}, {"name": "b", "exitCode": 0}))["name"] == "a"


@given(
    st.recursive(
        st.none() | st.integers() | st.text(), lambda inner: st.lists(inner) | odd(inner), max_leaves=9
    )
)
def test_no_shape_of_a_detail_is_too_odd(value: Any) -> None:
    for key in ("container", "ecsProperties", "eksProperties"):
        assert named_error({key: value, "statusReason": value})[0].startswith("Job.")
