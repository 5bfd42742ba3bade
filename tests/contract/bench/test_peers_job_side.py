"""What stands in for a peer inside a job answers as the peer's own program does."""

import json
import pickle
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from bench.peers import stand_in
from bench.peers.job_side import PLAN_VARIABLE
from sluice_local.server import LocalAws

NO_TIME = 0.0


@pytest.fixture
def bucket(local_aws: LocalAws, unique: str) -> str:
    local_aws.client("s3").create_bucket(Bucket=unique)
    return unique


def run(aws: LocalAws, path: str, command: str, more: Mapping[str, str]) -> int:
    environment = {"PATH": path, **aws.environment(), **more}
    return subprocess.run(["/bin/bash", "-c", command], env=environment, check=False).returncode


def content(aws: LocalAws, bucket: str, key: str) -> Any:
    return aws.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()


def test_a_snakemake_job_leaves_its_output(local_aws: LocalAws, bucket: str, tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    plan.write_text(json.dumps({"seconds": {"s0007": {"align": NO_TIME}}}))
    command = (
        "pip install --target x snakemake-storage-plugin-s3 "
        f"&& python -m snakemake --deploy-sources s3://{bucket}/sources.tar.xz abc "
        "&& python -m snakemake --target-jobs 'align:sample=s0007' --allowed-rules align "
        f"--default-storage-prefix 's3://{bucket}/cohort' --mode 'remote'"
    )
    path = stand_in.install("snakemake", tmp_path / "programs")
    assert run(local_aws, path, command, {PLAN_VARIABLE: str(plan)}) == 0
    assert content(local_aws, bucket, "cohort/s0007/align") == b""


def test_a_redun_job_leaves_its_result(local_aws: LocalAws, bucket: str, tmp_path: Path) -> None:
    local_aws.client("s3").put_object(
        Bucket=bucket, Key="in", Body=pickle.dumps([("s0001", NO_TIME), {}], protocol=3)
    )
    command = f"redun oneshot workflow --input s3://{bucket}/in --output s3://{bucket}/out cohort.align"
    assert run(local_aws, stand_in.install("redun", tmp_path), command, {}) == 0
    assert pickle.loads(content(local_aws, bucket, "out")) == "s0001"


def test_a_redun_array_job_takes_the_arguments_of_its_index(
    local_aws: LocalAws, bucket: str, tmp_path: Path
) -> None:
    s3 = local_aws.client("s3")
    arguments = [[("s0001", NO_TIME), ("s0002", NO_TIME)], [{}, {}]]
    s3.put_object(Bucket=bucket, Key="in", Body=pickle.dumps(arguments, protocol=3))
    s3.put_object(
        Bucket=bucket, Key="outs", Body=json.dumps([f"s3://{bucket}/a", f"s3://{bucket}/b"]).encode()
    )
    files = f"--input s3://{bucket}/in --output s3://{bucket}/outs"
    command = f"redun oneshot workflow --array-job {files} cohort.align"
    index = {"AWS_BATCH_JOB_ARRAY_INDEX": "1"}
    assert run(local_aws, stand_in.install("redun", tmp_path), command, index) == 0
    assert pickle.loads(content(local_aws, bucket, "b")) == "s0002"


def test_a_job_whose_input_is_missing_fails(local_aws: LocalAws, bucket: str, tmp_path: Path) -> None:
    command = f"redun oneshot workflow --input s3://{bucket}/none --output s3://{bucket}/out cohort.align"
    assert run(local_aws, stand_in.install("redun", tmp_path), command, {}) == 1
