"""`sluice-arrays`: the same with tasks that say what varies, on a queue that does not run on Fargate."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.cohort import Cohort
from bench.contenders.contender import Ended
from bench.contenders.sleep_jobs import add_queue, add_sleep_job
from bench.contenders.sluice import STEPS, WORKFLOW, definition
from bench.contenders.workflows import MACHINE, run_workflows
from sluice.aws.tables.task_store import DynamoTaskStore
from sluice_local.server import LocalAws
from sluice_local.settings import ACCOUNT_ID
from sluice_local.stack import deploy_stack, find_project, stack_parameters

ENTRY_POINT = "jobs/sluice-row"
VARYING = ("sample", "seconds")
THREADS = "32"
"""As template.yaml has it: so many tasks can wait for a slot together, whatever the quota."""


@dataclass(frozen=True)
class SluiceArrays:
    """Lets tasks that wait for a slot share an array.

    Attributes:
        name: what it is called in the results.
        parameters: of the stack, laid over those that fit the quota.
    """

    name: str = "sluice-arrays"
    parameters: Mapping[str, str] = field(default_factory=dict)

    def run(self, aws: LocalAws, cohort: Cohort, folder: Path) -> Ended:  # noqa: ARG002 - the port's signature
        """Deploy the stack for a queue of its own and take the cohort through its workflow."""
        quota = aws.settings.quotas_in_force()["Batch.SubmitJob"]
        project, queue = find_project(), add_queue(aws)
        own = {"JobQueueArns": queue, "PollerThreads": THREADS}
        outputs = deploy_stack(project, aws, {**stack_parameters(quota), **own, **self.parameters})
        job = add_sleep_job(aws, queue, before=(str(project.file(ENTRY_POINT)),))
        workflow = varying(definition(project.file(WORKFLOW).read_text(), outputs["ActivityArn"], job))
        note = f"tasks that wait share an array; {THREADS} threads as by default"
        ended = run_workflows(aws, workflow, cohort, note=note)
        samples = samples_of_jobs(aws, outputs["TaskTableName"], cohort)
        return Ended(ended.succeeded, ended.failed, ended.started_s, ended.ended_s, note, samples)


def varying(workflow: dict[str, Any]) -> dict[str, Any]:
    """Let each state of a workflow say what varies; tags of a sample would keep its jobs apart."""
    for step in STEPS:
        arguments = workflow["States"][step]["Arguments"]
        arguments["vary"] = list(VARYING)
        (task,) = arguments["jobs"]
        del task["tags"]
    return workflow


def samples_of_jobs(aws: LocalAws, table: str, cohort: Cohort) -> dict[str, str]:
    """Read from the task table whose each job is."""
    store = DynamoTaskStore(aws.client("dynamodb"), table, keep_days=1)
    execution = f"arn:aws:states:{aws.region}:{ACCOUNT_ID}:execution:{MACHINE}"
    records = store.history([f"{execution}:{sample}" for sample in cohort.sample_names()])
    return {
        str(job.job_id): str(record.task.jobs[0].request["parameters"]["sample"])
        for record in records
        for job in record.jobs.values()
    }
