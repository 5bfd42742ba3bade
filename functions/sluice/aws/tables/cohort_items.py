"""Items of the cohort table: how a cohort and its samples are written into DynamoDB, and read back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sluice.aws.tables.attributes import from_item, to_item
from sluice.cohorts.model import Cohort, RunningSample, Sample, SampleStatus

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sluice.cohorts.model import SampleEnd, Start

COHORT_ENTRY: Final = "#"
"""The cohort's own entry, before all names of samples."""

RUNNING_PARTITION: Final = "y"
"""The partition of the sparse index of running samples; an ended sample has no such attribute."""


def cohort_key(name: str) -> dict[str, Any]:
    """The key of a cohort's item."""
    return to_item({"cohort": name, "entry": COHORT_ENTRY})


def sample_key(cohort: str, sample: str) -> dict[str, Any]:
    """The key of a sample's item."""
    return to_item({"cohort": cohort, "entry": sample})


def cohort_item(cohort: Cohort) -> dict[str, Any]:
    """The item of a new cohort."""
    return to_item(
        {
            "cohort": cohort.name,
            "entry": COHORT_ENTRY,
            "workflowArn": cohort.workflow_arn,
            "sheetSha256": cohort.sheet_sha256,
            "total": cohort.total,
            "nextRow": cohort.next_row,
            "askedAt": cohort.asked_at,
            "createdAt": cohort.created_at,
            "updatedAt": cohort.updated_at,
        }
    )


def read_cohort(item: Mapping[str, Any]) -> Cohort:
    """Reads a cohort's item."""
    values = from_item(item)
    return Cohort(
        name=values["cohort"],
        workflow_arn=values["workflowArn"],
        sheet_sha256=values["sheetSha256"],
        total=int(values["total"]),
        created_at=int(values["createdAt"]),
        updated_at=int(values["updatedAt"]),
        counts={status: int(values.get(status.value, 0)) for status in SampleStatus},
        next_row=int(values["nextRow"]),
        asked_at=int(values["askedAt"]),
        cancelled_at=_whole(values.get("cancelledAt")),
        reopened_at=_whole(values.get("reopenedAt")),
    )


def sample_item(sample: Sample) -> dict[str, Any]:
    """The item of a running sample."""
    return to_item(
        {
            "cohort": sample.cohort,
            "entry": sample.name,
            "attempt": sample.attempt,
            "executionArn": sample.execution_arn,
            "status": sample.status.value,
            "input": sample.input,
            "startedAt": sample.started_at,
            "lookedAt": sample.looked_at,
            "running": RUNNING_PARTITION,
            **({"redrives": sample.redrives, "endedBefore": sample.ended_before} if sample.redrives else {}),
        }
    )


def read_sample(item: Mapping[str, Any]) -> Sample:
    """Reads a sample's item."""
    values = from_item(item)
    return Sample(
        cohort=values["cohort"],
        name=values["entry"],
        attempt=int(values["attempt"]),
        execution_arn=values["executionArn"],
        status=SampleStatus(values["status"]),
        input=values["input"],
        started_at=int(values["startedAt"]),
        looked_at=int(values["lookedAt"]),
        stopped_at=_whole(values.get("stoppedAt")),
        error=values.get("error"),
        redrives=int(values.get("redrives", 0)),
        ended_before=_whole(values.get("endedBefore")),
    )


def put_started(table: str, sample: Sample, start: Start) -> dict[str, Any]:
    """What a transaction does to note that a sample starts, refused if it is no longer as it was."""
    put: dict[str, Any] = {"TableName": table, "Item": sample_item(sample)}
    if start.before is None:
        put["ConditionExpression"] = "attribute_not_exists(cohort)"
    else:
        # an execution may end twice with one status, but not at one time
        last = "endedBefore" if start.before.stopped_at is None else "stoppedAt"
        ended_at = start.before.ended_before if start.before.stopped_at is None else start.before.stopped_at
        seen = {":attempt": start.before.attempt, ":status": start.before.status.value, ":ended": ended_at}
        put["ConditionExpression"] = f"attempt = :attempt AND #status = :status AND {last} = :ended"
        put["ExpressionAttributeNames"] = {"#status": "status"}
        put["ExpressionAttributeValues"] = to_item(seen)
    return {"Put": {**put, "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}}


def put_end(table: str, end: SampleEnd, before: SampleStatus) -> dict[str, Any]:
    """What a transaction does to note an end, refused if the sample does not stand as before any more."""
    values = {
        ":status": end.status.value,
        ":stopped": end.stopped_at,
        ":attempt": end.name.attempt,
        ":before": before.value,
        ":arn": end.execution_arn,
        **({":error": end.error} if end.error else {}),
    }
    error = ", #error = :error REMOVE #running" if end.error else " REMOVE #running, #error"
    is_running = before is SampleStatus.RUNNING
    later = (
        "(attribute_not_exists(endedBefore) OR endedBefore < :stopped)"
        if is_running
        else "stoppedAt < :stopped"
    )
    return {
        "Update": {
            "TableName": table,
            "Key": sample_key(end.name.cohort, end.name.sample),
            "UpdateExpression": f"SET #status = :status, stoppedAt = :stopped{error}",
            "ConditionExpression": (
                f"attempt = :attempt AND executionArn = :arn AND #status = :before AND {later}"
            ),
            "ExpressionAttributeNames": {"#status": "status", "#running": "running", "#error": "error"},
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            "ExpressionAttributeValues": to_item(values),
        }
    }


def read_running_sample(item: Mapping[str, Any]) -> RunningSample:
    """Reads an entry of the index of running samples."""
    values = from_item(item)
    return RunningSample(values["cohort"], values["entry"], int(values["lookedAt"]))


def _whole(value: Any) -> int | None:
    return None if value is None else int(value)
