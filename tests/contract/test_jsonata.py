"""State machines in JSONata: what Sluice's own use of it needs."""

from typing import Any

from tests.support.building import Functions, Machines

ECHO = "def handler(event, context): return event"
FAILING = """
class ThrottledError(Exception): pass
class BrokenError(Exception): pass
def handler(event, context): raise (BrokenError if event["broken"] else ThrottledError)("as told")
"""
INVOKE = "arn:aws:states:::lambda:invoke"


def machine(start_at: str, **states: Any) -> dict[str, Any]:
    return {"QueryLanguage": "JSONata", "StartAt": start_at, "States": states}


def invoke(function: str, payload: Any, **fields: Any) -> dict[str, Any]:
    arguments = {"FunctionName": function, "Payload": payload}
    return {"Type": "Task", "Resource": INVOKE, "Arguments": arguments, **fields}


def test_arguments_output_and_assign_see_input_result_context_and_variables(
    functions: Functions, machines: Machines
) -> None:
    payload = {"execution": "{% $states.context.Execution.Id %}", "state": "{% $states.context.State.Name %}"}
    first = invoke(
        functions.create(ECHO),
        {**payload, "sample": "{% $states.input.sample %}"},
        Assign={"round": "{% $states.input.round + 1 %}"},
        Output="{% $states.result.Payload %}",
        Next="Merge",
    )
    merge = {"Type": "Pass", "Output": "{% $merge([$states.input, {'round': $round}]) %}", "End": True}
    arn = machines.create(machine("Call", Call=first, Merge=merge))
    output = machines.output(arn, {"sample": "NA06989", "round": 0})
    assert output.pop("execution").startswith("arn:aws:states:us-east-1:000000000000:execution:")
    assert output == {"state": "Call", "sample": "NA06989", "round": 1}


def test_a_loop_counts_with_a_variable_and_a_choice_condition(machines: Machines) -> None:
    begin = {"Type": "Pass", "Assign": {"round": 0}, "Next": "Count"}
    count = {"Type": "Pass", "Assign": {"round": "{% $round + 1 %}"}, "Next": "Again"}
    again = {
        "Type": "Choice",
        "Choices": [{"Condition": "{% $round < $states.input.rounds %}", "Next": "Count"}],
        "Default": "Done",
    }
    done = {"Type": "Succeed", "Output": {"counted": "{% $round %}"}}
    arn = machines.create(machine("Begin", Begin=begin, Count=count, Again=again, Done=done))
    assert machines.output(arn, {"rounds": 5}) == {"counted": 5}


def test_a_choice_s_own_output_and_assign_hold_when_no_rule_matches(machines: Machines) -> None:
    choose = {
        "Type": "Choice",
        "Choices": [{"Condition": "{% $states.input.more %}", "Output": "more", "Next": "Done"}],
        "Default": "Done",
        "Assign": {"why": "no rule"},
        "Output": "no more",
    }
    done = {
        "Type": "Succeed",
        "Output": {"input": "{% $states.input %}", "why": "{% $exists($why) ? $why : '' %}"},
    }
    arn = machines.create(machine("Choose", Choose=choose, Done=done))
    assert machines.output(arn, {"more": True}) == {"input": "more", "why": ""}
    assert machines.output(arn, {"more": False}) == {"input": "no more", "why": "no rule"}


def test_parallel_branches_have_arguments_output_and_variables_of_their_own(machines: Machines) -> None:
    def branch(name: str) -> dict[str, Any]:
        begin = {
            "Type": "Pass",
            "Assign": {"own": f"{{% $states.input & '{name}' %}}"},
            "Next": f"Wait{name}",
        }
        wait = {"Type": "Wait", "Seconds": 1, "Next": f"End{name}"}
        end = {"Type": "Pass", "Output": ["{% $own %}", "{% $states.context.State.Name %}"], "End": True}
        return {
            "StartAt": f"Begin{name}",
            "States": {f"Begin{name}": begin, f"Wait{name}": wait, f"End{name}": end},
        }

    both = {
        "Type": "Parallel",
        "Branches": [branch("A"), branch("B")],
        "Arguments": "{% $states.input.text %}",
        "Assign": {"kept": "{% $count($states.result) %}"},
        "Output": "{% $states.result %}",
        "Next": "Done",
    }
    done = {"Type": "Succeed", "Output": "{% [$kept, $states.input] %}"}
    output = machines.output(machines.create(machine("Both", Both=both, Done=done)), {"text": "x"})
    assert output == [2, ["xA", "EndA"], ["xB", "EndB"]]


def test_an_activity_takes_arguments_and_gives_its_result(
    states: Any, machines: Machines, activity_arn: str
) -> None:
    task = {
        "Type": "Task",
        "Resource": activity_arn,
        "Arguments": {
            "executionArn": "{% $states.context.Execution.Id %}",
            "jobs": [{"jobName": "{% $states.input %}"}],
        },
        "HeartbeatSeconds": "{% 10 + 20 %}",
        "Output": "{% $states.result.jobs.align.status %}",
        "End": True,
    }
    execution = machines.start(machines.create(machine("Work", Work=task)), "align")
    polled = states.get_activity_task(activityArn=activity_arn)
    assert polled["input"] == f'{{"executionArn": "{execution}", "jobs": [{{"jobName": "align"}}]}}'
    states.send_task_success(
        taskToken=polled["taskToken"], output='{"jobs": {"align": {"status": "SUCCEEDED"}}}'
    )
    assert machines.ended(execution)["output"] == '"SUCCEEDED"'


def test_a_catcher_has_the_error_and_a_fail_state_passes_it_on(
    functions: Functions, machines: Machines
) -> None:
    catch = {
        "ErrorEquals": ["States.ALL"],
        "Assign": {"error": "{% $states.errorOutput.Error %}"},
        "Output": "{% $states.errorOutput %}",
        "Next": "Failed",
    }
    call = invoke(functions.create(FAILING), {"broken": True}, Catch=[catch], End=True)
    failed = {
        "Type": "Fail",
        "Error": "{% $error %}",
        "Cause": "{% $parse($states.input.Cause).errorMessage %}",
    }
    described = machines.ended(machines.start(machines.create(machine("Call", Call=call, Failed=failed))))
    assert (described["status"], described["error"], described["cause"]) == (
        "FAILED",
        "BrokenError",
        "as told",
    )


def test_each_retrier_counts_its_own_attempts(functions: Functions, machines: Machines) -> None:
    retry = [
        {"ErrorEquals": ["ThrottledError"], "IntervalSeconds": 1, "MaxAttempts": 2, "BackoffRate": 1},
        {"ErrorEquals": ["States.ALL"], "MaxAttempts": 0},
    ]
    function = functions.create(FAILING)
    arn = machines.create(
        machine("Call", Call=invoke(function, "{% $states.input %}", Retry=retry, End=True))
    )
    execution = machines.start(arn, {"broken": False})
    assert machines.ended(execution)["error"] == "ThrottledError"
    assert machines.events(execution).count("TaskFailed") == 3
    execution = machines.start(arn, {"broken": True})
    assert machines.ended(execution)["error"] == "BrokenError"
    assert machines.events(execution).count("TaskFailed") == 1


def test_a_task_token_reaches_a_function_that_waits_for_its_callback(
    functions: Functions, machines: Machines
) -> None:
    source = """
import boto3

def handler(event, context):
    boto3.client("stepfunctions").send_task_success(taskToken=event["token"], output='"called back"')
"""
    call = invoke(functions.create(source), {"token": "{% $states.context.Task.Token %}"}, End=True)
    call["Resource"] = f"{INVOKE}.waitForTaskToken"
    assert machines.output(machines.create(machine("Call", Call=call))) == "called back"


def test_a_function_task_s_timeout_may_be_an_expression(functions: Functions, machines: Machines) -> None:
    function = functions.create("import time\ndef handler(event, context): time.sleep(5)", Timeout=10)
    call = invoke(function, {}, TimeoutSeconds="{% $states.input.limit %}", End=True)
    execution = machines.start(machines.create(machine("Call", Call=call)), {"limit": 1})
    assert machines.ended(execution)["error"] == "States.Timeout"
