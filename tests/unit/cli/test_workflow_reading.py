"""What is said of a workflow before a cohort of it is launched."""

from __future__ import annotations

from typing import Any

import pytest

from sluice_cli.cohorts.workflow_reading import activity_remarks, fields_read

ACTIVITY = "arn:aws:states:us-east-1:000000000000:activity:sluice"
RETRY = [{"ErrorEquals": ["States.HeartbeatTimeout"]}]


def task(**fields: Any) -> dict[str, Any]:
    return {
        "Type": "Task",
        "Resource": ACTIVITY,
        "HeartbeatSeconds": 900,
        "Retry": RETRY,
        "End": True,
        **fields,
    }


def machine(**states: Any) -> dict[str, Any]:
    return {"StartAt": next(iter(states)), "States": states}


def remarks(**states: Any) -> list[str]:
    return list(activity_remarks(machine(**states), ACTIVITY, 300))


def test_what_the_first_state_reads_of_its_input_is_needed() -> None:
    reads = fields_read(
        machine(
            A=task(
                Parameters={
                    "jobs": [{"parameters": {"reads.$": "$.reads", "s.$": "$$.Execution.Input.lane"}}]
                }
            ),
            B=task(Parameters={"x.$": "States.Format('{}', $.made)"}),
        )
    )
    assert (set(reads.needed), set(reads.any_of_them), reads.whole) == (
        {"reads", "lane"},
        {"reads", "lane", "made"},
        False,
    )


def test_jsonata_is_read_too_and_handing_the_input_on_is_no_use_of_it() -> None:
    arguments = {"jobs": [{"parameters": {"reads": "{% $states.input.reads & 'x' %}"}}]}
    reads = fields_read(machine(A=task(Arguments=arguments, Output="{% $states.input %}")))
    assert (set(reads.needed), reads.whole) == ({"reads"}, False)


@pytest.mark.parametrize(
    "state",
    [
        task(Arguments={"jobs": "{% $merge([$states.input, {}]) %}"}),
        task(Parameters={"input.$": "$"}),
        task(Parameters={"input.$": "$$.Execution.Input"}),
        {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:000000000000:function:f", "End": True},
    ],
)
def test_where_the_input_goes_as_a_whole_nobody_knows_what_is_read(state: dict[str, Any]) -> None:
    assert fields_read(machine(A=state)).whole


def test_a_workflow_that_does_all_right_gets_no_remark() -> None:
    assert remarks(A=task()) == []
    assert remarks(A=task(HeartbeatSeconds="{% 900 %}", Retry=[{"ErrorEquals": ["States.ALL"]}])) == []


def test_a_state_that_its_timeout_ends_does_not_hang() -> None:
    assert remarks(A={"Type": "Task", "Resource": ACTIVITY, "TimeoutSeconds": 300, "Retry": RETRY}) == []
    assert (
        remarks(A={"Type": "Task", "Resource": ACTIVITY, "TimeoutSecondsPath": "$.t", "Retry": RETRY}) == []
    )


def test_what_is_taken_out_of_a_result_is_not_read_of_the_input() -> None:
    state = task(Parameters={"a.$": "$.given"}, ResultSelector={"id.$": "$.JobId"})
    assert fields_read(machine(A=state)).needed == {"given"}


def test_a_path_of_the_input_is_read_and_shifts_what_the_state_s_own_paths_mean() -> None:
    state = task(
        InputPath="$.detail", Parameters={"a.$": "$.given", "b.$": "$", "c.$": "$$.Execution.Input.lane"}
    )
    reads = fields_read(machine(A=state))
    assert (set(reads.needed), reads.whole) == ({"detail", "lane"}, False)
    assert fields_read(machine(A=task(InputPath="$", Parameters={"a.$": "$.given"}))).needed == {"given"}


def test_what_is_assigned_of_a_result_is_not_read_of_the_input_and_of_the_input_is() -> None:
    of_result = task(Parameters={"a.$": "$.given"}, Assign={"id.$": "$.jobs.align.jobId"})
    assert fields_read(machine(A=of_result)).needed == {"given"}
    of_input = task(Arguments={"a": 1}, Assign={"reads": "{% $states.input.reads %}"})
    assert fields_read(machine(A=of_input)).needed == {"reads"}


@pytest.mark.parametrize("sent_every", [300, 600])
def test_a_heartbeat_is_long_enough_at_three_times_what_the_stack_sends(sent_every: int) -> None:
    def remarks_at(seconds: int) -> list[str]:
        return list(activity_remarks(machine(A=task(HeartbeatSeconds=seconds)), ACTIVITY, sent_every))

    assert remarks_at(3 * sent_every) == []
    (remark,) = remarks_at(3 * sent_every - 1)
    assert f"every {sent_every} seconds" in remark
    assert f"Give it {3 * sent_every} or more." in remark


def test_a_retrier_that_never_tries_is_none() -> None:
    (remark,) = remarks(A=task(Retry=[{"ErrorEquals": ["States.ALL"], "MaxAttempts": 0}]))
    assert "no Retry of States.HeartbeatTimeout" in remark


@pytest.mark.parametrize(
    ("state", "says"),
    [
        ({"Type": "Pass", "End": True}, "No state uses the stack's Activity"),
        ({"Type": "Task", "Resource": ACTIVITY, "Retry": RETRY, "End": True}, "HeartbeatSeconds is missing"),
        (
            task(HeartbeatSeconds=300),
            "HeartbeatSeconds is 300, and the stack sends a heartbeat every 300 seconds",
        ),
        (task(Retry=[{"ErrorEquals": ["Job.NotStarted"]}]), "it has no Retry of States.HeartbeatTimeout"),
    ],
)
def test_what_may_fail_is_told(state: dict[str, Any], says: str) -> None:
    (remark,) = remarks(A=state)
    assert says in remark
    within = {"Type": "Map", "ItemProcessor": machine(Inner=state), "End": True}
    (remark,) = remarks(A=within)
    assert says in remark
