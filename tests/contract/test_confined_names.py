"""A name from a request that becomes a path stays in its folder."""

from __future__ import annotations

import io
import json
import zipfile
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from sluice_local.server import LocalAws
from sluice_local.settings import LocalSettings
from tests.support.building import NEEDS, ROLE_ARN, Machines, eventually, zipped

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LISTING = (
    "import os\n\ndef handler(event, context):\n    return sorted(os.listdir(os.path.dirname(__file__)))\n"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for this test alone: nothing but `a/b/jobs` is there."""
    return tmp_path_factory.mktemp("outside")


@pytest.fixture(scope="module")
def aws(folder: Path) -> Iterator[LocalAws]:
    with LocalAws(LocalSettings(job_directory=str(folder / "a" / "b" / "jobs"))) as aws:
        yield aws


def ended_job(aws: LocalAws, name: str, options: dict[str, str]) -> Any:
    """Run a job that says a word, with these options of its log driver."""
    batch = aws.client("batch")
    batch.create_compute_environment(computeEnvironmentName=name, type="UNMANAGED")
    environments = [{"order": 1, "computeEnvironment": name}]
    batch.create_job_queue(jobQueueName=name, priority=1, computeEnvironmentOrder=environments)
    container = {
        "image": "any",
        "command": ["echo", "a word"],
        "resourceRequirements": NEEDS,
        "logConfiguration": {"logDriver": "awslogs", "options": options},
    }
    batch.register_job_definition(jobDefinitionName=name, type="container", containerProperties=container)
    job_id = batch.submit_job(jobName=name, jobQueue=name, jobDefinition=name)["jobId"]

    def probe() -> Any:
        (job,) = batch.describe_jobs(jobs=[job_id])["jobs"]
        return job if job["status"] in {"SUCCEEDED", "FAILED"} else None

    return eventually(probe)


@pytest.mark.parametrize("prefix", ["../../..", "/tmp/../../..", "x/../../../..", "p" * 300])
def test_a_jobs_log_stays_in_its_folder(aws: LocalAws, folder: Path, unique: str, prefix: str) -> None:
    job = ended_job(aws, unique, {"awslogs-stream-prefix": prefix, "awslogs-group": f"/{unique}"})
    assert job["status"] == "SUCCEEDED"
    # THEN the log is in CloudWatch Logs under its name, and its file nowhere but among the logs
    stream = job["container"]["logStreamName"]
    assert stream.startswith(f"{prefix}/default/")
    events = aws.client("logs").get_log_events(logGroupName=f"/{unique}", logStreamName=stream)["events"]
    assert [event["message"] for event in events] == ["a word"]
    logs = folder / "a" / "b" / "jobs" / "logs"
    files = [path for path in folder.rglob("*.log") if path.read_text() == "a word\n"]
    assert files
    assert all(path.is_relative_to(logs) for path in files)


def test_a_functions_files_stay_in_its_folder(aws: LocalAws, unique: str) -> None:
    package = io.BytesIO(zipped(app=LISTING))
    with zipfile.ZipFile(package, "a") as archive:
        archive.writestr("../../above.py", "")
        archive.writestr("/absolute.py", "")
    functions = aws.client("lambda")
    functions.create_function(
        FunctionName=unique,
        Runtime="python3.13",
        Role=ROLE_ARN,
        Handler="app.handler",
        Code={"ZipFile": package.getvalue()},
    )
    answer = functions.invoke(FunctionName=unique)
    assert {"above.py", "absolute.py", "app.py"} <= set(json.loads(answer["Payload"].read()))


@pytest.mark.parametrize("name", ["../above", "a/b", ".."])
def test_a_functions_name_is_no_path(aws: LocalAws, name: str) -> None:
    with pytest.raises(ClientError):
        aws.client("lambda").create_function(
            FunctionName=name,
            Runtime="python3.13",
            Role=ROLE_ARN,
            Handler="app.handler",
            Code={"ZipFile": zipped(app=LISTING)},
        )


def test_a_functions_name_in_a_template_is_no_path_either(aws: LocalAws, unique: str) -> None:
    properties = {"FunctionName": "../above", "Role": ROLE_ARN, "Code": {"ZipFile": LISTING}}
    template = {"Resources": {"Above": {"Type": "AWS::Lambda::Function", "Properties": properties}}}
    cloudformation = aws.client("cloudformation")
    cloudformation.create_stack(StackName=unique, TemplateBody=json.dumps(template))
    cloudformation.get_waiter("stack_create_complete").wait(StackName=unique, WaiterConfig={"Delay": 1})
    machines = Machines(aws.client("stepfunctions"), unique)
    machine = machines.of_one_task("arn:aws:states:::lambda:invoke", Parameters={"FunctionName": "../above"})
    ended = machines.ended(machines.start(machine))
    assert ended["status"] == "FAILED"
    assert "is not the name of a function" in ended["cause"]


@pytest.mark.parametrize("kind", ["jobName", "jobQueue", "jobDefinition"])
def test_names_of_batch_are_no_paths(aws: LocalAws, kind: str) -> None:
    names = {"jobName": "a", "jobQueue": "a", "jobDefinition": "a", kind: "../../above"}
    with pytest.raises(ClientError):
        aws.client("batch").submit_job(**names)
