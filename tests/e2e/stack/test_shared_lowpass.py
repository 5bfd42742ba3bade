"""The low-pass workflow with jobs that share arrays: its results are the same to the bit."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from sluice_local.lowpass.dataset import Dataset, ReadsWanted, people
from sluice_local.lowpass.people import GENETIC_MAP, PANEL, REFERENCE, choose_samples, reads_key
from sluice_local.packaging import read_template
from sluice_local.server import LocalAws
from sluice_local.settings import LocalSettings
from sluice_local.stack import find_project
from tests.e2e.stack.stack import ROOT, Stack, deployed
from tests.support.building import Machines

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

ENTRY_POINT = str(ROOT / "jobs/sluice-row")
VARYING = {
    "Align": ["alignment", "reads", "sample"],
    "Likelihoods": ["alignment", "likelihoods", "sample"],
    "Impute": ["imputed", "likelihoods", "sample"],
}
_FILE = "$states.input.output & '/' & $states.input.sample"
IMPUTE = {
    "sample": "{% $states.input.sample %}",
    "panel": "{% $states.input.panel %}",
    "geneticMap": "{% $states.input.geneticMap %}",
    "windows": "1",
    "likelihoods": f"{{% {_FILE} & '.likelihoods.bcf' %}}",
    "imputed": f"{{% {_FILE} & '.imputed.bcf' %}}",
}
LONG_SECONDS = 500
SAMPLES = 3


@dataclass(frozen=True)
class Lowpass:
    """A stack for a queue without Fargate, with the reads of a few people in its bucket."""

    stack: Stack
    names: tuple[str, ...]

    @property
    def bucket(self) -> str:
        return self.stack.outputs["DataBucketName"]

    def definitions(self, *before: str) -> dict[str, str]:
        """The template's programs, for instances; `before` stands before their commands."""
        resources = read_template((ROOT / "template.yaml").read_text())["Resources"]
        found = {}
        for step in VARYING:
            command = resources[f"{step}JobDefinition"]["Properties"]["ContainerProperties"]["Command"]
            name = f"{step.lower()}-{len(before)}"
            found[f"{step}JobDefinitionArn"] = self.stack.job_definition(name, *before, *command)
        return found

    def machine(self, machines: Machines, name: str, *, shared: bool) -> str:
        """The project's workflow; where jobs are shared each state says what varies, and no tag does."""
        text = (ROOT / "statemachines/workflow.asl.json").read_text()
        values = {
            "ActivityArn": self.stack.outputs["ActivityArn"],
            "JobQueueArn": self.stack.outputs["JobQueueArn"],
            "HeartbeatSeconds": "600",
            "MemoryMib": "2048",
            "MaxMemoryMib": "8192",
            **self.definitions(*((ENTRY_POINT,) if shared else ())),
        }
        for key, value in values.items():
            text = text.replace(f"${{{key}}}", value)
        workflow = json.loads(text)
        for step, vary in VARYING.items() if shared else ():
            arguments = workflow["States"][step]["Arguments"]
            arguments["vary"] = vary
            if step == "Impute":  # an expression, which makes several jobs where there are windows
                align = workflow["States"]["Align"]["Arguments"]["jobs"][0]
                own = {"jobName": "impute", "jobDefinition": values["ImputeJobDefinitionArn"]}
                arguments["jobs"] = [{**align, **own, "parameters": IMPUTE}]
            arguments["jobs"][0].pop("tags", None)
        return machines.create(workflow, name)

    def results(self, machines: Machines, name: str, *, shared: bool) -> Mapping[str, str]:
        """Runs all people; the digest of each one's imputed genotypes."""
        machine, root = self.machine(machines, name, shared=shared), f"s3://{self.bucket}"
        common = {
            "reference": f"{root}/{REFERENCE}",
            "panel": f"{root}/{PANEL}",
            "geneticMap": f"{root}/{GENETIC_MAP}",
            # the same length of a name, as a program's own head line may have it
            "output": f"{root}/{name}",
        }
        started = {
            sample: machines.start(
                machine, {"sample": sample, "reads": f"{root}/{reads_key(sample)}", **common}
            )
            for sample in self.names
        }
        ended = {sample: machines.ended(arn, within_seconds=LONG_SECONDS) for sample, arn in started.items()}
        assert {each["status"] for each in ended.values()} == {"SUCCEEDED"}, ended
        return {sample: self._digest(f"{name}/{sample}.imputed.bcf") for sample in self.names}

    def _digest(self, key: str) -> str:
        body = self.stack.aws.client("s3").get_object(Bucket=self.bucket, Key=key)["Body"].read()
        return hashlib.sha256(body).hexdigest()


@pytest.fixture
def lowpass(tmp_path: Path) -> Iterator[Lowpass]:
    with LocalAws(LocalSettings(activity_poll_seconds=1, job_slots=2)) as aws:
        batch = aws.client("batch")
        batch.create_compute_environment(computeEnvironmentName="instances", type="UNMANAGED")
        order: list[Any] = [{"order": 1, "computeEnvironment": "instances"}]
        made = batch.create_job_queue(jobQueueName="instances", priority=1, computeEnvironmentOrder=order)
        stack = deployed(
            aws,
            JobQueueArns=made["jobQueueArn"],
            SubmitRatePerSecond="0.2",
            SubmitBurst="1",
            RoundSeconds="60",
        )
        project = find_project(ROOT)
        names = choose_samples(people(project), SAMPLES, seed=1)
        dataset = Dataset(project, aws.client("s3"), stack.outputs["DataBucketName"], tmp_path)
        dataset.add_reference()
        assert sorted(dataset.add_reads(names, ReadsWanted(0.4, 1), workers=2)) == sorted(names)
        yield Lowpass(stack, names)


def test_results_are_the_same_to_the_bit_alone_and_in_arrays(lowpass: Lowpass, unique: str) -> None:
    machines = Machines(lowpass.stack.states, unique)
    alone = lowpass.results(machines, "alone", shared=False)
    ids = {job["jobId"] for job in lowpass.stack.aws.page("jobs")["jobs"]}
    shared = lowpass.results(machines, "array", shared=True)
    assert shared == alone
    assert len(set(alone.values())) == SAMPLES
    new = {job["jobId"] for job in lowpass.stack.aws.page("jobs")["jobs"]} - ids
    assert any(":" in job_id for job_id in new)
