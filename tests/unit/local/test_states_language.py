"""What Step Functions refuses when a state machine is made; the sources are in the modules."""

import json
from typing import Any

import pytest

from sluice_local.states_language.definition import check_definition

ACTIVITY = "arn:aws:states:us-east-1:000000000000:activity:work"
END = {"End": True}
PASS: dict[str, Any] = {"Type": "Pass", **END}
TASK: dict[str, Any] = {"Type": "Task", "Resource": ACTIVITY, **END}
WAIT: dict[str, Any] = {"Type": "Wait", **END}
IS_NULL = {"Variable": "$.a", "IsNull": True}
DISTRIBUTED = {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
JSONATA = {"QueryLanguage": "JSONata"}


def inner(**more: Any) -> dict[str, Any]:
    return {"StartAt": "I", "States": {"I": PASS}, **more}


def said(states: dict[str, Any], **machine: Any) -> list[str]:
    given = {"StartAt": next(iter(states)), "States": states, **machine}
    return [str(problem) for problem in check_definition(json.dumps(given))[0]]


def of_state(state: dict[str, Any], **machine: Any) -> list[str]:
    """What is said of a machine of a state and one that it may lead to."""
    reached = '"Q"' in json.dumps(state)
    return said({"P": state, **({"Q": PASS} if reached else {})}, **machine)


def retried(**retrier: Any) -> dict[str, Any]:
    return {**TASK, "Retry": [{"ErrorEquals": ["States.ALL"], **retrier}]}


def caught(*catchers: Any) -> dict[str, Any]:
    return {**TASK, "Catch": list(catchers)}


def chosen(*rules: Any, **fields: Any) -> dict[str, Any]:
    return {"Type": "Choice", "Choices": list(rules), **fields}


def mapped(**fields: Any) -> dict[str, Any]:
    return {"Type": "Map", "ItemProcessor": inner(), **fields, **END}


def calling(resource: str) -> dict[str, Any]:
    return {**TASK, "Resource": resource}


@pytest.mark.parametrize(
    "state",
    [
        {**TASK, "TimeoutSeconds": 99_999_999, "HeartbeatSeconds": 1},
        {**TASK, "TimeoutSecondsPath": "$.limits['hard']", "HeartbeatSecondsPath": "$$.Execution.Input.beat"},
        {
            **TASK,
            **JSONATA,
            "TimeoutSeconds": "{% $states.input.limit %}",
            "Arguments": "{% $states.input %}",
        },
        {
            **TASK,
            "Parameters": {"a.$": "States.Format('{}-)', States.MathAdd($.a, 1))", "b.$": "$$.Task.Token"},
        },
        {
            **TASK,
            "ResultSelector": {"a.$": "$.a"},
            "ResultPath": None,
            "InputPath": None,
            "OutputPath": "$['a','b']",
        },
        {**TASK, "Assign": {"köln": 1, "name.$": "$.name"}, "Credentials": {"RoleArn.$": "$.role"}},
        retried(
            MaxAttempts=0,
            BackoffRate=1,
            IntervalSeconds=1,
            MaxDelaySeconds=2,
            JitterStrategy="FULL",
            Comment="x",
        ),
        {**TASK, "Retry": [{"ErrorEquals": ["A", "States.Timeout"]}, {"ErrorEquals": ["States.ALL"]}]},
        caught({"ErrorEquals": ["States.ALL"], "Next": "Q", "ResultPath": "$.why", "Comment": "x"}),
        {**WAIT, "Seconds": 0},
        {**WAIT, "Timestamp": "2026-01-01T00:00:00+01:00"},
        {**WAIT, **JSONATA, "Seconds": "{% $states.input.pause %}"},
        {"Type": "Fail", "ErrorPath": "$.e", "CausePath": "States.Format('{}', $.c)"},
        {"Type": "Succeed", "Comment": "x", "OutputPath": "$.a"},
        chosen({**IS_NULL, "Next": "Q", "Comment": "x"}, Default="Q"),
        chosen({"Not": IS_NULL, "Next": "Q"}, {"And": [IS_NULL, {"Or": [IS_NULL]}], "Next": "Q"}),
        chosen({"Variable": "$.a", "NumericLessThanPath": "$.b", "Next": "Q"}),
        {**chosen({"Condition": "{% true %}", "Next": "Q", "Output": {}}), **JSONATA},
        mapped(MaxConcurrency=0, ItemsPath="$.items", ItemSelector={"a.$": "$$.Map.Item.Value"}),
        mapped(
            ItemProcessor=inner(ProcessorConfig=DISTRIBUTED), Label="big", ToleratedFailurePercentage=12.5
        ),
        {"Type": "Map", "Iterator": inner(), **END},
        {"Type": "Map", "Iterator": inner(ProcessorConfig=DISTRIBUTED), "ItemReader": {}, **END},
        {"Type": "Parallel", "Branches": [inner()], **END},
        {**calling("arn:aws-cn:states:::states:startExecution.sync:2"), "Parameters": {}},
        calling("arn:aws:states:::aws-sdk:batch:describeJobs"),
        calling("arn:aws:states:::glue:startJobRun.sync"),
    ],
    ids=lambda state: json.dumps(state)[:70],
)
def test_what_step_functions_takes_is_taken(state: dict[str, Any]) -> None:
    assert of_state(state) == []


@pytest.mark.parametrize(
    ("state", "told"),
    [
        ({**PASS, "Foo": 1}, "Field 'Foo' is not supported at /States/P"),
        ({**PASS, "TimeoutSeconds": 5}, "Field 'TimeoutSeconds' is not supported"),
        ({**mapped(), "TimeoutSeconds": 5}, "Field 'TimeoutSeconds' is not supported"),
        ({**PASS, "Retry": []}, "Field 'Retry' is not supported"),
        ({"Type": "Succeed", "Next": "Q"}, "Field 'Next' is not supported"),
        ({"Type": "Fail", "End": True}, "Field 'End' is not supported"),
        ({**PASS, "Comment": 1}, "Expected value of type String at /States/P/Comment"),
        ({"Type": "Pass", "End": "true"}, "Expected value of type Boolean at /States/P/End"),
        ({**TASK, "Parameters": {}, **JSONATA}, "'Parameters' is only supported for the 'JSONPath'"),
        ({**PASS, "InputPath": "$.a", **JSONATA}, "'InputPath' is only supported for the 'JSONPath'"),
        ({**TASK, "Arguments": {}}, "'Arguments' is only supported for the 'JSONata'"),
        ({**PASS, "QueryLanguage": "SQL"}, "/States/P/QueryLanguage"),
        ({**TASK, "TimeoutSeconds": 0}, "Minimum value is 1 at /States/P/TimeoutSeconds"),
        ({**TASK, "TimeoutSeconds": 100_000_000}, "Maximum value is 99999999"),
        ({**TASK, "TimeoutSeconds": "10"}, "Expected value of type Integer"),
        ({**TASK, "TimeoutSeconds": True}, "Expected value of type Integer"),
        ({**TASK, "TimeoutSeconds": 9, "HeartbeatSeconds": 9}, "must be smaller than TimeoutSeconds, 9"),
        ({**TASK, "TimeoutSeconds": 9, "TimeoutSecondsPath": "$.t"}, "[TimeoutSeconds, TimeoutSecondsPath]"),
        (retried(MaxAttempts=100_000_000), "/Retry[0]/MaxAttempts"),
        (retried(MaxAttempts=1.5), "/Retry[0]/MaxAttempts"),
        (retried(BackoffRate=0.5), "Minimum value is 1 at /States/P/Retry[0]/BackoffRate"),
        (retried(IntervalSeconds=0), "/Retry[0]/IntervalSeconds"),
        (retried(MaxDelaySeconds=31_622_401), "Maximum value is 31622400"),
        (retried(MaxDelaySeconds=5, IntervalSeconds=5), "must be larger than IntervalSeconds, 5"),
        (retried(JitterStrategy="SOME"), "/Retry[0]/JitterStrategy"),
        (retried(Next="Q"), "Field 'Next' is not supported at /States/P/Retry[0]"),
        (retried(ErrorEquals=[]), "At least one error is needed"),
        (retried(ErrorEquals="States.ALL"), "A list of errors is needed"),
        (retried(ErrorEquals=["States.ALL", "A"]), "States.ALL must be the only error"),
        (
            {**TASK, "Retry": [{"ErrorEquals": ["States.ALL"]}, {"ErrorEquals": ["A"]}]},
            "Retry[0]/ErrorEquals",
        ),
        ({**TASK, "Retry": {}}, "Expected value of type Array at /States/P/Retry"),
        ({**TASK, "Retry": ["A"]}, "Expected value of type Object at /States/P/Retry[0]"),
        (caught({"ErrorEquals": ["A"]}), "Missing field 'Next' at /States/P/Catch[0]"),
        (caught({"ErrorEquals": ["A"], "Next": "Z"}), "target: Z at /States/P/Catch[0]/Next"),
        (caught({"ErrorEquals": ["A"], "Next": "Q", "ResultPath": "a"}), "/Catch[0]/ResultPath"),
        (caught({"ErrorEquals": ["A"], "Next": "Q", "Output": {}}), "'Output' is only supported"),
        (WAIT, "exactly one of the following fields"),
        ({**WAIT, "Seconds": 1, "SecondsPath": "$.a"}, "exactly one of the following fields"),
        ({**WAIT, "Timestamp": "tomorrow"}, "RFC 3339"),
        ({"Type": "Fail", "Error": "a", "ErrorPath": "$.e"}, "[Error, ErrorPath]"),
        (chosen(), "at least one rule"),
        (chosen("Q"), "Expected value of type Object at /States/P/Choices[0]"),
        (chosen(IS_NULL, Default="Q"), "Missing field 'Next' at /States/P/Choices[0]"),
        (chosen({"IsNull": True, "Next": "Q"}), "Variable is None"),
        (chosen({"Variable": "$.a", "Next": "Q"}), "Exactly one comparison is needed"),
        (chosen({**IS_NULL, "StringEquals": "a", "Next": "Q"}), "Exactly one comparison is needed"),
        (chosen({"Variable": "$.a", "Like": "a", "Next": "Q"}), "Field 'Like' is not supported"),
        (chosen({"Variable": "$.a", "NumericEquals": "1", "Next": "Q"}), "/NumericEquals"),
        (chosen({"Variable": "$.a", "NumericEquals": True, "Next": "Q"}), "/NumericEquals"),
        (chosen({"Variable": "$.a", "StringEqualsPath": "b", "Next": "Q"}), "is not a Path"),
        (chosen({"And": [{**IS_NULL, "Next": "Q"}], "Next": "Q"}), "Field 'Next' is not supported"),
        (chosen({"Or": [], "Next": "Q"}), "at least one rule is needed at /States/P/Choices[0]/Or"),
        ({**chosen({**IS_NULL, "Next": "Q"}), **JSONATA}, "Condition must be a JSONata expression"),
        ({"Type": "Task", **END}, "Missing field 'Resource' at /States/P"),
        (calling("align"), "Value 'align' is not a valid resource ARN at /States/P/Resource"),
        (calling("arn:aws:states:::batch:runJob.sync"), "batch:runJob.sync is not recognized"),
        (calling("arn:aws:states:::batch:submitJob.sync:2"), "is not recognized"),
        (calling("arn:aws:states:::batch:submitJob.waitForTaskToken"), "is not recognized"),
        (calling("arn:aws:states:::aws-sdk:batch:submitJob.sync"), "is not recognized"),
        (calling("arn:aws:states:::aws-sdk:batch"), "is not recognized"),
        ({"Type": "Map", **END}, "Missing field 'ItemProcessor'"),
        (mapped(Iterator=inner()), "[ItemProcessor, Iterator]"),
        (mapped(MaxConcurrency=-1), "Minimum value is 0 at /States/P/MaxConcurrency"),
        (mapped(ItemReader={}), "Field 'ItemReader' is for Maps whose Mode is DISTRIBUTED"),
        (mapped(ItemProcessor=inner(ProcessorConfig={"Mode": "FAST"})), "ProcessorConfig/Mode"),
        (mapped(ItemProcessor=inner(ProcessorConfig={"Mode": "DISTRIBUTED"})), "ExecutionType must be one"),
        (mapped(ItemProcessor=inner(ProcessorConfig=DISTRIBUTED), Label="x" * 41), "INVALID_LABEL_NAME"),
        (
            mapped(ItemProcessor=inner(ProcessorConfig=DISTRIBUTED), ToleratedFailurePercentage=101),
            "Maximum value is 100",
        ),
        (mapped(ItemProcessor=[]), "Expected value of type Object at /States/P/ItemProcessor"),
        ({"Type": "Parallel", "Branches": [], **END}, "at least one branch"),
        ({"Type": "Parallel", "Branches": [inner(Foo=1)], **END}, "/States/P/Branches[0]"),
        ({**PASS, "InputPath": "a.b"}, "is not a Path: it must begin with '$'"),
        ({**PASS, "ResultPath": "$.a[*]"}, "is not a Reference Path"),
        ({**PASS, "ResultPath": "$$.a"}, "is not a Reference Path"),
        ({**PASS, "Parameters": {"a": [{"b.$": "abc"}]}}, "'b.$' must be a valid JSONPath"),
        ({**PASS, "Parameters": {"a.$": 1}}, "'a.$' must be a valid JSONPath"),
        ({**PASS, "Parameters": {"a.$": "States.Nope(1)"}}, "'a.$' must be a valid JSONPath"),
        ({**PASS, "Parameters": {"a.$": "States.Format('x'"}}, "'a.$' must be a valid JSONPath"),
        ({**PASS, "Assign": {"1a": 1}}, "'1a' is not a valid name of a variable"),
    ],
    ids=lambda value: json.dumps(value)[:70],
)
def test_what_it_refuses_is_refused_with_the_place(state: dict[str, Any], told: str) -> None:
    assert [problem for problem in of_state(state) if told in problem]


@pytest.mark.parametrize(
    ("states", "machine", "told"),
    [
        ({"P": PASS, "Q": PASS}, {}, ['MISSING_TRANSITION_TARGET: State "Q" is not reachable. at /States/Q']),
        (
            {
                "P": {"Type": "Pass", "Next": "Q"},
                "Q": {"Type": "Pass", "Next": "P"},
                "R": {**WAIT, "Seconds": 1, "End": False, "Next": "P"},
            },
            {},
            ["MISSING_END_STATE: Workflow has no terminal state"],
        ),
        (
            {"n" * 81: PASS},
            {},
            ["INVALID_STATE_NAME: The name of a state has 81 characters; 1 to 80 are allowed at /States/nnn"],
        ),
        (
            {"I": {"Type": "Parallel", "Branches": [inner()], **END}},
            {},
            ["DUPLICATE_STATE_NAME: Duplicate State name: I at /States"],
        ),
        ({"P": "x"}, {}, ["SCHEMA_VALIDATION_FAILED: Expected value of type Object at /States/P"]),
        ({"P": PASS}, {"Foo": 1}, ["SCHEMA_VALIDATION_FAILED: Field 'Foo' is not supported"]),
        (
            {"P": PASS},
            {"TimeoutSeconds": 0},
            ["SCHEMA_VALIDATION_FAILED: Minimum value is 1 at /TimeoutSeconds"],
        ),
        (
            {"P": PASS},
            {"Version": "2.0"},
            ["SCHEMA_VALIDATION_FAILED: Value is not one of ['1.0'] at /Version"],
        ),
        ({"P": {**PASS, "QueryLanguage": "JSONPath"}}, JSONATA, ["'JSONPath' is not supported in a machine"]),
    ],
    ids=lambda value: json.dumps(value)[:70],
)
def test_a_machine_as_a_whole(states: dict[str, Any], machine: dict[str, Any], told: list[str]) -> None:
    problems = said(states, **machine)
    assert all(any(each in problem for problem in problems) for each in told), problems
