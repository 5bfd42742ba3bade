"""SubmitJob requests."""

from typing import Any

import pytest

from sluice_local.batch.model import Dependency, ExitRule, RequestRefusedError, RetryStrategy
from sluice_local.batch.requests import array_child, check_submit, fill_placeholders
from tests.unit.local_batch.building import DEFINITION, REQUEST, a_job, a_spec

ANY = {"jobId": "1"}


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("jobName", "", "jobName '' is not valid"),
        ("jobName", "-leading", "the first a letter or number"),
        ("jobName", "a b", "letters, numbers, hyphens"),
        ("jobName", "x" * 129, "up to 128"),
        ("dependsOn", [ANY] * 21, "names 21 jobs; at most 20"),
        ("dependsOn", [{"type": "N_TO_N"}], "needs a jobId"),
        ("dependsOn", [{**ANY, "type": "ALL"}], "N_TO_N or SEQUENTIAL are allowed"),
        ("dependsOn", [{"type": "SEQUENTIAL"}], "array jobs only"),
        ("arrayProperties", {"size": 1}, "it must be 2 to 10000"),
        ("arrayProperties", {"size": 10_001}, "it must be 2 to 10000"),
        ("retryStrategy", {"attempts": 0}, "it must be 1 to 10"),
        ("retryStrategy", {"attempts": 11}, "it must be 1 to 10"),
        ("retryStrategy", {"evaluateOnExit": [{"action": "EXIT"}] * 6}, "has 6 entries"),
        ("retryStrategy", {"evaluateOnExit": [{"action": "STOP"}]}, "RETRY or EXIT"),
        ("retryStrategy", {"evaluateOnExit": [{"action": "EXIT", "onExitCode": "abc"}]}, "of numbers, then"),
        ("retryStrategy", {"evaluateOnExit": [{"action": "EXIT", "onReason": "x" * 513}]}, "up to 512"),
        ("retryStrategy", {"evaluateOnExit": [{"action": "EXIT", "onStatusReason": "a*b"}]}, "then a \\*"),
        ("containerOverrides", {"environment": [{"value": "x"}]}, "an entry without a name"),
        ("containerOverrides", {"environment": [{"name": "AWS_BATCH_X"}]}, "are Batch's own"),
        ("containerOverrides", {"vcpus": 0}, "vcpus is 0; at least 1"),
        ("containerOverrides", {"memory": 3}, "memory is 3; at least 4"),
        ("timeout", {"attemptDurationSeconds": 59}, "must be at least 60"),
        ("tags", {f"k{n}": "" for n in range(51)}, "holds 51 entries"),
        ("schedulingPriorityOverride", 10_000, "0 to 9999"),
        ("parameters", {"x": "y" * 30_800}, "at most 30720 are allowed"),
    ],
)
def test_a_request_beyond_a_limit_is_refused_with_what_is_allowed(
    field: str, value: object, message: str
) -> None:
    with pytest.raises(RequestRefusedError, match=message):
        check_submit({**REQUEST, field: value})


@pytest.mark.parametrize("value", ["4096.0", "", "abc", "4 GB", "4,096", "1e3", "-1", "0", " 4096", "٤"])
@pytest.mark.parametrize("kind", ["MEMORY", "GPU"])
def test_an_amount_that_is_no_whole_number_is_refused_and_shown(kind: str, value: str) -> None:
    overrides = {"resourceRequirements": [{"type": kind, "value": value}]}
    with pytest.raises(RequestRefusedError, match=f"{kind} is {value!r}; it must be a whole number"):
        check_submit({**REQUEST, "containerOverrides": overrides})


@pytest.mark.parametrize(("kind", "value"), [("VCPU", "x"), ("VCPU", "0.0"), ("vcpu", "1"), ("MEMORY", None)])
def test_what_else_is_no_amount_is_refused(kind: str, value: str | None) -> None:
    overrides = {"resourceRequirements": [{"type": kind, "value": value}]}
    with pytest.raises(RequestRefusedError, match="resourceRequirements"):
        check_submit({**REQUEST, "containerOverrides": overrides})


@pytest.mark.parametrize(
    "extra",
    [
        {"dependsOn": [{"jobId": "nobody-knows-me"}]},
        {"arrayProperties": {"size": 10_000}, "dependsOn": [{"type": "SEQUENTIAL"}]},
        {"retryStrategy": {"attempts": 10, "evaluateOnExit": [{"action": "retry"}]}},
        {"timeout": {"attemptDurationSeconds": 60}},
        {"jobName": "0_-" + "x" * 125},
        {"containerOverrides": {"resourceRequirements": [{"type": "VCPU", "value": "0.25"}]}},
        {"containerOverrides": {"resourceRequirements": [{"type": "MEMORY", "value": "4096"}]}},
    ],
)
def test_a_request_at_its_limits_is_taken(extra: dict[str, Any]) -> None:
    check_submit({**REQUEST, **extra})


def test_the_requests_parameters_lie_over_the_definitions_and_fill_the_command() -> None:
    spec = a_spec(parameters={"sample": "NA06989"})
    assert spec.parameters == {"sample": "NA06989", "mode": "fast"}
    assert spec.command == ("align", "NA06989", "--mode=fast")
    assert spec.container["command"] == ("align", "Ref::sample", "--mode=Ref::mode")


def test_a_placeholder_without_a_parameter_stays_and_the_longest_name_wins() -> None:
    filled = fill_placeholders(("Ref::in", "Ref::input", "Ref::none"), {"in": "1", "input": "2"})
    assert filled == ("1", "2", "Ref::none")


def test_container_overrides_replace_by_name_and_type() -> None:
    spec = a_spec(
        containerOverrides={
            "command": ["echo", "Ref::sample"],
            "environment": [{"name": "B", "value": "3"}, {"name": "C", "value": "4"}],
            "resourceRequirements": [{"type": "MEMORY", "value": "1024"}],
        }
    )
    assert spec.command == ("echo", "NA0")
    assert spec.environment == {"A": "1", "B": "3", "C": "4"}
    assert spec.memory_mib == 1024
    assert {"type": "VCPU", "value": "1"} in spec.container["resourceRequirements"]


def test_what_batch_only_hands_on_is_kept() -> None:
    spec = a_spec(tags={"a": "b"}, shareIdentifier="lab", schedulingPriorityOverride=7, propagateTags=True)
    kept = {"tags": {"a": "b"}, "shareIdentifier": "lab", "schedulingPriority": 7, "propagateTags": True}
    assert kept.items() <= dict(spec.passed_through).items()


def test_a_definitions_tags_are_not_the_jobs() -> None:
    assert DEFINITION["tags"]
    assert "tags" not in a_spec().passed_through


def test_retries_timeout_and_dependencies_are_read() -> None:
    spec = a_spec(
        retryStrategy={"attempts": 2, "evaluateOnExit": [{"action": "EXIT", "onReason": "x*"}]},
        timeout={"attemptDurationSeconds": 90},
        dependsOn=[{"jobId": "a"}],
    )
    assert spec.retry == RetryStrategy(2, (ExitRule("EXIT", on_reason="x*"),))
    assert spec.timeout_seconds == 90
    assert spec.depends_on == (Dependency("a"),)


def test_an_arrays_child_knows_its_index() -> None:
    child = array_child(a_job("p", arrayProperties={"size": 3}), 2, created_at_ms=5)
    assert (child.spec.job_id, child.spec.array_index, child.spec.array_size) == ("p:2", 2, None)
    assert child.spec.environment["AWS_BATCH_JOB_ARRAY_INDEX"] == "2"
    assert child.spec.parent_id == "p"
