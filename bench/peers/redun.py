"""redun with its AWS Batch executor, as published: https://insitro.github.io/redun/executors.html.

The configuration names what has no default (image, queue, scratch folder, role); the rest is redun's own: a
look at its jobs every 5 s, 100 a call, and jobs of one task gathered for 3 s into an array of 5 to 1,000.
"""

import json
import pickle
import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from bench.peers import stand_in
from bench.peers.account import BUCKET, ROLE_ARN, open_account
from bench.peers.peer import Invocation, Rows, Setting
from bench.peers.plan import PLAN, JobSide, write_plan

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
    """The client `redun`."""

    name: str = "redun"

    def prepare(self, setting: Setting) -> Invocation:
        """Write plan, workflow and configuration."""
        programs, folder = setting.programs, setting.folder
        command = [programs.program("redun"), "run", WORKFLOW, "main", "--plan", PLAN]
        write_plan(setting.cohort, folder)
        shutil.copy(Path(__file__).with_name(WORKFLOW), folder)
        (folder / ".redun").mkdir()
        settings = configuration(open_account(setting.aws), job_path(setting))
        (folder / ".redun" / "redun.ini").write_text(settings)
        return Invocation(command, versions=f"redun {programs.version('redun')}")

    def samples_by_job(self, setting: Setting, rows: Rows) -> dict[str, str]:  # noqa: ARG002 - the port's signature
        """Ask redun's own database."""
        return read_samples(setting.folder / DATABASE)


def job_path(setting: Setting) -> str:
    """Name the PATH that a container image would have."""
    if setting.job_side is JobSide.STAND_IN:
        return stand_in.install("redun", setting.folder / "programs")
    return setting.programs.search_path()


def configuration(queue_arn: str, path: str) -> str:
    """Return redun.ini with a Batch executor; `path` is the PATH of its jobs."""
    environment = [{"name": "PATH", "value": path}]
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


def read_samples(database: Path) -> dict[str, str]:
    """Read each Batch job's sample out of redun's own database; nothing if redun made none."""
    if not database.is_file():
        return {}
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        rows = connection.execute(_BATCH_JOBS).fetchall()
    return {json.loads(job_id): pickle.loads(sample) for job_id, sample in rows}  # noqa: S301 - our own run's file
