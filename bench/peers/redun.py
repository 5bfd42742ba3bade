"""redun with its AWS Batch executor, as published: https://insitro.github.io/redun/executors.html.

The configuration names what has no default (image, queue, scratch folder, role); the rest is redun's own: a
look at its jobs every 5 s, 100 a call, and jobs of one task gathered for 3 s into an array of 5 to 1,000.
"""

import json
import pickle
import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from bench.cohort import Cohort
from bench.contenders.contender import Ended
from bench.peers import stand_in
from bench.peers.account import BUCKET, ROLE_ARN, open_account
from bench.peers.client import client_environment, run_client
from bench.peers.outcome import ended, not_run
from bench.peers.plan import PLAN, JobSide, write_plan
from bench.peers.programs import PeerPrograms, PeersMissingError
from sluice_local.server import LocalAws

WORKFLOW = "redun_workflow.py"
DATABASE = ".redun/redun.db"
# https://insitro.github.io/redun/db.html: a job's Batch id is a tag of it, its sample the first argument
_BATCH_JOBS = """
    SELECT tag.value, value.value FROM tag
    JOIN job ON job.id = tag.entity_id
    JOIN argument ON argument.call_hash = job.call_hash AND argument.arg_position = 0
    JOIN value ON value.value_hash = argument.value_hash
    WHERE tag.key = 'aws_batch_job'
"""


@dataclass(frozen=True)
class Redun:
    """The contender `redun`.

    Attributes:
        programs: where it is installed.
        job_side: what runs inside its jobs.
        timeout_seconds: the client is stopped after this time.
    """

    programs: PeerPrograms = field(default_factory=PeerPrograms)
    job_side: JobSide = JobSide.STAND_IN
    timeout_seconds: float = 1800
    name: str = "redun"

    def run(self, aws: LocalAws, cohort: Cohort, folder: Path) -> Ended:
        """Take the cohort through; a peer that is not installed is told in the note."""
        try:
            return self._run(aws, cohort, folder.absolute())
        except PeersMissingError as error:
            return not_run(cohort, str(error))

    def _run(self, aws: LocalAws, cohort: Cohort, folder: Path) -> Ended:
        program = self.programs.program("redun")
        note = f"redun {self.programs.version('redun')}. {self.job_side.note}"
        write_plan(cohort, folder)
        shutil.copy(Path(__file__).with_name(WORKFLOW), folder)
        (folder / ".redun").mkdir()
        (folder / ".redun" / "redun.ini").write_text(configuration(open_account(aws), self._job_path(folder)))
        run = run_client(
            [program, "run", WORKFLOW, "main", "--plan", PLAN],
            folder=folder,
            environment=client_environment(aws, self.programs, folder),
            timeout_seconds=self.timeout_seconds,
        )
        samples = samples_by_job(folder / DATABASE)
        return ended(run, cohort, rows=aws.page("jobs")["jobs"], samples=samples, note=note)

    def _job_path(self, folder: Path) -> str:
        """Name the PATH that a container image would have."""
        if self.job_side is JobSide.STAND_IN:
            return stand_in.install("redun", folder / "programs")
        return self.programs.search_path()


def configuration(queue_arn: str, job_path: str) -> str:
    """Return redun.ini with a Batch executor; `job_path` is the PATH of its jobs."""
    environment = [{"name": "PATH", "value": job_path}]
    extra = json.dumps({"containerProperties": {"environment": environment}})
    return f"""[backend]
db_uri = sqlite:///redun.db

[executors.batch]
type = aws_batch
image = cohort
queue = {queue_arn}
s3_scratch = s3://{BUCKET}/redun/
role = {ROLE_ARN}
job_def_extra = {extra}
"""


def samples_by_job(database: Path) -> dict[str, str]:
    """Read each Batch job's sample out of redun's own database; nothing if redun made none."""
    if not database.is_file():
        return {}
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        rows = connection.execute(_BATCH_JOBS).fetchall()
    return {json.loads(job_id): pickle.loads(sample) for job_id, sample in rows}  # noqa: S301 - our own run's file
