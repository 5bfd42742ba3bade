"""Runs the demo: Local AWS, the stack, real people's reads; then the commands that a user of Sluice types."""

import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console

from demo.metrics import CohortMetrics, measure
from sluice_local.lowpass.accuracy import CohortAccuracy, Comparison
from sluice_local.lowpass.dataset import Dataset, ReadsWanted, people
from sluice_local.lowpass.people import Places, choose_samples
from sluice_local.output import require_folder, write_whole
from sluice_local.quotas import quota_of
from sluice_local.server import LocalAws, client_environment, inherited_environment
from sluice_local.settings import LocalSettings
from sluice_local.stack import Project, deploy_stack, stack_parameters
from sluice_local.terminal.display import Display

COHORT = "demo"
LOCAL_AWS_FOLDER = "local-aws"
EXPLAINED_MAX = 5


@dataclass(frozen=True)
class Settings:
    """One run of the demo.

    Attributes:
        project: what is deployed, and the people's genotypes.
        samples: how many people's reads to run.
        seed: chooses the people, and the reads that are drawn from them.
        depth: mean number of reads that cover a base.
        quota_per_second: SubmitJob calls a second that Local AWS allows; the stack stays just below.
        job_slots: jobs that run at the same time.
        output: folder for the sheet, the report, the summary and the logs.
        enforce_iam: whether the template's policies are enforced.
    """

    project: Project
    samples: int
    seed: int
    depth: float
    quota_per_second: float
    job_slots: int
    output: Path
    enforce_iam: bool


@dataclass
class Demo:
    """A run, from nothing to the report; nothing is left running afterwards."""

    settings: Settings
    console: Console
    began: float = field(default_factory=time.monotonic)

    def run(self) -> CohortMetrics:
        """Run the cohort, write report.html and summary.json, and return the metrics.

        Raises:
            TooManySamplesError, OutputFolderError: nothing was begun.
            LocalAwsError, DeployError, LowpassRunError: a step before or after the workflows failed.
        """
        names = choose_samples(people(self.settings.project), self.settings.samples, seed=self.settings.seed)
        require_folder(self.settings.output)
        logs = self.settings.output / LOCAL_AWS_FOLDER
        shutil.rmtree(logs, ignore_errors=True)  # the run before
        logs.mkdir(parents=True)
        with ExitStack() as open_until_end:
            folder = Path(open_until_end.enter_context(tempfile.TemporaryDirectory(prefix="sluice-demo-")))
            with Display(self.console, "Choosing the samples") as display:
                with display.step("Starting Local AWS"):
                    aws = open_until_end.enter_context(self._local_aws(logs))
                bucket = self._deploy(display, aws)
                self._make_data(
                    display, Dataset(self.settings.project, aws.client("s3"), bucket, folder), names
                )
            return self._run_cohort(aws, bucket, folder, names)

    def _local_aws(self, logs: Path) -> LocalAws:
        settings = LocalSettings(
            quotas={"Batch.SubmitJob": quota_of(self.settings.quota_per_second)},
            job_slots=self.settings.job_slots,
            job_directory=str(logs.absolute()),
            enforce_iam=self.settings.enforce_iam,
        )
        return LocalAws(settings, log_path=logs / "server.log")

    def _deploy(self, display: Display, aws: LocalAws) -> str:
        """Deploy the stack; returns its data bucket."""
        with display.step("Deploying the stack"):
            parameters = stack_parameters(quota_of(self.settings.quota_per_second))
            return deploy_stack(self.settings.project, aws, parameters)["DataBucketName"]

    def _make_data(self, display: Display, dataset: Dataset, names: Sequence[str]) -> None:
        with display.step("Building the reference"):
            dataset.add_reference()
        reads = ReadsWanted(self.settings.depth, self.settings.seed)
        with display.step("Drawing reads from real genotypes", len(names)) as tell:
            made = dataset.add_reads(names, reads, workers=self.settings.job_slots)
            for done, _name in enumerate(made, start=1):
                tell(done)
        write_whole(self._sheet, Places(dataset.bucket).sheet(names))

    def _run_cohort(self, aws: LocalAws, bucket: str, folder: Path, names: Sequence[str]) -> CohortMetrics:
        self._say("\nThe stack is there, and so is a sheet. What follows is what you would type:")
        self._sluice(aws, "launch", str(self._sheet))
        self._sluice(aws, "watch", COHORT)
        failed = self._failed(aws)
        done = [name for name in names if name not in failed]
        accuracy = self._compare(Comparison(self.settings.project, aws.client("s3"), bucket, folder), done)
        for name in failed[:EXPLAINED_MAX]:
            self._sluice(aws, "explain", name, "--cohort", COHORT)
            self._sluice(aws, "logs", name, "--cohort", COHORT)
        report = self.settings.output / "report.html"
        self._sluice(aws, "report", COHORT, "--html", str(report))
        metrics = measure(
            aws,
            samples=len(names),
            failed=failed,
            quota_per_second=self.settings.quota_per_second,
            mean_r2=accuracy.mean_r2_common,
            wall_seconds=time.monotonic() - self.began,
        )
        summary = self.settings.output / "summary.json"
        write_whole(summary, json.dumps(metrics.document(), indent=2) + "\n")
        self._say("\n" + "\n".join(metrics.lines()))
        places = {"report": report, "metrics": summary, "logs": self.settings.output / LOCAL_AWS_FOLDER}
        self._say("\n".join(f"{name:<14} {place}" for name, place in places.items()))
        return metrics

    def _compare(self, comparison: Comparison, names: Sequence[str]) -> CohortAccuracy:
        """Compare results with the truth; the reports lie where `sluice report` finds them."""
        accuracy = {}
        title = "Comparing with the truth"
        with Display(self.console, title) as display, display.step(title, len(names)) as tell:
            for name, found in comparison.compare(names, workers=self.settings.job_slots):
                accuracy[name] = found
                tell(len(accuracy))
        return CohortAccuracy({name: accuracy[name] for name in names})

    def _failed(self, aws: LocalAws) -> list[str]:
        """The samples that failed, as `sluice status` names them."""
        status = subprocess.run(  # noqa: S603 - our own program
            [*_PROGRAM, "status", COHORT, "--json"],
            env=_environment(aws),
            stdout=subprocess.PIPE,
            check=True,
        )
        return [each["sample"] for each in json.loads(status.stdout)["failed"]]

    def _sluice(self, aws: LocalAws, *arguments: str) -> None:
        """Run a command of `sluice`, shown as a person types it; it speaks for itself."""
        self._say(f"\n$ sluice {shlex.join(arguments)}", style="bold")
        subprocess.run([*_PROGRAM, *arguments], env=_environment(aws), check=False)  # noqa: S603 - our own program

    @property
    def _sheet(self) -> Path:
        return self.settings.output / f"{COHORT}.csv"

    def _say(self, text: str, style: str | None = None) -> None:
        """Print a text as it is: lines that are too long are the terminal's to wrap."""
        self.console.print(text, style=style, markup=False, highlight=False, soft_wrap=True)


_PROGRAM = (sys.executable, "-m", "sluice_cli")


def _environment(aws: LocalAws) -> dict[str, str]:
    terminal = {name: os.environ[name] for name in ("TERM", "COLUMNS") if name in os.environ}
    return {**inherited_environment(os.environ), **terminal, **client_environment(aws.endpoint)}
