"""Runs the demo from nothing to all its figures."""

import json
import os
import platform
import shutil
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from sluice_local.batch.running.runner import log_path
from sluice_local.demo.executions import Cohort
from sluice_local.demo.outcome import Run
from sluice_local.demo.settings import DemoSettings
from sluice_local.demo.snapshot import Observation, SampleState, sample_states, take_snapshot
from sluice_local.lowpass.accuracy import CohortAccuracy, Comparison
from sluice_local.lowpass.dataset import Dataset, ReadsWanted, people
from sluice_local.lowpass.people import Places, choose_samples
from sluice_local.output import require_folder
from sluice_local.server import LocalAws
from sluice_local.settings import LocalSettings
from sluice_local.stack import deploy_stack, stack_parameters
from sluice_local.terminal.display import Display
from sluice_local.terminal.progress import Running

LOCAL_AWS_FOLDER = "local-aws"


def run_demo(settings: DemoSettings, display: Display) -> Run:
    """Run the cohort and return all there is to tell; nothing is left running afterwards.

    Raises:
        TooManySamplesError: if more people are asked for than there are.
        OutputFolderError: if the output folder cannot be written to.
        LocalAwsError, DeployError, LowpassRunError: if a step before or after the workflows fails.
    """
    samples = choose_samples(people(settings.project), settings.samples, seed=settings.seed)
    require_folder(settings.output)
    server_folder = settings.output / LOCAL_AWS_FOLDER
    shutil.rmtree(server_folder, ignore_errors=True)  # the run before
    server_folder.mkdir(parents=True)
    with ExitStack() as open_until_end:
        folder = Path(open_until_end.enter_context(tempfile.TemporaryDirectory(prefix="sluice-demo-")))
        with display.step("Starting Local AWS"):
            aws = LocalAws(_local_settings(settings, server_folder), log_path=server_folder / "server.log")
            open_until_end.enter_context(aws)
        with display.step("Deploying the stack"):
            outputs = deploy_stack(settings.project, aws, stack_parameters(settings.quota))
        run = _Demo(settings, display, aws, outputs, folder).run(samples)
        with display.step("Ending Local AWS"):
            open_until_end.close()
    return replace(run, seconds_by_step=dict(display.seconds_by_step), wall_seconds=display.elapsed_seconds)


def _local_settings(settings: DemoSettings, folder: Path) -> LocalSettings:
    return LocalSettings(
        quotas={"Batch.SubmitJob": settings.quota},
        job_slots=settings.job_slots,
        job_directory=str(folder.absolute()),
        enforce_iam=settings.enforce_iam,
    )


@dataclass(frozen=True)
class _Demo:
    """The part of the demo that has a deployed stack."""

    settings: DemoSettings
    display: Display
    aws: LocalAws
    outputs: dict[str, str]
    folder: Path

    def run(self, samples: Sequence[str]) -> Run:
        self._make_data(samples)
        cohort = Cohort(self.aws, self.outputs["WorkflowArn"], _run_id(), samples)
        started_at_ms = time.time_ns() // 1_000_000
        with self.display.step("Running the workflows"):
            cohort.start({sample: json.dumps(self._input(sample)) for sample in samples})
            seen = cohort.watch(self._see)
        return Run(
            settings=self.settings,
            seen=seen,
            accuracy=self._accuracy(seen),
            failures=cohort.failures(seen, self._log),
            started_at_ms=started_at_ms,
            seconds_by_step=dict(self.display.seconds_by_step),
            wall_seconds=self.display.elapsed_seconds,
            sluice_version=version("sluice"),
            machine=_machine(),
        )

    @property
    def _bucket(self) -> str:
        return self.outputs["DataBucketName"]

    def _input(self, sample: str) -> dict[str, str]:
        return Places(self._bucket).workflow_input(sample)

    def _make_data(self, samples: Sequence[str]) -> None:
        dataset = Dataset(self.settings.project, self.aws.client("s3"), self._bucket, self.folder)
        with self.display.step("Building the reference"):
            dataset.add_reference()
        reads = ReadsWanted(self.settings.depth, self.settings.seed)
        with self.display.step("Drawing reads from real genotypes", len(samples)) as tell:
            made = dataset.add_reads(samples, reads, workers=self.settings.job_slots)
            for done, _sample in enumerate(made, start=1):
                tell(done)

    def _see(self, seen: Observation) -> None:
        quota = self.settings.quota_per_second
        self.display.show(Running(take_snapshot(seen, quota_per_second=quota)))

    def _accuracy(self, seen: Observation) -> CohortAccuracy:
        states = sample_states(seen.executions, seen.jobs)
        done = [sample for sample, state in states.items() if state is SampleState.DONE]
        comparison = Comparison(self.settings.project, self.aws.client("s3"), self._bucket, self.folder)
        figures = {}
        with self.display.step("Comparing with the truth", len(done)) as tell:
            for sample, accuracy in comparison.compare(done, workers=self.settings.job_slots):
                figures[sample] = accuracy
                tell(len(figures))
        return CohortAccuracy({sample: figures[sample] for sample in done})

    def _log(self, stream: str) -> list[str]:
        path = log_path(self.settings.output / LOCAL_AWS_FOLDER, stream)
        return path.read_text(errors="replace").splitlines() if path.is_file() else []


def _run_id() -> str:
    return datetime.now(UTC).strftime("%Y%m%dT%H%M%S")


def _machine() -> str:
    system = f"{platform.system()} {platform.machine()}"
    return f"{system}, {os.cpu_count()} CPUs, Python {platform.python_version()}"
