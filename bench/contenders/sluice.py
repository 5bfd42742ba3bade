"""`sluice`: the project's own template and its own workflow, with jobs that sleep."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.cohort import Cohort
from bench.contenders.contender import Ended
from bench.contenders.sleep_jobs import SleepJob, add_sleep_job
from bench.contenders.workflows import run_workflows
from sluice_local.server import LocalAws
from sluice_local.stack import deploy_stack, find_project, stack_parameters

HEARTBEAT_SECONDS = 900
"""As template.yaml has it."""
WORKFLOW = "statemachines/workflow.asl.json"
STEPS = ("Align", "Likelihoods", "Impute")
_PLACEHOLDER = re.compile(r"\$\{(\w+)\}")


@dataclass(frozen=True)
class Sluice:
    """Puts each job onto the Activity of the deployed stack.

    Attributes:
        name: what it is called in the results.
        parameters: of the stack, laid over those that fit the quota.
    """

    name: str = "sluice"
    parameters: Mapping[str, str] = field(default_factory=dict)

    def run(self, aws: LocalAws, cohort: Cohort, folder: Path) -> Ended:  # noqa: ARG002 - the port's signature
        """Deploy the stack for the quota in force and take the cohort through its workflow."""
        quota = aws.settings.quotas_in_force()["Batch.SubmitJob"]
        parameters, project = {**stack_parameters(quota), **self.parameters}, find_project()
        outputs = deploy_stack(project, aws, parameters)
        job = add_sleep_job(aws, outputs["JobQueueArn"])
        workflow = definition(project.file(WORKFLOW).read_text(), outputs["ActivityArn"], job)
        chosen = ", ".join(f"{name} {value}" for name, value in parameters.items())
        note = f"{chosen}: in proportion to the quota, as the defaults are to 50 a second"
        return run_workflows(aws, workflow, cohort, note=note)


def definition(workflow: str, activity_arn: str, job: SleepJob) -> dict[str, Any]:
    """Fill in the project's workflow and let each of its three jobs sleep in the place of what it does."""
    values = {
        "ActivityArn": activity_arn,
        "JobQueueArn": job.queue,
        "HeartbeatSeconds": str(HEARTBEAT_SECONDS),
        "MemoryMib": "2048",
        "MaxMemoryMib": "8192",
    }
    filled: dict[str, Any] = json.loads(_PLACEHOLDER.sub(lambda match: values.get(match[1], ""), workflow))
    (model,) = filled["States"][STEPS[0]]["Arguments"]["jobs"]
    for number, step in enumerate(STEPS):
        # the last step's jobs are an expression, which makes several when there are windows
        task = {**model, "jobName": step.lower(), **_sleeping(job, number)}
        filled["States"][step]["Arguments"]["jobs"] = [task]
    filled["States"][STEPS[-1]]["Output"] = "{% $states.input %}"
    return filled


def _sleeping(job: SleepJob, number: int) -> Mapping[str, object]:
    parameters = {
        "sample": "{% $states.input.sample %}",
        "seconds": f"{{% $states.input.seconds[{number}] %}}",
    }
    return {"jobDefinition": job.definition, "parameters": parameters}
