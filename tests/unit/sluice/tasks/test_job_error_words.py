"""The words of AWS and Kubernetes for the end of a job, by where they stand, and the error it is called."""

from __future__ import annotations

from typing import Any

import pytest

from sluice.tasks.job_errors import GUESS, named_error

EXITED = "Essential container in task exited"
UNSTARTED = "Task failed to start"
LIMIT = "Canceled by JobStateTimeLimit action due to reason:"
NO_CAPACITY = "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY"
UNDETERMINED = "UNDETERMINED - Batch job is blocked, root cause is undetermined."

BATCH = "https://docs.aws.amazon.com/batch/latest/userguide"
ECS = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide"
KUBELET = "https://github.com/kubernetes/kubernetes/blob/master/pkg/kubelet"
KUBE_STATE = "https://github.com/kubernetes/kube-state-metrics/blob/main/docs/metrics/workload"

Row = tuple[str, int | bool | None, str]

OF_THE_JOB: dict[str, list[Row]] = {
    # the statusReason, whether Batch notes the job as cancelled, and the error's name
    f"{BATCH}/job_stuck_in_runnable_misconfiguration.html": [
        (f"{LIMIT} MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE", True, "Job.Unschedulable"),
        (f"{LIMIT} MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT", True, "Job.Unschedulable"),
        ("MISCONFIGURATION:EC2_INSTANCE_CONFIGURATION_UNSUPPORTED - Your", False, "Job.Unschedulable"),
        ("MISCONFIGURATION:SERVICE_ROLE_PERMISSIONS - Batch service", False, "Job.Unschedulable"),
    ],
    f"{BATCH}/job_stuck_in_runnable_capacity.html": [
        (f"{LIMIT} {NO_CAPACITY}", True, "Job.NotStarted"),
        (f"{NO_CAPACITY} - Service cannot fulfill the capacity requested", False, "Job.NotStarted"),
        # somebody cancelled the job while it waited: no Retry may start it again
        (NO_CAPACITY, True, "Job.Terminated"),
    ],
    f"{BATCH}/job_stuck_in_runnable.html": [
        ("ACTION_REQUIRED - CE(s) associated with the job queue are invalid.", False, "Job.Unschedulable"),
        (UNDETERMINED, False, "Job.Failed"),
        (UNDETERMINED, True, "Job.Terminated"),
    ],
    f"{BATCH}/job_retries.html": [("Host EC2 (instance i-0) terminated.", False, "Job.SpotInterruption")],
    f"{ECS}/ecs_task_events.html": [
        ("Host EC2 (instance i-0) stopped.", False, "Job.SpotInterruption"),
        ("Your Spot Task was interrupted.", False, "Job.SpotInterruption"),
    ],
    f"{BATCH}/job_timeouts.html": [("Job attempt duration exceeded timeout", True, "Job.TimedOut")],
    f"{BATCH}/job_dependencies.html": [("Dependent Job failed", True, "Job.DependencyFailed")],
    f"{BATCH}/array_jobs.html": [("Array Child Job failed", False, "Job.Failed")],
    # a person's own words name nothing
    "https://docs.aws.amazon.com/batch/latest/APIReference/API_CancelJob.html": [
        ("not needed: Dependent Job failed", True, "Job.Terminated"),
        ("User initiated termination", True, "Job.Terminated"),
        ("Evicted", True, "Job.Terminated"),
    ],
}


@pytest.mark.parametrize(("said", "cancelled", "name"), [row for rows in OF_THE_JOB.values() for row in rows])
def test_what_is_said_of_the_job_has_its_name(said: str, cancelled: bool, name: str) -> None:
    detail = {"status": "FAILED", "statusReason": said, "isCancelled": cancelled, "isTerminated": False}
    assert named_error(detail) == (name, said)


OF_THE_CONTAINER: dict[str, list[Row]] = {
    # the container's reason, its exit code, and the error's name
    "https://github.com/aws/amazon-ecs-agent/blob/master/agent/dockerclient/dockerapi/errors.go": [
        ("OutOfMemoryError: Container killed due to memory usage", 137, "Job.OutOfMemory"),
        ("DockerTimeoutError: Could not transition to started; timed out", None, "Job.NotStarted"),
        ("DockerTimeoutError: Could not transition to stopped; timed out", 137, "Job.Failed"),
        ("CannotStopContainerError: Error response from daemon", 137, "Job.Failed"),
        ("CannotInspectContainerError: Could not transition to inspecting", 137, "Job.Failed"),
        ("CannotPullECRContainerError: AccessDeniedException", None, "Job.ImagePull"),
        ("CannotPullContainerAuthError: no basic auth credentials", None, "Job.ImagePull"),
    ],
    f"{ECS}/task_cannot_pull_image.html": [
        ("CannotPullContainerError: manifest for lowpass:2 not found", None, "Job.ImagePull"),
        ("CannotPullContainerError: toomanyrequests: You have reached", None, "Job.ImagePull"),
    ],
    # the container was too large for its memory
    "https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/": [
        ("OOMKilled", 137, "Job.OutOfMemory")
    ],
    # the pod was too large for what the node had left
    f"{KUBELET}/lifecycle/predicate.go": [
        ("OutOfmemory", None, "Job.NotStarted"),
        ("OutOfcpu", None, "Job.NotStarted"),
        ("OutOfpods", None, "Job.NotStarted"),
        ("OutOfephemeral-storage", None, "Job.NotStarted"),
        ("OutOfnvidia.com/gpu", None, "Job.NotStarted"),
        ("UnexpectedAdmissionError", None, "Job.NotStarted"),
        ("NodeAffinity", None, "Job.NotStarted"),
        ("NodePorts", None, "Job.NotStarted"),
    ],
    f"{KUBELET}/nodeshutdown/nodeshutdown_manager.go": [
        ("NodeShutdown", None, "Job.NotStarted"),
        ("Terminated", 143, "Job.SpotInterruption"),
        ("Pod was terminated in response to imminent node shutdown.", 137, "Job.SpotInterruption"),
    ],
    f"{KUBE_STATE}/pod-metrics.md": [
        ("NodeLost", None, "Job.SpotInterruption"),
        ("Shutdown", 137, "Job.SpotInterruption"),
    ],
    f"{KUBELET}/preemption/preemption.go": [("Preempting", 137, "Job.SpotInterruption")],
    f"{KUBELET}/container/runtime.go": [("ContainerStatusUnknown", 137, "Job.SpotInterruption")],
    f"{KUBELET}/eviction/helpers.go": [
        ("Evicted", 137, "Job.SpotInterruption"),
        ("Evicted", None, "Job.SpotInterruption"),
        ("Evicted: The node was low on resource: memory.", 137, "Job.SpotInterruption"),
        # it wrote more than it may, and would again
        ("Evicted: Pod ephemeral local storage usage exceeds the total limit of", 137, "Job.Failed"),
        ('Evicted: Container main exceeded its local ephemeral storage limit "1Gi".', 137, "Job.Failed"),
    ],
    f"{KUBELET}/images/types.go": [
        ("ErrImagePull", None, "Job.ImagePull"),
        ("ImagePullBackOff", None, "Job.ImagePull"),
        ("ErrImageNeverPull", None, "Job.ImagePull"),
        ("InvalidImageName", None, "Job.ImagePull"),
        ("ImageInspectError", None, "Job.ImagePull"),
        ("RegistryUnavailable", None, "Job.ImagePull"),
    ],
    f"{KUBELET}/active_deadline.go": [("DeadlineExceeded", 137, "Job.TimedOut")],
    # a ConfigMap or Secret is missing, or the entry point is wrong: another try would meet that again
    f"{KUBELET}/kuberuntime/kuberuntime_container.go": [("CreateContainerConfigError", None, "Job.Failed")],
    "https://github.com/containerd/containerd/blob/main/internal/cri/server/container_start.go": [
        ("StartError", 128, "Job.Failed")
    ],
}


@pytest.mark.parametrize(
    ("said", "code", "name"), [row for rows in OF_THE_CONTAINER.values() for row in rows]
)
@pytest.mark.parametrize("status", [None, EXITED])
def test_what_is_said_of_the_container_has_its_name(
    said: str, code: int | None, name: str, status: str | None
) -> None:
    container = {"name": "main", "reason": said, "exitCode": code}
    pod = {"podProperties": {"containers": [container]}}
    # of an EKS job, the pod's own reason stands in its last attempt
    of_pod = {"statusReason": said, "containers": [{"name": "main", "exitCode": code}]}
    for detail in (
        {"statusReason": status, "container": container},
        {"statusReason": status, "eksProperties": pod},
        {"eksAttempts": [of_pod]},
    ):
        called, told = named_error({"status": "FAILED", **detail})
        assert called == name
        assert told.endswith(said)


@pytest.mark.parametrize("said", ["no such words are known", "Task stopped by user", UNDETERMINED, UNSTARTED])
@pytest.mark.parametrize("of_container", [True, False])
def test_an_exit_code_of_137_contradicts_no_reason(said: str, of_container: bool) -> None:
    reason, status = (said, EXITED) if of_container else (None, said)
    container = {"exitCode": 137, "reason": reason}
    name, told = named_error({"status": "FAILED", "statusReason": status, "container": container})
    assert name != "Job.OutOfMemory"
    assert said in told
    assert GUESS not in told


@pytest.mark.parametrize("status", [None, "", EXITED, "EssentialContainerExited"])
@pytest.mark.parametrize("reason", [None, "", "Error"])
def test_an_exit_code_of_137_means_memory_where_nobody_says_why(status: Any, reason: Any) -> None:
    container = {"exitCode": 137, "reason": reason}
    name, told = named_error({"status": "FAILED", "statusReason": status, "container": container})
    assert name == "Job.OutOfMemory"
    assert told.endswith(GUESS)
