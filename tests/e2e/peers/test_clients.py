"""What people run on AWS Batch today runs on Local AWS as it is published."""

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bench.cohort import Cohort
from bench.peers.client import client_environment
from bench.peers.peer import Client, Peer
from bench.peers.plan import JobSide
from bench.peers.programs import PeerPrograms, PeersMissingError
from bench.peers.redun import Redun
from bench.peers.snakemake import Snakemake
from sluice_local.server import LocalAws
from sluice_local.settings import LocalSettings
from tests.support.building import ROLE_ARN, eventually

FLOW = Path(__file__).with_name("doubling_flow.py")
AT_MOST_SECONDS = 600.0


@pytest.fixture(scope="module")
def programs() -> PeerPrograms:
    programs = PeerPrograms()
    try:
        for name in ("snakemake", "redun", "metaflow"):
            programs.program(name)
    except PeersMissingError as error:
        if os.environ.get("CI") == "true":
            pytest.fail(str(error))
        pytest.skip(str(error))
    return programs


@pytest.fixture
def aws() -> Iterator[LocalAws]:
    with LocalAws(LocalSettings(job_slots=2)) as aws:
        yield aws


@pytest.mark.parametrize("client", [Snakemake(), Redun()], ids=lambda client: client.name)
def test_a_published_client_takes_a_sample_through(
    aws: LocalAws, programs: PeerPrograms, tmp_path: Path, client: Client
) -> None:
    peer = Peer(client, programs, JobSide.PUBLISHED, timeout_seconds=AT_MOST_SECONDS)
    ended = peer.run(aws, Cohort(samples=1, seed=1, mean_seconds=0.1), tmp_path)
    assert (ended.succeeded, ended.failed) == (1, 0), ended.note


@dataclass(frozen=True)
class Metaflow:
    """Metaflow, set up for a Local AWS as its documentation says.

    https://docs.outerbounds.com/engineering/deployment/aws-managed/manual/
    """

    aws: LocalAws
    environment: dict[str, str]

    @classmethod
    def set_up(cls, aws: LocalAws, programs: PeerPrograms, folder: Path) -> "Metaflow":
        aws.client("s3").create_bucket(Bucket="flows")
        aws.client("dynamodb").create_table(
            TableName="foreaches",
            KeySchema=[{"AttributeName": "pathspec", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "pathspec", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        batch = aws.client("batch")
        resources = {"type": "EC2", "maxvCpus": 2, "subnets": ["subnet-1"], "instanceTypes": ["optimal"]}
        batch.create_compute_environment(
            computeEnvironmentName="flows", type="MANAGED", computeResources=resources
        )
        order = [{"order": 1, "computeEnvironment": "flows"}]
        batch.create_job_queue(jobQueueName="flows", priority=1, computeEnvironmentOrder=order)
        settings = {
            "METAFLOW_USER": "lab",
            "METAFLOW_DEFAULT_DATASTORE": "s3",
            "METAFLOW_DATASTORE_SYSROOT_S3": "s3://flows/data",
            "METAFLOW_DEFAULT_METADATA": "local",
            "METAFLOW_BATCH_JOB_QUEUE": "flows",
            "METAFLOW_ECS_S3_ACCESS_IAM_ROLE": ROLE_ARN,
            "METAFLOW_SFN_IAM_ROLE": ROLE_ARN,
            "METAFLOW_EVENTS_SFN_ACCESS_IAM_ROLE": ROLE_ARN,
            "METAFLOW_SFN_DYNAMO_DB_TABLE": "foreaches",
            "METAFLOW_SFN_S3_DISTRIBUTED_MAP_OUTPUT_PATH": "s3://flows/maps",
        }
        return cls(aws, {**client_environment(aws, programs, folder), **settings})

    def run(self, *words: str) -> None:
        subprocess.run(
            ["python", FLOW, "step-functions", *words],
            env=self.environment,
            cwd=self.environment["HOME"],
            check=True,
            timeout=AT_MOST_SECONDS,
        )

    def ended(self) -> dict[str, Any]:
        """Wait for the end of the only execution."""

        def is_over() -> bool:
            # the children of a Distributed Map belong to `<state machine>/<label>`
            rows = [row for row in self.aws.page("executions") if "/" not in row["stateMachine"]]
            return [row["status"] for row in rows] not in ([], ["RUNNING"])

        eventually(is_over, within_seconds=AT_MOST_SECONDS)
        states = self.aws.client("stepfunctions")
        (machine,) = states.list_state_machines()["stateMachines"]
        (execution,) = states.list_executions(stateMachineArn=machine["stateMachineArn"])["executions"]
        return dict(states.describe_execution(executionArn=execution["executionArn"]))

    def printed(self, step: str) -> str:
        """Return what the only job of a step has printed."""
        rows = [row for row in self.aws.page("jobs")["jobs"] if row["jobName"].endswith(f"-{step}--")]
        (job,) = self.aws.client("batch").describe_jobs(jobs=[row["jobId"] for row in rows])["jobs"]
        stream = job["container"]["logStreamName"]
        events = self.aws.client("logs").get_log_events(logGroupName="/aws/batch/job", logStreamName=stream)
        return "\n".join(event["message"] for event in events["events"])


@pytest.mark.parametrize("option", [[], ["--use-distributed-map"]], ids=["inline-map", "distributed-map"])
def test_a_flow_that_metaflow_compiles_runs(
    aws: LocalAws, programs: PeerPrograms, tmp_path: Path, option: list[str]
) -> None:
    metaflow = Metaflow.set_up(aws, programs, tmp_path)
    metaflow.run("create", *option)
    metaflow.run("trigger", "--factor", "3")
    described = metaflow.ended()
    assert described["status"] == "SUCCEEDED", (described.get("error"), described.get("cause"))
    assert "the sum is 63" in metaflow.printed("end")
