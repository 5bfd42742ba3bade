"""Runs the demo: Local AWS, the stack, real people's reads; then the commands that a user of Sluice types."""

import json
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console

from demo.metrics import BatchUse, CohortMetrics
from demo.shell import Shell
from sluice_local.lowpass.accuracy import CohortAccuracy, Comparison
from sluice_local.lowpass.dataset import Dataset, ReadsWanted, people
from sluice_local.lowpass.people import Places, choose_samples
from sluice_local.observing import ENDED, read_jobs
from sluice_local.output import require_folder, write_whole
from sluice_local.quotas import AWS_QUOTAS, Quota, quota_of
from sluice_local.server import LocalAws, client_environment
from sluice_local.settings import LocalSettings
from sluice_local.stack import Project, deploy_stack, stack_parameters
from sluice_local.terminal.display import Display
from sluice_local.terminal.progress import Step
from sluice_local.up import command_line

COHORT = "demo"
LOCAL_AWS_FOLDER = "local-aws"
JOBS_PER_SAMPLE = 3
EXPLAINED_MAX = 3
"""Samples that are explained, each of another error; the report has all that failed."""


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

    @property
    def quota(self) -> Quota:
        """The quota of SubmitJob."""
        return quota_of(self.quota_per_second)


@dataclass
class Demo:
    """A run, from nothing to the report; nothing is left running afterwards."""

    settings: Settings
    console: Console
    display: Display = field(init=False)

    def __post_init__(self) -> None:
        self.display = Display(self.console, "Choosing the samples")

    def run(self) -> CohortMetrics:
        """Run the cohort, write report.html and summary.json, and return the metrics.

        Raises:
            LocalError: nothing was begun, or a step failed; the message says why.
        """
        names = choose_samples(people(self.settings.project), self.settings.samples, seed=self.settings.seed)
        require_folder(self.settings.output)
        logs = self.settings.output / LOCAL_AWS_FOLDER
        shutil.rmtree(logs, ignore_errors=True)  # the run before
        logs.mkdir(parents=True)
        with self.display, ExitStack() as open_until_end:
            folder = Path(open_until_end.enter_context(tempfile.TemporaryDirectory(prefix="sluice-demo-")))
            with self.display.step("Starting Local AWS"):
                aws = open_until_end.enter_context(self._local_aws(logs))
            with self.display.step("Deploying the stack"):
                parameters = stack_parameters(self.settings.quota)
                bucket = deploy_stack(self.settings.project, aws, parameters)["DataBucketName"]
            self._make_data(Dataset(self.settings.project, aws.client("s3"), bucket, folder), names)
            comparison = Comparison(self.settings.project, aws.client("s3"), bucket, folder)
            metrics = self._run_cohort(aws, comparison, names)
            with self.display.step("Ending Local AWS"):
                open_until_end.close()
        self._conclude(metrics)
        return metrics

    def _local_aws(self, logs: Path) -> LocalAws:
        settings = LocalSettings(
            quotas={"Batch.SubmitJob": self.settings.quota},
            job_slots=self.settings.job_slots,
            job_directory=str(logs.absolute()),
            enforce_iam=self.settings.enforce_iam,
        )
        return LocalAws(settings, log_path=logs / "server.log")

    def _make_data(self, dataset: Dataset, names: Sequence[str]) -> None:
        with self.display.step("Building the reference"):
            dataset.add_reference()
        reads = ReadsWanted(self.settings.depth, self.settings.seed)
        with self.display.step("Drawing reads from real genotypes", len(names)) as tell:
            made = dataset.add_reads(names, reads, workers=self.settings.job_slots)
            for done, _name in enumerate(made, start=1):
                tell(done)
        write_whole(self._sheet, Places(dataset.bucket).sheet(names))

    def _run_cohort(self, aws: LocalAws, comparison: Comparison, names: Sequence[str]) -> CohortMetrics:
        sluice = self._shell(aws, JOBS_PER_SAMPLE * len(names))
        self._say("\nThe stack is there, and so is a sheet. What follows is what you would type:")
        sluice.show_variables()
        sluice.run("launch", str(self._sheet))
        sluice.run("watch", COHORT)
        use = BatchUse.of(aws)  # before the commands that ask Batch themselves
        errors = {each["sample"]: each["error"] for each in sluice.ask("status", COHORT)["failed"]}
        self._explain(sluice, errors)
        accuracy = self._compare(comparison, [name for name in names if name not in errors])
        sluice.run("report", COHORT, "--html", str(self._report), *self._quota_option())
        return CohortMetrics(
            samples=len(names),
            failed=list(errors),
            use=use,
            quota_per_second=self.settings.quota_per_second,
            mean_r2=accuracy.mean_r2_common,
            wall_seconds=self.display.elapsed_seconds,
        )

    def _shell(self, aws: LocalAws, jobs: int) -> Shell:
        ended = 0

        def present() -> Step:
            nonlocal ended
            with suppress(OSError):  # Local AWS may be ending
                ended = sum(job.status in ENDED for job in read_jobs(aws.page("jobs")))
            return Step("Jobs that have ended", ended, jobs)

        return Shell(
            self.console,
            self.display,
            program=command_line(Path(sys.executable), Path.cwd()),
            variables=client_environment(aws.endpoint),
            present=present,
        )

    def _explain(self, sluice: Shell, errors: Mapping[str, str | None]) -> None:
        """Explain one failed sample for each error, and show what its job printed."""
        first_by_error: dict[str | None, str] = {}
        for name, error in errors.items():
            first_by_error.setdefault(error, name)
        for name in list(first_by_error.values())[:EXPLAINED_MAX]:
            sluice.run("explain", name, "--cohort", COHORT, may_fail=True)
            sluice.run("logs", name, "--cohort", COHORT, may_fail=True)

    def _compare(self, comparison: Comparison, names: Sequence[str]) -> CohortAccuracy:
        """Compare results with the truth; the reports lie where `sluice report` finds them."""
        accuracy = {}
        with self.display.step("Comparing with the truth", len(names)) as tell:
            for name, found in comparison.compare(names, workers=self.settings.job_slots):
                accuracy[name] = found
                tell(len(accuracy))
        return CohortAccuracy({name: accuracy[name] for name in names})

    def _quota_option(self) -> tuple[str, ...]:
        is_aws_own = self.settings.quota == AWS_QUOTAS["Batch.SubmitJob"]
        return () if is_aws_own else ("--quota", f"{self.settings.quota_per_second:g}")

    def _conclude(self, metrics: CohortMetrics) -> None:
        """Write the summary, and say what a newcomer wants to know."""
        summary = self.settings.output / "summary.json"
        write_whole(summary, json.dumps(metrics.document(), indent=2) + "\n")
        logs = self.settings.output / LOCAL_AWS_FOLDER
        places = {"report": f"{self._report}", "summary": f"{summary}", "logs": f"{logs}"}
        lines = {**metrics.lines(), **places}
        self._say("\n" + "\n".join(f"{name:<14} {text}" for name, text in lines.items()))

    @property
    def _sheet(self) -> Path:
        return self.settings.output / f"{COHORT}.csv"

    @property
    def _report(self) -> Path:
        return self.settings.output / "report.html"

    def _say(self, text: str) -> None:
        """Print a text as it is: lines that are too long are the terminal's to wrap."""
        self.console.print(text, markup=False, highlight=False, soft_wrap=True)
