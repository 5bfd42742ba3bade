from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sluice.tasks.completion import job_record
from sluice.tasks.job_errors import GUESS, container_of, named_error

EXITED = "Essential container in task exited"
UNSTARTED = "Task failed to start"


def one(status: str | None = None, **container: Any) -> dict[str, Any]:
    """A failed job of one container."""
    return {"status": "FAILED", "statusReason": status, "container": container}


def on_ecs(*containers: dict[str, Any], status: str = EXITED) -> dict[str, Any]:
    tasks = [{"containers": list(containers)}]
    return {"status": "FAILED", "statusReason": status, "ecsProperties": {"taskProperties": tasks}}


def on_eks(*containers: dict[str, Any], init: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
    pod = {"containers": list(containers), "initContainers": list(init)}
    return {"status": "FAILED", "statusReason": EXITED, "eksProperties": {"podProperties": pod}}


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
        (on_eks({"exitCode": 1, "reason": "ImagePullBackOff"}), "Job.ImagePull"),
        ({"statusReason": "stopped by an operator", "isTerminated": True}, "Job.Terminated"),
        ({"statusReason": "OutOfMemory suspected", "isTerminated": True}, "Job.Terminated"),
        ({"statusReason": UNSTARTED, "isTerminated": True}, "Job.Terminated"),
        ({"isCancelled": True}, "Job.Terminated"),
        (one(EXITED, exitCode=3), "Job.Failed"),
        ({}, "Job.Failed"),
        ({"container": "none", "statusReason": 7}, "Job.Failed"),
    ],
)
def test_each_way_to_fail_has_its_name(detail: dict[str, Any], name: str) -> None:
    assert named_error(detail)[0] == name


DAEMON = "CannotStartContainerError: Error response from daemon"
LOG_DRIVER = f"{DAEMON}: failed to initialize logging driver"
ECS_CODES = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html"
AGENT = "https://github.com/aws/amazon-ecs-agent/blob/master/agent/dockerclient/dockerapi/errors.go"
NEVER_STARTED = (
    # (statusReason, the container's reason, where the words stand)
    (
        "Timeout waiting for network interface provisioning to complete.",
        None,
        "https://github.com/aws/amazon-ecs-agent/issues/4825",
    ),
    (
        "ResourceInitializationError: unable to pull secrets or registry auth: service call has been retried",
        None,
        ECS_CODES,
    ),
    ("ResourceInitializationError: failed to initialize logging driver: timeout", None, ECS_CODES),
    (UNSTARTED, None, "https://github.com/nextflow-io/nextflow/issues/2730"),
    (UNSTARTED, "AGENT", "https://docs.aws.amazon.com/batch/latest/userguide/job_retries.html"),
    (
        "TaskFailedToStart: AGENT",
        None,
        "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/api_failures_messages.html",
    ),
    (UNSTARTED, "DockerTimeoutError: Could not transition to created; timed out after waiting 4m0s", AGENT),
    (None, "DockerTimeoutError: Could not transition to started; timed out after waiting 3m0s", AGENT),
    (
        None,
        "ContainerRuntimeTimeoutError: Could not transition to running; timed out after waiting 1m: x",
        ECS_CODES,
    ),
    (None, "CannotCreateContainerError: Error response from daemon: no space left on device", AGENT),
    (None, "CannotCreateVolumeError: Get http://%2Frun%2Fdocker: context deadline exceeded", AGENT),
    (
        UNSTARTED,
        "CgroupError: Agent could not create task's platform resources",
        "https://github.com/nextflow-io/nextflow/issues/5380",
    ),
    (
        UNSTARTED,
        f"{LOG_DRIVER}: failed to create Cloudwatch log stream: ThrottlingException: Rate exceeded",
        "https://github.com/moby/moby/issues/42088",
    ),
    (
        UNSTARTED,
        f"{LOG_DRIVER}: failed to create Cloudwatch log stream: RequestError: send request failed",
        "https://github.com/seqeralabs/nf-tower/issues/305",
    ),
    (
        "Capacity is unavailable at this time. Please try again later or in a different availability zone",
        None,
        "https://repost.aws/knowledge-center/ecs-fargate-runtask-capacity",
    ),
)


@pytest.mark.parametrize(("status", "reason", "source"), NEVER_STARTED)
def test_a_job_that_never_began_is_told_apart(status: str | None, reason: str | None, source: str) -> None:
    assert source.startswith("https://")
    # Docker notes 128 of a container that it could not start, others note no exit code at all
    for code in (None, 128):
        name, told = named_error(one(status, reason=reason, exitCode=code))
        assert name == "Job.NotStarted"
        assert told == "; ".join(filter(None, (status, reason)))


WRONG_FOR_GOOD = (
    (
        f'{DAEMON}: runc create failed: unable to start container process: exec: "/bin/run.sh": stat /bin',
        "https://github.com/nextflow-io/nextflow/issues/5657",
    ),
    (
        f'{DAEMON}: exec: "lowpas": executable file not found in $PATH',
        "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/cannot-start-container.html",
    ),
    (
        "CannotStartContainerError: exec /usr/bin/lowpass: exec format error",
        "https://repost.aws/knowledge-center/ecs-error-execution-format",
    ),
    (
        "ResourceInitializationError: failed to create Cloudwatch log stream: AccessDeniedException: User: x",
        "https://github.com/doctorray117/minecraft-ondemand/issues/12",
    ),
    (
        f"{LOG_DRIVER}: ResourceNotFoundException: The specified log group does not exist.",
        "https://github.com/muccg/rdrf/issues/617",
    ),
    (
        "ResourceInitializationError: failed to invoke EFS utils commands: No such file or directory",
        "https://github.com/56kcloud/terraform-grafana/issues/4",
    ),
)


@pytest.mark.parametrize(("reason", "source"), WRONG_FOR_GOOD)
def test_what_another_start_would_meet_again_is_an_ordinary_failure(reason: str, source: str) -> None:
    assert source.startswith("https://")
    assert named_error(one(UNSTARTED, reason=reason))[0] == "Job.Failed"


@pytest.mark.parametrize(
    "detail",
    [
        one(UNSTARTED, exitCode=127, reason='CannotStartContainerError: exec: "x": No such file'),
        one(UNSTARTED, exitCode=126, reason="CannotStartContainerError: x"),
        # it ran, and Docker was too slow to stop it or to look at it
        one(
            EXITED, reason="DockerTimeoutError: Could not transition to stopped; timed out after waiting 3m0s"
        ),
        one(EXITED, reason="CannotInspectContainerError: Could not transition to inspecting; timed out"),
        one("CannotStartContainerError: x", exitCode=1),
    ],
)
def test_what_has_run_or_could_not_run_is_no_hiccup(detail: dict[str, Any]) -> None:
    assert named_error(detail)[0] == "Job.Failed"


@pytest.mark.parametrize(
    ("detail", "source"),
    [
        (
            on_eks({"name": "a", "exitCode": 1, "reason": "OOMKilled"}),
            "https://kubernetes.io/docs/tasks/configure-pod-container/assign-memory-resource/",
        ),
        (
            on_eks({"name": "a", "exitCode": 0, "reason": "OOMKilled"}),
            "https://github.com/cortexlabs/cortex/issues/1806",
        ),
        (
            one(
                UNSTARTED,
                reason=f"{DAEMON}: container init was OOM-killed (memory limit too low?): unknown",
            ),
            "https://github.com/aws/amazon-ecs-agent/issues/3021",
        ),
        (
            one(
                UNSTARTED,
                reason="CannotStartContainerError: unable to set memory limit to 1000 (current usage: 9)",
            ),
            "https://github.com/opencontainers/runc/pull/2812",
        ),
        (
            one(
                UNSTARTED,
                reason="CannotStartContainerError: OOM: the memory limit could be too low: read from",
            ),
            "https://github.com/containers/crun/pull/635",
        ),
        (one(EXITED, exitCode=1, reason="OutOfMemoryError: Container killed due to memory usage"), AGENT),
    ],
)
def test_out_of_memory_is_known_in_every_runtime_s_words(detail: dict[str, Any], source: str) -> None:
    assert source.startswith("https://")
    name, told = named_error(detail)
    assert name == "Job.OutOfMemory"
    assert GUESS not in told


@pytest.mark.parametrize(
    "detail", [one(EXITED, exitCode=137), on_eks({"name": "a", "exitCode": 137, "reason": "Error"})]
)
def test_an_exit_code_of_137_without_a_word_is_said_to_be_a_guess(detail: dict[str, Any]) -> None:
    name, told = named_error(detail)
    assert name == "Job.OutOfMemory"
    assert told.startswith(EXITED)
    assert told.endswith(GUESS)


def sidecar(**fields: Any) -> dict[str, Any]:
    return {"name": "metrics", "essential": False, **fields}


def main(**fields: Any) -> dict[str, Any]:
    return {"name": "main", "essential": True, **fields}


OUT_OF_MEMORY = "OutOfMemoryError: Container killed due to memory usage"


@pytest.mark.parametrize(
    ("detail", "speaks", "error"),
    [
        # an essential one before the others, whatever these say
        (on_ecs(sidecar(exitCode=137), main(exitCode=1)), "main", "Job.Failed"),
        (on_ecs(sidecar(exitCode=1), main(exitCode=137, reason=OUT_OF_MEMORY)), "main", "Job.OutOfMemory"),
        (on_ecs(sidecar(exitCode=137, reason=OUT_OF_MEMORY), main(exitCode=1)), "main", "Job.Failed"),
        (on_ecs(sidecar(exitCode=1), main(exitCode=137)), "main", "Job.OutOfMemory"),
        # one that failed before one that did not, though that was essential
        (on_ecs(main(exitCode=0), sidecar(exitCode=2)), "metrics", "Job.Failed"),
        (on_ecs(main(), sidecar(reason="CannotPullContainerError: x")), "metrics", "Job.ImagePull"),
        # one of its own accord before one that was killed with the rest
        (
            on_ecs({"name": "a", "exitCode": 137}, {"name": "b", "exitCode": 137, "reason": OUT_OF_MEMORY}),
            "b",
            "Job.OutOfMemory",
        ),
        (on_ecs({"name": "a", "exitCode": 143}, {"name": "b", "exitCode": 1}), "b", "Job.Failed"),
        (on_ecs({"name": "a", "exitCode": 1}, {"name": "b", "exitCode": 2}), "a", "Job.Failed"),
        # whoever could not start, while the others were killed
        (
            on_ecs(
                main(reason="CannotStartContainerError: no log driver"),
                sidecar(exitCode=137),
                status=UNSTARTED,
            ),
            "main",
            "Job.NotStarted",
        ),
        (on_ecs(main(), sidecar(exitCode=143), status=UNSTARTED), "metrics", "Job.NotStarted"),
        # EKS, whose init containers come first
        (
            on_eks({"name": "helper", "exitCode": 137, "reason": "Error"}, {"name": "main", "exitCode": 2}),
            "main",
            "Job.Failed",
        ),
        (
            on_eks({"name": "main"}, init=({"name": "fetch", "exitCode": 1, "reason": "OOMKilled"},)),
            "fetch",
            "Job.OutOfMemory",
        ),
        (
            on_eks(
                {"name": "main", "exitCode": 3, "reason": "Error"},
                init=({"name": "fetch", "exitCode": 0, "reason": "Completed"},),
            ),
            "main",
            "Job.Failed",
        ),
    ],
)
def test_the_container_that_ended_the_job_speaks(detail: dict[str, Any], speaks: str, error: str) -> None:
    assert container_of(detail)["name"] == speaks
    assert named_error(detail)[0] == error


@pytest.mark.parametrize(
    ("detail", "told"),
    [
        (one(EXITED, reason="CannotPull: x"), f"{EXITED}; CannotPull: x"),
        (
            on_ecs(sidecar(exitCode=137), main(exitCode=137, reason=OUT_OF_MEMORY)),
            f"{EXITED}; container main: {OUT_OF_MEMORY}",
        ),
        (on_ecs(sidecar(exitCode=137), main(exitCode=1)), f"{EXITED}; container main ended with exit code 1"),
        (
            on_ecs(sidecar(), main(), status="Host EC2 (instance i-1) terminated."),
            "Host EC2 (instance i-1) terminated.",
        ),
        ({"status": "FAILED"}, "Batch gave no reason"),
    ],
)
def test_the_reason_holds_what_batch_and_the_container_said(detail: dict[str, Any], told: str) -> None:
    assert named_error(detail)[1] == told


def test_what_only_the_last_attempt_tells_is_read_too() -> None:
    earlier = {"container": {"exitCode": 1, "reason": "CannotPull: x"}, "statusReason": EXITED}
    last = {"container": {"reason": "CgroupError: x", "logStreamName": "a/1"}, "statusReason": UNSTARTED}
    detail = {"status": "FAILED", "container": {"taskArn": "arn"}, "attempts": [earlier, last]}
    assert named_error(detail) == ("Job.NotStarted", f"{UNSTARTED}; CgroupError: x")
    assert container_of(detail)["logStreamName"] == "a/1"
    # a job that runs is at another attempt, and its own words come before the attempt's
    assert "reason" not in container_of({**detail, "status": "RUNNING"})
    assert named_error({**detail, "statusReason": "Dependent Job failed"})[0] == "Job.DependencyFailed"


def test_attempts_of_several_containers_are_read_by_their_names() -> None:
    of_ecs = {
        "taskProperties": [{"containers": [{"name": "main", "reason": OUT_OF_MEMORY}, {"name": "metrics"}]}]
    }
    detail = {**on_ecs(sidecar(exitCode=1), main(exitCode=137)), "attempts": [of_ecs]}
    assert (named_error(detail)[0], container_of(detail)["reason"]) == ("Job.OutOfMemory", OUT_OF_MEMORY)
    assert container_of(of_ecs)["name"] == "main"
    of_eks = {"initContainers": [{"name": "fetch", "exitCode": 1, "reason": "OOMKilled"}], "containers": []}
    detail = {"status": "FAILED", "eksAttempts": [of_eks]}
    assert (named_error(detail)[0], container_of(detail)["name"]) == ("Job.OutOfMemory", "fetch")


def test_a_job_that_has_not_failed_is_read_by_its_essential_container() -> None:
    assert container_of(on_ecs(sidecar(), main()))["name"] == "main"
    assert container_of(on_ecs(sidecar(exitCode=0), main(exitCode=0)))["name"] == "main"


def test_a_parent_of_many_nodes_has_no_container_to_read() -> None:
    nodes = {"numNodes": 2, "nodeRangeProperties": [{"targetNodes": "0:", "container": {"image": "x"}}]}
    detail = {"status": "FAILED", "statusReason": EXITED, "nodeProperties": nodes, "container": None}
    assert named_error(detail) == ("Job.Failed", EXITED)
    assert container_of(detail) == {}


LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=9)
    | st.sampled_from([137, 143, 0])
)
SCRAPS = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner)
)
CONTAINERS = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("name", "exitCode", "reason", "essential", "logStreamName"), SCRAPS)
)


def either(*whole: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(*whole, SCRAPS)


HOLDERS = st.fixed_dictionaries(
    {},
    optional={
        "container": either(CONTAINERS),
        "containers": either(st.lists(either(CONTAINERS), max_size=3)),
        "initContainers": either(st.lists(either(CONTAINERS), max_size=3)),
        "statusReason": SCRAPS,
    },
)
TASKS = either(st.lists(either(HOLDERS), max_size=2))
DETAILS = st.builds(
    lambda own, more: {**own, **more},
    HOLDERS,
    st.fixed_dictionaries(
        {},
        optional={
            "status": either(st.just("FAILED")),
            "attempts": TASKS,
            "eksAttempts": TASKS,
            "ecsProperties": either(st.fixed_dictionaries({"taskProperties": TASKS})),
            "eksProperties": either(st.fixed_dictionaries({"podProperties": either(HOLDERS)})),
            "nodeProperties": SCRAPS,
            "isTerminated": SCRAPS,
        },
    ),
)


@given(DETAILS)
@example({"status": [], "attempts": [{}]})
@example({"container": {"exitCode": [], "name": {}, "reason": 7, "essential": []}})
def test_no_shape_of_a_detail_is_too_odd_to_be_named(detail: dict[str, Any]) -> None:
    name, told = named_error(detail)
    assert name.startswith("Job.")
    assert told
    assert isinstance(container_of(detail), dict)
    assert job_record("align", detail).name == "align"
