"""Whether the reconciler looks after open tasks and running samples as often as it should."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sluice.aws.cohort_items import RUNNING_PARTITION
from sluice.aws.items import OPEN_PARTITION
from sluice_cli.checkup.finding import ok, wrong
from sluice_cli.durations import span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sluice_cli.checkup.finding import Finding, Patient


@dataclass(frozen=True)
class _Line:
    """A sparse index by which the reconciler goes, longest not looked at first.

    Attributes:
        check: what the finding is about.
        what: an entry, in words.
        index: its name.
        key, value: of its one partition.
        looked: the attribute with the time of the last look, ms since the epoch.
    """

    check: str
    what: str
    index: str
    key: str
    value: str
    looked: str


_TASKS = _Line("reconciler", "open task", "OpenByHeartbeat", "open", OPEN_PARTITION, "heartbeatAt")
_SAMPLES = _Line("cohorts", "running sample", "RunningByLook", "running", RUNNING_PARTITION, "lookedAt")


def check_tasks(patient: Patient) -> Iterator[Finding]:
    """Looks at the open task that was not looked at for longest."""
    every_seconds = patient.parameter("ReconcileHeartbeatSeconds", 300)
    yield _judge(patient, patient.stack.output("TaskTableName"), _TASKS, every_seconds)


def check_samples(patient: Patient) -> Iterator[Finding]:
    """Looks at the running sample that was not looked at for longest."""
    table = patient.stack.outputs.get("CohortTableName")
    if table is not None:
        yield _judge(patient, table, _SAMPLES, patient.parameter("CohortLookSeconds", 900))


def _judge(patient: Patient, table: str, line: _Line, every_seconds: float) -> Finding:
    oldest_ms = _oldest_ms(patient, table, line)
    if oldest_ms is None:
        return ok(line.check, f"there is no {line.what}")
    idle_seconds = (patient.now_ms - oldest_ms) / 1000
    says = f"the {line.what} that was not looked at for longest has waited for {span(max(0, idle_seconds))}"
    if idle_seconds <= 2 * every_seconds + 120:
        return ok(line.check, says)
    way_out = "reconcile_tasks does not keep up or does not run: see its schedule and its log group."
    return wrong(line.check, f"{says}; each should be looked at every {span(every_seconds)}", way_out)


def _oldest_ms(patient: Patient, table: str, line: _Line) -> int | None:
    answer = patient.api.call(
        "dynamodb",
        "query",
        TableName=table,
        IndexName=line.index,
        KeyConditionExpression="#key = :value",
        ExpressionAttributeNames={"#key": line.key},
        ExpressionAttributeValues={":value": {"S": line.value}},
        ProjectionExpression=line.looked,
        Limit=1,
    )
    return int(answer["Items"][0][line.looked]["N"]) if answer["Items"] else None
