"""A stack that does nothing by itself, so that what happens is what `sam local` has done."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sluice.aws.tables.cohort_items import sample_key
from sluice.aws.tables.cohort_store import DynamoCohortStore
from sluice.tasks.contract import parse_task
from tests.sam.checkout import ROOT
from tests.support.building import eventually

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sluice.cohorts.model import SampleStatus
    from sluice.tasks.model import TaskRecord
    from tests.e2e.stack.stack import Stack
    from tests.support.building import Machines

NAME = "sluice-quiet"
LONG_AGO_MS = 1_000_000_000_000


def sample_event(name: str) -> Any:
    """The event of a file of `events/`."""
    return json.loads((ROOT / "events" / f"{name}.json").read_text())


def silence(stack: Stack) -> None:
    """Takes away what calls a stack's functions: nobody reads its queues, no schedule ticks."""
    functions, scheduler = stack.aws.client("lambda"), stack.aws.client("scheduler")
    for mapping in functions.list_event_source_mappings()["EventSourceMappings"]:
        if f":{NAME}-" in mapping["FunctionArn"]:
            functions.delete_event_source_mapping(UUID=mapping["UUID"])
    for schedule in scheduler.list_schedules()["Schedules"]:
        if schedule["Name"].startswith(f"{NAME}-"):
            scheduler.delete_schedule(Name=schedule["Name"])


@dataclass(frozen=True)
class QuietStack:
    """Short ways to bring a workflow to where one of the functions is wanted."""

    stack: Stack
    machines: Machines

    def waiting(self, *command: str) -> str:
        """Starts a workflow of one job, whose task nobody takes; returns the execution."""
        definition = self.stack.job_definition(self.machines.name, *command)
        return self.machines.start(self.stack.machine(self.machines, self.stack.job("job", definition)))

    def submitted(self, *command: str) -> tuple[str, TaskRecord]:
        """Starts a workflow and has its job submitted; returns the execution and its task."""
        execution = self.waiting(*command)
        self.stack.invoke("SubmitJobs", sample_event("submit_jobs"))
        self.stack.submitted(execution, "job")
        (task,) = self.stack.tasks(execution)
        return execution, task

    def abandoned_by_its_poller(self, *command: str) -> str:
        """Starts a workflow whose poller died when it had written the intent; returns the execution."""
        execution = self.waiting(*command)
        handed = eventually(self.stack.next_task)
        task = parse_task(handed["taskToken"], handed["input"])
        assert self.stack.store.put_intent(task, handed["input"], LONG_AGO_MS)
        return execution

    def cohort_of_one(self) -> tuple[str, Any]:
        """A cohort of one sample, whose workflow has nothing to do; returns its name and its sample event."""
        done = {"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}
        workflow = {"workflowArn": self.machines.create(done), "cohort": self.machines.name}
        return self.machines.name, {**sample_event("start_samples"), **workflow}

    def not_looked_at(self, cohort: str) -> None:
        """Has it that nobody has looked at a cohort's sample for a long time."""
        self.stack.aws.client("dynamodb").update_item(
            TableName=self.stack.physical("CohortTable"),
            Key=sample_key(cohort, "NA06989"),
            UpdateExpression="SET lookedAt = :longAgo",
            ExpressionAttributeValues={":longAgo": {"N": str(LONG_AGO_MS)}},
        )

    def counts(self, cohort: str) -> Mapping[SampleStatus, int]:
        """How many samples of a cohort stand where."""
        dynamodb = self.stack.aws.client("dynamodb")
        found = DynamoCohortStore(dynamodb, self.stack.physical("CohortTable")).cohort(cohort)
        assert found is not None
        return {status: number for status, number in found.counts.items() if number}

    def sqs_event(self, sample: str, queue: str, *, holds: str) -> Any:
        """A sample event with the body of the message that waits in a queue and holds a text."""
        event = sample_event(sample)
        event["Records"][0]["body"] = eventually(lambda: self._message(queue, holds))
        return event

    def _message(self, queue: str, holds: str) -> str | None:
        url, sqs = self.stack.physical(queue), self.stack.aws.client("sqs")
        messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0)
        bodies = [each["Body"] for each in messages.get("Messages", [])]
        return next((body for body in bodies if holds in body), None)
