"""Local AWS ends with all that it started, and fails loudly when MiniStack is another."""

import ast
import os
import signal
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from botocore.config import Config

import sluice_local.engine
from sluice_local.engine import ministack
from sluice_local.server import LocalAws
from tests.odd_variables import ODD_VARIABLES
from tests.support.building import NEEDS, Functions, eventually

STANDING = """
import os, time

def handler(event, context):
    with open(event, "w") as file:
        file.write(str(os.getpid()))
    time.sleep(60)
"""
PARENT = """
import sys
from sluice_local.server import LocalAws
with LocalAws() as aws:
    print(aws.endpoint, flush=True)
    sys.stdin.read()
"""


reads_proc = pytest.mark.skipif(
    sys.platform != "linux", reason="it reads /proc, which Linux alone has: run it there"
)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"


@reads_proc
def test_the_end_of_the_block_ends_open_polls_and_running_functions(tmp_path: Path, unique: str) -> None:
    # GIVEN a function in the middle of its work
    worker = tmp_path / "pid"
    with LocalAws() as aws:
        arn = Functions(aws.client("lambda"), unique).create(STANDING, Timeout=60)
        aws.client("lambda").invoke(FunctionName=arn, InvocationType="Event", Payload=f'"{worker}"')
        pid = int(eventually(lambda: worker.read_text() if worker.exists() else None))
        assert is_alive(pid)
    # WHEN the block is left, THEN nothing is left
    eventually(lambda: not is_alive(pid))
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", int(aws.endpoint.rpartition(":")[2])))


def submit_standing_job(batch: Any, name: str, pid_path: Path) -> None:
    batch.create_compute_environment(computeEnvironmentName=name, type="UNMANAGED")
    environments = [{"order": 1, "computeEnvironment": name}]
    batch.create_job_queue(jobQueueName=name, priority=1, computeEnvironmentOrder=environments)
    command = ["sh", "-c", f"echo $$ > {pid_path}; exec sleep 600"]
    batch.register_job_definition(
        jobDefinitionName=name,
        type="container",
        containerProperties={"image": "any", "command": command, "resourceRequirements": NEEDS},
    )
    batch.submit_job(jobName=name, jobQueue=name, jobDefinition=name)


@reads_proc
def test_a_running_job_ends_with_the_block_though_a_client_polls(tmp_path: Path, unique: str) -> None:
    job = tmp_path / "pid"
    # GIVEN an open poll and a job in the middle of its work
    with ThreadPoolExecutor(1) as clients, LocalAws() as aws:
        arn = aws.client("stepfunctions").create_activity(name=unique)["activityArn"]
        once = aws.client("stepfunctions", Config(retries={"total_max_attempts": 1}))
        poll = clients.submit(once.get_activity_task, activityArn=arn)
        submit_standing_job(aws.client("batch"), unique, job)
        pid = int(eventually(lambda: job.read_text().strip() if job.exists() else ""))
        eventually(lambda: "States.GetActivityTask" in aws.page("calls")["calls"])
    # WHEN the block is left, THEN both end
    assert poll.exception()
    eventually(lambda: not is_alive(pid))


def test_the_server_does_not_outlive_the_process_that_started_it() -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert parent.stdin
    assert parent.stdout
    port = int(parent.stdout.readline().decode().strip().rpartition(":")[2])
    parent.send_signal(signal.SIGKILL)
    parent.wait()

    def gone() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) != 0

    eventually(gone)
    parent.stdin.close()
    parent.stdout.close()


@reads_proc
def test_the_server_listens_on_the_loopback_address_only(local_aws: LocalAws) -> None:
    port = int(local_aws.endpoint.rpartition(":")[2])
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    listening = {line[1] for line in lines if line[3] == "0A" and line[1].endswith(f":{port:04X}")}
    assert listening == {f"0100007F:{port:04X}"}


SEEING = """
import os, time

def handler(event, context):
    return dict(os.environ), time.strftime("%Z")
"""


def test_the_callers_variables_change_neither_the_server_nor_its_functions(
    monkeypatch: pytest.MonkeyPatch, unique: str
) -> None:
    # GIVEN variables that programs heed, and one without which some could not be reached
    for name, value in {**ODD_VARIABLES, "HTTPS_PROXY": "http://proxy.invalid"}.items():
        monkeypatch.setenv(name, value)
    # WHEN a function of a new Local AWS looks at its own
    with LocalAws() as aws:
        functions = Functions(aws.client("lambda"), unique)
        succeeded, (variables, zone) = functions.invoke(functions.create(SEEING))
    # THEN it sees those of Lambda, and how to reach the world
    assert succeeded
    assert {name: value for name, value in ODD_VARIABLES.items() if variables.get(name) == value} == {}
    assert (variables["AWS_REGION"], variables["HTTPS_PROXY"]) == ("us-east-1", "http://proxy.invalid")
    assert zone == "UTC"


def literal_names() -> list[str]:
    """Every name of MiniStack that the engine's source gives to `ministack` as it stands."""
    names = []
    for path in Path(sluice_local.engine.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
                owner, name = node.func.value, node.args[0]
                of_ministack = isinstance(owner, ast.Name) and owner.id == "ministack"
                if of_ministack and isinstance(name, ast.Constant) and isinstance(name.value, str):
                    names.append(name.value)
    return sorted(set(names))


@pytest.mark.parametrize("name", literal_names())
def test_every_name_of_ministack_that_is_touched_exists(name: str) -> None:
    ministack.require_version()
    assert ministack.private(name) is not None


def test_a_name_that_ministack_lacks_is_told_with_its_path() -> None:
    with pytest.raises(ministack.EngineMismatchError, match=r"ministack\.services\.sqs\._gone"):
        ministack.private("services.sqs._gone")
    with pytest.raises(ministack.EngineMismatchError, match=r"ministack\.gone\.name"):
        ministack.private("gone.name")


def test_another_version_of_ministack_is_refused_with_the_way_out() -> None:
    with pytest.raises(ministack.EngineMismatchError, match=r"pip install ministack==1\.5\.33"):
        ministack.require_version("1.6.0")
