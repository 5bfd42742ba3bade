"""Each function by `sam local`, with its event of events/; what it did is looked up in Local AWS."""

from __future__ import annotations

import json
import socket
import subprocess
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config

from sluice.cohorts.model import SampleStatus
from sluice.tasks.model import TaskState
from sluice_local.server import client_environment
from tests.sam.conftest import NETWORK
from tests.sam.quiet_stack import NAME, QuietStack, sample_event, silence
from tests.support.building import eventually
from tools.sam.local_invoke import LocalRun, local_run
from tools.sam.toolbox import run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.e2e.stack.stack import Stack
    from tests.sam.checkout import Checkout
    from tests.support.building import Machines

    Invoke = Callable[[str, Any], Any]


@pytest.fixture(scope="module")
def deployed(checkout: Checkout) -> Stack:
    stack = checkout.deploy(NAME, **NETWORK)
    silence(stack)
    return stack


@pytest.fixture(scope="module")
def prepared(checkout: Checkout, deployed: Stack) -> Iterator[LocalRun]:
    with local_run(checkout.toolbox, deployed.aws.endpoint, NAME) as local:
        yield local


@pytest.fixture
def quiet(deployed: Stack, machines: Machines) -> QuietStack:
    return QuietStack(deployed, machines)


@pytest.fixture
def invoke(
    prepared: LocalRun, checkout: Checkout, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Invoke:
    """`sam local invoke` of the built template; it shows what the function answered."""

    def invoke(function: str, event: Any) -> Any:
        path = tmp_path / "event.json"
        path.write_text(json.dumps(event))
        command = prepared.command("invoke", function, "--event", str(path))
        answer = run(command, environment=prepared.environment, folder=checkout.folder)
        with capsys.disabled():
            print(f"\nsam local invoke {function}: {answer.strip()}")  # noqa: T201 - so that the log shows what it did
        return json.loads(answer)

    return invoke


@pytest.fixture
def local_lambda(prepared: LocalRun, checkout: Checkout) -> Iterator[Any]:
    """A boto3 client of `sam local start-lambda`."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = prepared.command("start-lambda", "--port", str(port))
    server = subprocess.Popen(
        command,
        env=prepared.environment,
        cwd=checkout.folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    try:
        assert server.stderr is not None
        log = server.stderr
        eventually(lambda: b"Running on" in log.readline(), within_seconds=60)
        yield lambda_client(f"http://127.0.0.1:{port}")
    finally:
        server.terminate()
        server.communicate(timeout=60)


def lambda_client(endpoint: str) -> Any:
    given = client_environment(endpoint)
    return boto3.client(
        "lambda",
        endpoint_url=endpoint,
        region_name=given["AWS_DEFAULT_REGION"],
        aws_access_key_id=given["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=given["AWS_SECRET_ACCESS_KEY"],
        config=Config(read_timeout=120, retries={"total_max_attempts": 1}),
    )


def test_submit_jobs_submits_the_job_of_a_waiting_task(quiet: QuietStack, invoke: Invoke) -> None:
    execution = quiet.waiting("true")
    assert invoke("SubmitJobsFunction", sample_event("submit_jobs"))["tasks"] == 1
    job_id = quiet.stack.submitted(execution, "job")
    assert eventually(lambda: quiet.stack.ended_job(job_id))["status"] == "SUCCEEDED"
    quiet.stack.states.stop_execution(executionArn=execution)


def test_a_probe_submits_the_job_of_a_waiting_task(quiet: QuietStack, invoke: Invoke) -> None:
    execution = quiet.waiting("true")
    event = {**sample_event("submit_jobs"), "probe": True, "brief": True}
    assert invoke("ProbeActivityFunction", event)["tasks"] == 1
    job_id = quiet.stack.submitted(execution, "job")
    assert eventually(lambda: quiet.stack.ended_job(job_id))["status"] == "SUCCEEDED"
    quiet.stack.states.stop_execution(executionArn=execution)


def test_handle_job_status_completes_the_workflow_of_an_ended_job(quiet: QuietStack, invoke: Invoke) -> None:
    execution, task = quiet.submitted("true")
    event = quiet.sqs_event("handle_job_status", "JobEventsQueue", holds=str(task.jobs["job"].job_id))
    assert invoke("HandleJobStatusFunction", event) == {"batchItemFailures": []}
    assert quiet.machines.ended(execution)["status"] == "SUCCEEDED"
    assert quiet.stack.closed_task(task) is TaskState.SUCCEEDED


def test_cancel_jobs_ends_the_job_of_a_stopped_workflow(quiet: QuietStack, invoke: Invoke) -> None:
    execution, task = quiet.submitted("sleep", "600")
    quiet.stack.states.stop_execution(executionArn=execution)
    event = quiet.sqs_event("cancel_jobs", "CancellationsQueue", holds=execution)
    assert invoke("CancelJobsFunction", event) == {"batchItemFailures": []}
    job_id = str(task.jobs["job"].job_id)
    assert eventually(lambda: quiet.stack.ended_job(job_id))["status"] == "FAILED"
    assert quiet.stack.closed_task(task) is TaskState.ABANDONED


def test_reconcile_tasks_submits_what_a_poller_left(quiet: QuietStack, invoke: Invoke) -> None:
    execution = quiet.abandoned_by_its_poller("true")
    assert invoke("ReconcileTasksFunction", sample_event("reconcile_tasks"))["TasksResumed"] == 1
    job_id = quiet.stack.submitted(execution, "job")
    assert eventually(lambda: quiet.stack.ended_job(job_id))["status"] == "SUCCEEDED"
    quiet.stack.states.stop_execution(executionArn=execution)


def test_ensure_pollers_starts_a_poller(quiet: QuietStack, invoke: Invoke) -> None:
    before = len(quiet.stack.idle_pollers())
    assert invoke("EnsurePollersFunction", sample_event("ensure_pollers")) == {"PollersStarted": 1}
    assert len(quiet.stack.idle_pollers()) > before


def test_start_samples_starts_the_execution_of_each_sample(quiet: QuietStack, invoke: Invoke) -> None:
    cohort, event = quiet.cohort_of_one()
    answer = invoke("StartSamplesFunction", event)
    assert (answer["done"], answer["started"]) == (True, 1)
    executions = quiet.stack.states.list_executions(stateMachineArn=event["workflowArn"])["executions"]
    assert [each["name"] for each in executions] == [f"{cohort}.1.NA06989"]
    assert quiet.counts(cohort) == {SampleStatus.RUNNING: 1}


def test_count_samples_counts_the_end_of_a_samples_execution(quiet: QuietStack, invoke: Invoke) -> None:
    cohort, event = quiet.cohort_of_one()
    quiet.stack.invoke("StartSamples", event)
    ended = quiet.sqs_event("count_samples", "SampleEndsQueue", holds=f"{cohort}.1.NA06989")
    assert invoke("CountSamplesFunction", ended) == {"batchItemFailures": []}
    assert quiet.counts(cohort) == {SampleStatus.SUCCEEDED: 1}


def test_reconcile_samples_counts_an_end_of_which_no_event_told(quiet: QuietStack, invoke: Invoke) -> None:
    cohort, event = quiet.cohort_of_one()
    quiet.stack.invoke("StartSamples", event)
    quiet.not_looked_at(cohort)
    assert invoke("ReconcileSamplesFunction", sample_event("reconcile_samples"))["SampleEndsMissed"] == 1
    assert quiet.counts(cohort) == {SampleStatus.SUCCEEDED: 1}


def test_a_function_that_raises_says_so_though_sam_ends_with_0(invoke: Invoke) -> None:
    assert invoke("SubmitJobsFunction", {})["errorType"]


def test_start_lambda_serves_the_functions_to_any_sdk(quiet: QuietStack, local_lambda: Any) -> None:
    execution, task = quiet.submitted("true")
    event = quiet.sqs_event("handle_job_status", "JobEventsQueue", holds=str(task.jobs["job"].job_id))
    answer = local_lambda.invoke(FunctionName="HandleJobStatusFunction", Payload=json.dumps(event))
    assert json.loads(answer["Payload"].read()) == {"batchItemFailures": []}
    assert quiet.machines.ended(execution)["status"] == "SUCCEEDED"
