"""The low-pass workflow by windows: an array job, whose children impute one each, and one that joins them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from lowpass import cli
from lowpass.variants import read_genotypes, read_numbers, write_bcf
from tests.e2e.stack.test_workflow import workflow

if TYPE_CHECKING:
    from tests.e2e.stack.stack import Stack
    from tests.support.building import Machines

DATA = Path(__file__).parents[3] / "demo/data/chr20"
PERSON = "NA12829"


@pytest.fixture(scope="module")
def likelihoods(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a person with real genotypes, one read of Phred 40 at three sites of ten."""
    chance = np.random.default_rng(20)
    sites, alleles = read_genotypes(DATA / "truth.bcf", PERSON)
    shown = alleles[np.arange(len(sites)), chance.integers(0, 2, len(sites))]
    texts = np.array(["0,3,40", "40,3,0"])[shown]
    texts[chance.random(len(sites)) > 0.3] = "0,0,0"
    path = tmp_path_factory.mktemp("likelihoods") / "likelihoods.bcf"
    header = ('##FORMAT=<ID=PL,Number=G,Type=Integer,Description="of one read">',)
    write_bcf(path, sites, sample=PERSON, header=header, records=((".", text) for text in texts.tolist()))
    return path


def by_windows(stack: Stack, machines: Machines) -> str:
    """The workflow with its own programs for the last step, and nothing to do before."""
    fine = stack.job_definition("true", "true")
    own = {name: stack.outputs[name] for name in ("ImputeJobDefinitionArn", "LigateJobDefinitionArn")}
    return workflow(stack, machines, AlignJobDefinitionArn=fine, LikelihoodsJobDefinitionArn=fine, **own)


def sample(stack: Stack, unique: str, **fields: str) -> dict[str, str]:
    bucket = f"s3://{stack.outputs['DataBucketName']}"
    return {
        "sample": PERSON,
        "reads": "none",
        "reference": "none",
        "panel": f"{bucket}/{unique}/panel.bcf",
        "geneticMap": f"{bucket}/{unique}/map.tsv.gz",
        "output": f"{bucket}/{unique}",
        **fields,
    }


def test_windows_side_by_side_give_what_the_whole_panel_gives(
    stack: Stack, machines: Machines, unique: str, likelihoods: Path, tmp_path: Path
) -> None:
    # GIVEN the files of a sample in the bucket, and what one run over the whole panel gives
    s3, bucket = stack.aws.client("s3"), stack.outputs["DataBucketName"]
    panel, genetic_map = DATA / "panel.bcf", DATA / "genetic_map.b37.tsv.gz"
    names = {f"{PERSON}.likelihoods.bcf": likelihoods, "panel.bcf": panel, "map.tsv.gz": genetic_map}
    for name, path in names.items():
        s3.upload_file(str(path), bucket, f"{unique}/{name}")
    whole = tmp_path / "whole.bcf"
    inputs = ["--likelihoods", str(likelihoods), "--panel", str(panel), "--map", str(genetic_map)]
    assert cli.run(["impute", *inputs, "--output", str(whole)]) == 0

    # WHEN the workflow imputes it in three windows
    machine = by_windows(stack, machines)
    execution = machines.start(machine, sample(stack, unique, windows="3"))
    ended = machines.ended(execution, within_seconds=120)

    # THEN its one result has the same sites, and the dosages are those of the whole within the tolerance
    assert ended["status"] == "SUCCEEDED", ended
    assert json.loads(ended["output"])["imputed"] == f"s3://{bucket}/{unique}/{PERSON}.imputed.bcf"
    joined = tmp_path / "joined.bcf"
    s3.download_file(bucket, f"{unique}/{PERSON}.imputed.bcf", str(joined))
    sites, dosages = read_numbers(joined, "DS")
    expected_sites, expected = read_numbers(whole, "DS")
    assert sites.are(expected_sites)
    differences = np.abs(dosages - expected)
    assert differences.max() < 0.5
    assert np.quantile(differences, 0.95) < 0.01
    # one job and its three children, and one that joins
    jobs = [stack.ended_job(job["jobId"]) for job in stack.aws.page("jobs")["jobs"]]
    ours = [job for job in jobs if job and f"{unique}/{PERSON}.window-" in json.dumps(job["parameters"])]
    sizes = [job["arrayProperties"]["size"] for job in ours if "size" in job.get("arrayProperties", {})]
    assert (sizes, len(ours)) == ([3], 5)


@pytest.mark.parametrize(
    ("windows", "error"),
    [("many", "States.QueryEvaluationError"), ("2.5", "Task.Invalid"), ("20000", "Task.Rejected")],
)
def test_windows_that_are_no_number_of_children_fail_the_sample_by_name(
    stack: Stack, machines: Machines, unique: str, windows: str, error: str
) -> None:
    machine = by_windows(stack, machines)
    ended = machines.ended(machines.start(machine, sample(stack, unique, windows=windows)))

    assert (ended["status"], ended["error"]) == ("FAILED", error)
