"""`sluice redrive` with an SQS that moves messages as it is told to."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from rich.progress import Progress

from sluice_cli.errors import AwsError
from sluice_cli.redrive.moving import DeadLetters, Move
from sluice_cli.redrive.moving import Progress as Stage
from sluice_cli.terminal.redrive_display import _advance
from tests.functional.cli.fakes import Clock, FakeApi, described_stack, document, keyed, run

ARN = "arn:aws:sqs:us-east-1:000000000000"
PAIRS = {"JobEventsQueue": "JobEventsDeadLetters", "WakeUpsQueue": "WakeUpsDeadLetters"}
RUNNING_ALREADY = AwsError("AWS refused it: already a task", "AWS.SimpleQueueService.UnsupportedOperation")


@dataclass
class Sqs:
    """Moves two messages a second between the queues of a stack.

    Attributes:
        messages: by dead-letter queue.
        failing: what the redrive of a queue fails with, after its first messages.
        late_looks: looks at the tasks that do not show the latest one yet.
        tasks: by dead-letter queue, the latest last.
        destinations: that were asked for, in order.
    """

    messages: dict[str, int]
    failing: dict[str, str] = field(default_factory=dict)
    late_looks: int = 0
    tasks: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    destinations: list[str] = field(default_factory=list)
    looks: int = 0

    def api(self, **answers: Any) -> FakeApi:
        """An AWS in which this is SQS."""
        rows = [
            {"LogicalResourceId": name, "ResourceType": "AWS::SQS::Queue", "PhysicalResourceId": name}
            for pair in PAIRS.items()
            for name in pair
        ]
        usual: dict[str, Any] = {
            "cloudformation.describe_stacks": described_stack(),
            "cloudformation.list_stack_resources": [{"StackResourceSummaries": rows}],
            "sqs.get_queue_attributes": self.attributes,
            "sqs.list_message_move_tasks": self.list,
            "sqs.start_message_move_task": self.start,
        }
        return FakeApi(keyed({**usual, **answers}))

    def attributes(self, *, QueueUrl: str, AttributeNames: list[str]) -> dict[str, Any]:  # noqa: N803, ARG002 - SQS's
        dead = PAIRS.get(QueueUrl)
        policy = {"deadLetterTargetArn": f"{ARN}:{dead}", "maxReceiveCount": 10}
        found = {
            "QueueArn": f"{ARN}:{QueueUrl}",
            "ApproximateNumberOfMessages": str(self.messages.get(QueueUrl, 0)),
        }
        return {"Attributes": {**found, **({"RedrivePolicy": json.dumps(policy)} if dead else {})}}

    def start(self, *, SourceArn: str, DestinationArn: str) -> dict[str, Any]:  # noqa: N803 - SQS's
        name, tasks = SourceArn.rpartition(":")[2], self.tasks.setdefault(SourceArn.rpartition(":")[2], [])
        self.destinations.append(DestinationArn)
        to_move = self.messages[name]
        tasks.append(
            {
                "Status": "RUNNING",
                "StartedTimestamp": len(tasks),
                "ApproximateNumberOfMessagesToMove": to_move,
            }
        )
        return {"TaskHandle": "handle"}

    def list(self, *, SourceArn: str, MaxResults: int) -> dict[str, Any]:  # noqa: N803, ARG002 - SQS's
        name = SourceArn.rpartition(":")[2]
        tasks = self.tasks.get(name, [])
        if tasks and self.late_looks:
            self.late_looks -= 1
            return {"Results": tasks[-2:-1]}
        if tasks and tasks[-1]["Status"] == "RUNNING":
            self._move(name, tasks[-1])
        return {"Results": [dict(tasks[-1])] if tasks else []}

    def _move(self, name: str, task: dict[str, Any]) -> None:
        task["ApproximateNumberOfMessagesMoved"] = min(
            task.get("ApproximateNumberOfMessagesMoved", 0) + 2, task["ApproximateNumberOfMessagesToMove"]
        )
        self.messages[name] = (
            task["ApproximateNumberOfMessagesToMove"] - task["ApproximateNumberOfMessagesMoved"]
        )
        if name in self.failing:
            task.update(Status="FAILED", FailureReason=self.failing[name])
        elif not self.messages[name]:
            task["Status"] = "COMPLETED"


def test_all_dead_letters_go_back_to_the_queues_that_are_named() -> None:
    sqs, clock = Sqs({"JobEventsDeadLetters": 5, "WakeUpsDeadLetters": 0}), Clock()
    result = run(sqs.api(), "redrive", clock=clock)
    assert (result.exit_code, result.stdout) == (
        0,
        "JobEventsDeadLetters: 5 messages moved to JobEventsQueue\nWakeUpsDeadLetters: empty\n",
    )
    assert sqs.destinations == [f"{ARN}:JobEventsQueue"]
    assert clock.slept_seconds == 3


def test_a_dry_run_only_says_what_is_there() -> None:
    sqs = Sqs({"JobEventsDeadLetters": 1, "WakeUpsDeadLetters": 1500})
    result = run(sqs.api(), "redrive", "--dry-run")
    assert result.stdout == (
        "JobEventsDeadLetters: 1 message, to go back to JobEventsQueue\n"
        "WakeUpsDeadLetters: 1,500 messages, to go back to WakeUpsQueue\n"
    )
    found = document(run(sqs.api(), "redrive", "--dry-run", "--json", "WakeUpsDeadLetters"))
    letters = {"queue": "WakeUpsDeadLetters", "destination": "WakeUpsQueue", "messages": 1500}
    assert found == {"stack": "sluice", "dryRun": True, "queues": [letters]}
    assert sqs.destinations == []


def test_only_the_queues_that_were_asked_for_are_redriven() -> None:
    sqs = Sqs({"JobEventsDeadLetters": 1, "WakeUpsDeadLetters": 3})
    found = document(run(sqs.api(), "redrive", "WakeUpsDeadLetters", "--json"))
    assert found["moved"] == 3
    assert found["queues"] == [
        {
            "queue": "WakeUpsDeadLetters",
            "destination": "WakeUpsQueue",
            "messages": 3,
            "moved": 3,
            "status": "COMPLETED",
            "reason": "",
        }
    ]
    assert sqs.messages["JobEventsDeadLetters"] == 1


def test_a_queue_that_is_not_there_is_named_with_those_that_are() -> None:
    result = run(Sqs({}).api(), "redrive", "JobEvents")
    assert result.exit_code == 2
    assert (
        "no dead-letter queue 'JobEvents'. It has: JobEventsDeadLetters, WakeUpsDeadLetters." in result.stderr
    )


def test_a_redrive_that_fails_says_why_and_how_far_it_came() -> None:
    sqs = Sqs({"JobEventsDeadLetters": 5}, failing={"JobEventsDeadLetters": "AccessDenied"})
    result = run(sqs.api(), "redrive", "JobEventsDeadLetters")
    assert result.exit_code == 1
    assert result.stdout == (
        "JobEventsDeadLetters: 2 messages moved to JobEventsQueue; then the redrive stopped: AccessDenied\n"
    )


def test_a_repeated_redrive_looks_at_the_one_that_runs() -> None:
    sqs = Sqs({"JobEventsDeadLetters": 9})
    sqs.start(SourceArn=f"{ARN}:JobEventsDeadLetters", DestinationArn="elsewhere")
    found = document(run(sqs.api(), "redrive", "JobEventsDeadLetters", "--json"))
    assert (found["moved"], sqs.destinations) == (9, ["elsewhere"])
    again = run(sqs.api(), "redrive", "JobEventsDeadLetters")
    assert (again.exit_code, again.stdout) == (0, "JobEventsDeadLetters: empty\n")


def test_an_earlier_redrive_that_is_still_shown_is_not_taken_for_this_one() -> None:
    sqs = Sqs({"JobEventsDeadLetters": 2})
    assert run(sqs.api(), "redrive", "JobEventsDeadLetters").exit_code == 0
    sqs.messages["JobEventsDeadLetters"], sqs.late_looks = 3, 0
    sqs.tasks["JobEventsDeadLetters"][-1]["FailureReason"] = "of long ago"
    api = sqs.api()
    started = sqs.start

    def start_late(**arguments: Any) -> dict[str, Any]:
        sqs.late_looks = 2
        return started(**arguments)

    api.answers["sqs", "start_message_move_task"] = start_late
    found = document(run(api, "redrive", "JobEventsDeadLetters", "--json"))
    assert (found["moved"], found["queues"][0]["reason"]) == (3, "")


def test_a_redrive_that_somebody_else_has_just_started_is_looked_at() -> None:
    sqs = Sqs({"JobEventsDeadLetters": 4})

    def start_second(**arguments: Any) -> AwsError:
        sqs.start(**arguments)
        return RUNNING_ALREADY

    api = sqs.api(**{"sqs.start_message_move_task": start_second})
    assert document(run(api, "redrive", "JobEventsDeadLetters", "--json"))["moved"] == 4


@pytest.mark.parametrize(
    "operation", ["start_message_move_task", "list_message_move_tasks", "get_queue_attributes"]
)
def test_what_aws_refuses_is_said(operation: str) -> None:
    refusal = AwsError(f"AWS refused {operation}. It said AccessDenied: no", "AccessDenied")
    result = run(Sqs({"JobEventsDeadLetters": 4}).api(**{f"sqs.{operation}": refusal}), "redrive")
    assert result.exit_code == 3
    assert f"AWS refused {operation}" in result.stderr


def test_who_interrupts_it_is_told_that_it_goes_on() -> None:
    class Impatient(Clock):
        def sleep(self, seconds: float) -> None:
            raise KeyboardInterrupt(seconds)

    result = run(Sqs({"JobEventsDeadLetters": 4}).api(), "redrive", clock=Impatient())
    assert result.exit_code == 130
    assert "SQS goes on moving the messages; to watch again: sluice redrive" in result.stderr


def test_a_terminal_shows_a_bar_for_each_queue_that_is_not_empty() -> None:
    letters = DeadLetters("JobEventsDeadLetters", "arn", "JobEventsQueue", "arn", 4)
    empty = replace(letters, queue="WakeUpsDeadLetters", messages=0)
    with Progress(disable=True) as progress:
        for moved in (0, 2, 4):
            _advance(progress, [Move(letters, Stage.RUNNING, moved), Move(empty, Stage.EMPTY)])
        assert [(each.description, each.completed, each.total) for each in progress.tasks] == [
            (letters.queue, 4, 4)
        ]
