"""What the causes of failures say, whoever wrote them."""

from __future__ import annotations

import json

import pytest

from sluice.causes import JobCause, read_cause

OF_SYNC = {
    "JobName": "align",
    "JobId": "id-1",
    "Status": "FAILED",
    "StatusReason": "Essential container in task exited",
    "Attempts": [{}, {}],
    "Container": {"ExitCode": 6, "LogStreamName": "align/default/1"},
}


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        (None, JobCause()),
        ("no such bucket", JobCause(reason="no such bucket")),
        ("[1]", JobCause(reason="[1]")),
        ('{"reason": "jobs[0] has no jobQueue"}', JobCause(reason="jobs[0] has no jobQueue")),
        ('{"errorMessage": "no sample", "errorType": "KeyError"}', JobCause(reason="no sample")),
        ('{"ExecutionArn": "arn", "Cause": "it was stopped"}', JobCause(reason="it was stopped")),
        ('{"other": 1}', JobCause(reason='{"other": 1}')),
        (
            '{"job": "align", "jobId": "id-1", "exitCode": 3, "reason": "exited", "attempts": 1}',
            JobCause("align", "id-1", 3, "exited", 1),
        ),
        (
            json.dumps(OF_SYNC),
            JobCause("align", "id-1", 6, "Essential container in task exited", 2, "align/default/1"),
        ),
    ],
)
def test_a_cause_is_read_as_far_as_it_can_be(text: str | None, cause: JobCause) -> None:
    assert read_cause(text) == cause
