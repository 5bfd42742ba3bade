from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from sluice.aws.batch import BotoBatch
from sluice.errors import DeniedError, RejectedError, ServiceError, ThrottledError, UnclearError


def batch_of(*operations: str, **methods: Any) -> BotoBatch:
    model = SimpleNamespace(operation_names=["SubmitJob", "TerminateJob", *operations])
    client: Any = SimpleNamespace(meta=SimpleNamespace(service_model=model), **methods)
    return BotoBatch(client)


def test_jobs_are_stopped_one_by_one_where_botocore_is_older_than_the_call_for_many() -> None:
    assert batch_of().stops_per_call == 1
    assert batch_of("TerminateJobs").stops_per_call == 50


@pytest.mark.parametrize(
    ("code", "meaning"),
    [
        ("ValidationException", RejectedError),
        ("ClientException", RejectedError),
        ("ThrottlingException", ThrottledError),
        ("ServerException", UnclearError),
        ("AccessDenied", DeniedError),
    ],
)
def test_what_is_said_of_one_of_many_jobs_is_understood(code: str, meaning: type[ServiceError]) -> None:
    def terminate_jobs(*, jobs: list[str], reason: str) -> dict[str, Any]:
        return {"successful": jobs[1:], "errors": [{"job": jobs[0], "code": code, "message": reason}]}

    left = batch_of("TerminateJobs", terminate_jobs=terminate_jobs).terminate_jobs(["a", "b"], "why")
    assert {job_id: type(error) for job_id, error in left.items()} == {"a": meaning}
    assert str(left["a"]) == f"TerminateJobs: {code}: why"
