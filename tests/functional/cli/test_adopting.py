"""`sluice convert` and `sluice check`."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from sluice.batch_words import camel
from tests.functional.cli.fakes import ARN, OUTPUTS, FakeApi, described_stack, run

if TYPE_CHECKING:
    from pathlib import Path

SYNC = "arn:aws:states:::batch:submitJob.sync"
ACTIVITY = OUTPUTS["ActivityArn"]
QUEUE = OUTPUTS["JobQueueArn"]
WORKFLOW = OUTPUTS["WorkflowArn"]
CONTEXT = {"ExecutionArn.$": "$$.Execution.Id", "StateName.$": "$$.State.Name"}
JOB = {"JobName": "align", "JobQueue": QUEUE, "JobDefinition": "lowpass"}


def api(**parameters: str) -> FakeApi:
    given = [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()]
    return FakeApi({("cloudformation", "describe_stacks"): described_stack(Parameters=given)})


def written(tmp_path: Path, text: str, name: str = "machine.json") -> str:
    path = tmp_path / name
    path.write_bytes(text.encode())
    return str(path)


def machine(**fields: Any) -> str:
    state = {"Type": "Task", "Resource": SYNC, "Parameters": JOB, "End": True, **fields}
    return json.dumps({"StartAt": "Align", "States": {"Align": state}}, indent=2)


def converted(tmp_path: Path, text: str, *options: str, name: str = "machine.json") -> tuple[str, str]:
    """A file after `sluice convert --in-place`, and what was said."""
    path = written(tmp_path, text, name)
    result = run(api(), "convert", path, "--in-place", *options)
    assert result.exit_code == 0, result.output
    return (tmp_path / name).read_bytes().decode(), result.stderr


def align(text: str) -> Any:
    return yaml.safe_load(text)["States"]["Align"]


def test_a_state_gets_the_activity_a_heartbeat_and_a_retrier_and_keeps_all_else(tmp_path: Path) -> None:
    before = machine(ResultPath="$.align")
    after, said = converted(tmp_path, before)
    assert align(after) == {
        **align(before),
        "Resource": ACTIVITY,
        "HeartbeatSeconds": 900,
        "Retry": [{"ErrorEquals": ["States.HeartbeatTimeout"], "MaxAttempts": 3}],
        "Parameters": {**CONTEXT, **JOB},
    }
    assert "1 state converted: Align; lines -1 +4." in said
    assert f"(JobQueueArns): {QUEUE}" in said
    assert "batch:SubmitJob" in said


def test_without_the_execution_one_line_goes_and_three_come(tmp_path: Path) -> None:
    after, said = converted(tmp_path, machine(), "--no-execution-arn", "--activity", "${Activity}")
    assert "lines -1 +3." in said
    assert align(after)["Parameters"] == JOB
    assert align(after)["Resource"] == "${Activity}"


def test_a_diff_is_shown_and_the_file_left_alone(tmp_path: Path) -> None:
    path = written(tmp_path, machine())
    result = run(api(), "convert", path)
    lines = result.stdout.splitlines()
    assert lines[0].startswith("--- a/")
    assert [line for line in lines if line.startswith("-") and "Resource" in line]
    assert f'+      "Resource": "{ACTIVITY}",' in lines
    assert (tmp_path / "machine.json").read_text() == machine()


@pytest.mark.parametrize("anonymous", [(), ("--no-execution-arn",)], ids=["named", "anonymous"])
@pytest.mark.parametrize("style", ["lines", "yaml", "crlf", "tabs", "jsonata", "template"])
def test_a_state_is_taken_back_to_the_very_text_that_it_was(
    tmp_path: Path, style: str, anonymous: tuple[str, ...]
) -> None:
    given = machine(Retry=[ALL], Catch=[{"ErrorEquals": ["States.ALL"], "Next": "Align"}])
    document = yaml.safe_load(given)
    jsonata = {"Type": "Task", "QueryLanguage": "JSONata", "Resource": SYNC, "Arguments": JOB, "End": True}
    resource = {"Type": "AWS::StepFunctions::StateMachine", "Properties": {"Definition": document}}
    text = {
        "lines": lambda: given,
        "yaml": lambda: "# mine\n" + yaml.safe_dump(document, sort_keys=False),
        "crlf": lambda: given.replace("\n", "\r\n"),
        "tabs": lambda: json.dumps(document, indent="\t"),
        "jsonata": lambda: json.dumps({"StartAt": "Align", "States": {"Align": jsonata}}, indent=2),
        "template": lambda: json.dumps({"Resources": {"M": resource}}, indent=2),
    }[style]()
    after, _ = converted(tmp_path, text, *anonymous)
    assert ACTIVITY in after
    again, said = converted(tmp_path, after, "--back")
    assert again == text
    assert "1 state converted" in said
    third, said = converted(tmp_path, again, "--back")
    assert third == text
    assert f"No state runs a job by {ACTIVITY}" in said


def test_what_cannot_go_back_is_named(tmp_path: Path) -> None:
    jobs = {"executionArn.$": "$$.Execution.Id", "stateName": "Align", "jobs": [JOB]}
    states = {
        "Long": {"Type": "Task", "Resource": ACTIVITY, "Parameters": jobs, "Next": "Short"},
        "Short": {
            "Type": "Task",
            "Resource": ACTIVITY,
            "Parameters": {"jobName": "a", "jobQueue": "q", "jobDefinition": "d", "executionArn.$": "$.e"},
            "Catch": [{"ErrorEquals": ["Job.SpotInterruption"], "Next": "Other"}],
            "Next": "Other",
        },
        "Other": {"Type": "Task", "Resource": f"{ACTIVITY}-of-others", "End": True},
    }
    text = json.dumps({"StartAt": "Long", "States": states}, indent=1)
    after, said = converted(tmp_path, text, "--back")
    found = json.loads(after)["States"]
    assert (found["Long"], found["Other"]) == (states["Long"], states["Other"])
    assert found["Short"]["Resource"] == SYNC
    assert found["Short"]["Parameters"] == {"jobName": "a", "jobQueue": "q", "jobDefinition": "d"}
    assert "Long is left as it is: its jobs are in the long form" in said
    assert "Short: its Catch of Job.SpotInterruption matches nothing any more" in said
    assert "Short: write the fields of its job in PascalCase" in said
    assert "Retriers of Batch's errors" in said


def test_of_the_resource_s_partition_the_activity_tells(tmp_path: Path) -> None:
    china = "arn:aws-cn:states:cn-north-1:111122223333:activity:jobs"
    sync = SYNC.replace("arn:aws:", "arn:aws-cn:")
    after, _ = converted(tmp_path, machine(Resource=sync), "--activity", china)
    assert align(after)["Resource"] == china
    again, _ = converted(tmp_path, after, "--activity", china, "--back")
    assert align(again)["Resource"] == sync


def test_what_was_converted_is_converted_already(tmp_path: Path) -> None:
    once, _ = converted(tmp_path, machine())
    twice, said = converted(tmp_path, once)
    assert twice == once
    assert "nothing is to be converted" in said


BATCH = {"ErrorEquals": ["Batch.AWSBatchException", "Batch.ServerException"], "MaxAttempts": 2}
ALL = {"ErrorEquals": ["States.ALL"], "MaxAttempts": 1}
MIXED = {"ErrorEquals": ["Batch.AWSBatchException", "States.TaskFailed", "Batch.ServerException"]}
OURS = {"ErrorEquals": ["States.HeartbeatTimeout"], "MaxAttempts": 3}


@pytest.mark.parametrize("style", ["lines", "one line", "yaml", "yaml flow"])
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([], [OURS]),
        ([BATCH], [OURS]),
        ([ALL], [OURS, ALL]),
        ([BATCH, ALL], [OURS, ALL]),
        ([ALL, BATCH], [OURS, ALL]),
        ([ALL, BATCH, ALL, BATCH, BATCH], [OURS, ALL, ALL]),
        ([BATCH, BATCH, ALL], [OURS, ALL]),
        ([MIXED, ALL], [OURS, {"ErrorEquals": ["States.TaskFailed"]}, ALL]),
        ([OURS, ALL], [OURS, ALL]),
        ([OURS, BATCH], [OURS]),
    ],
    ids=lambda retry: ",".join(each["ErrorEquals"][0].split(".")[1] for each in retry) or "none",
)
def test_a_retrier_comes_first_and_those_that_match_nothing_go(
    tmp_path: Path, style: str, before: Any, after: Any
) -> None:
    document = yaml.safe_load(machine(Retry=before, Comment="kept"))
    text = {
        "lines": lambda: json.dumps(document, indent="\t"),
        "one line": lambda: json.dumps(document),
        "yaml": lambda: yaml.safe_dump(document, sort_keys=False),
        "yaml flow": lambda: yaml.safe_dump(document, sort_keys=False, default_flow_style=True, width=60),
    }[style]()
    changed, _ = converted(tmp_path, text)
    state = yaml.safe_load(changed.replace("\t", " "))["States"]["Align"]
    assert state["Retry"] == after
    assert (state["Resource"], state["Comment"]) == (ACTIVITY, "kept")
    if "lines" in style or "line" in style:
        json.loads(changed)


def test_comments_anchors_and_line_breaks_stay(tmp_path: Path) -> None:
    text = (
        "# mine\r\nStartAt: Align\r\nStates:\r\n  Align:   # first\r\n    Type: Task\r\n"
        f"    Resource: {SYNC}  # Batch\r\n    Parameters:\r\n      JobName: align  # a name\r\n"
        "      JobQueue: q\r\n      JobDefinition: d\r\n    End: true\r\n"
    )
    after, _ = converted(tmp_path, text, name="machine.yaml")
    assert after == text.replace(
        f"    Resource: {SYNC}  # Batch\r\n",
        f"    Resource: {ACTIVITY}  # Batch\r\n    HeartbeatSeconds: 900\r\n"
        "    Retry: [{ErrorEquals: [States.HeartbeatTimeout], MaxAttempts: 3}]\r\n",
    ).replace(
        "      JobName",
        "      ExecutionArn.$: $$.Execution.Id\r\n      StateName.$: $$.State.Name\r\n      JobName",
    )


def test_maps_branches_and_jsonata_are_converted_too(tmp_path: Path) -> None:
    task = {"Type": "Task", "Resource": SYNC, "End": True}
    inner = {"StartAt": "A", "States": {"A": {**task, "Parameters": JOB}}}
    jsonata = {**task, "QueryLanguage": "JSONata", "Arguments": {**JOB, "JobName": "{% 'x' %}"}}
    distributed = {**inner, "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}
    states = {
        "Old": {"Type": "Map", "Iterator": inner},
        "New": {"Type": "Map", "ItemProcessor": distributed},
        "Both": {"Type": "Parallel", "Branches": [inner, inner]},
        "Modern": jsonata,
        "Whole": {**task, "QueryLanguage": "JSONata", "Arguments": "{% $job %}"},
    }
    after, said = converted(tmp_path, json.dumps({"StartAt": "Old", "States": states}, indent=1))
    assert SYNC not in after
    found = json.loads(after)["States"]
    assert found["Modern"]["Arguments"]["StateName"] == "{% $states.context.State.Name %}"
    assert found["Modern"]["Arguments"]["ExecutionArn"] == "{% $states.context.Execution.Id %}"
    assert found["Both"]["Branches"][1]["States"]["A"]["Parameters"]["ExecutionArn.$"] == "$$.Execution.Id"
    assert found["Whole"]["Arguments"] == "{% $job %}"
    assert "6 states converted" in said
    assert "Whole: its Arguments are made later" in said


@pytest.mark.parametrize(("timeout", "heartbeat"), [(300, None), (900, None), (901, 900), (3600, 900)])
def test_a_heartbeat_is_less_than_the_timeout(tmp_path: Path, timeout: int, heartbeat: int | None) -> None:
    after, said = converted(tmp_path, machine(TimeoutSeconds=timeout))
    assert align(after).get("HeartbeatSeconds") == heartbeat
    assert ("Retry" in align(after)) == (heartbeat is not None)
    assert (f"TimeoutSeconds, {timeout}, leaves no room" in said) == (heartbeat is None)
    assert not [each for each in problems(tmp_path, after) if each.startswith("error")]


def test_of_the_heartbeat_that_the_stack_sends_convert_and_check_know(tmp_path: Path) -> None:
    path, slow = written(tmp_path, machine(HeartbeatSeconds=900)), api(ReconcileHeartbeatSeconds="600")
    result = run(slow, "convert", path, "--in-place")
    assert "its HeartbeatSeconds was 900; Sluice sends a heartbeat every 600 s" in result.stderr
    assert align((tmp_path / "machine.json").read_text())["HeartbeatSeconds"] == 1800
    assert run(slow, "check", path).exit_code == 0
    written(tmp_path, machine(**{**GOOD, "HeartbeatSeconds": 1799}))
    result = run(slow, "check", path)
    assert result.exit_code == 1
    assert "HeartbeatSeconds is 1799" in result.stdout
    assert "Give it 1800 or more." in " ".join(result.stdout.split())


def test_a_heartbeat_that_is_too_short_is_raised_and_one_known_at_run_time_named(tmp_path: Path) -> None:
    after, said = converted(tmp_path, machine(HeartbeatSeconds=60))
    assert align(after)["HeartbeatSeconds"] == 900
    assert "its HeartbeatSeconds was 60" in said
    after, said = converted(tmp_path, machine(TimeoutSecondsPath="$.limit"))
    assert align(after)["HeartbeatSeconds"] == 900
    assert "its timeout is known only at run time; it must be more than 900 s" in said
    after, _ = converted(tmp_path, machine(HeartbeatSecondsPath="$.beat"))
    assert "HeartbeatSeconds" not in align(after)


@pytest.mark.parametrize("write", [json.dumps, yaml.safe_dump], ids=["json", "yaml"])
def test_where_no_retrier_is_left_the_list_is_empty(tmp_path: Path, write: Any) -> None:
    after, _ = converted(tmp_path, write(yaml.safe_load(machine(TimeoutSeconds=300, Retry=[BATCH]))))
    assert align(after)["Retry"] == []


def test_what_a_person_has_to_know_is_named(tmp_path: Path) -> None:
    states = {
        "Align": {
            "Type": "Task",
            "Resource": SYNC,
            "Parameters": JOB,
            "Catch": [{"ErrorEquals": ["Batch.AWSBatchException"], "Next": "Why"}],
            "Next": "Loose",
        },
        "Loose": {"Type": "Task", "Resource": "arn:aws:states:::batch:submitJob", "Next": "Inner"},
        "Inner": {"Type": "Task", "Resource": "arn:aws:states:::states:startExecution.sync:2", "Next": "Why"},
        "Why": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.why", "StringMatches": "Host EC2*", "Next": "Align"}],
        },
    }
    _, said = converted(tmp_path, json.dumps({"StartAt": "Align", "States": states}))
    assert "Align: its Catch of Batch.AWSBatchException matches nothing" in said
    assert "Loose is left as it is: it submits a job outside the shared rate" in said
    assert "Inner starts another state machine" in said
    assert "Job.SpotInterruption" in said


TEMPLATE = f"""\
Transform: AWS::Serverless-2016-10-31
Resources:
  Inline:
    Type: AWS::Serverless::StateMachine
    Properties:
      Policies:
        - Statement: [{{Effect: Allow, Action: [batch:SubmitJob, events:PutRule], Resource: "*"}}]
      Definition:
        StartAt: Align
        States:
          Align:
            Type: Task
            Resource: !Sub arn:${{AWS::Partition}}:states:::batch:submitJob.sync
            Parameters: {{JobName: align, JobQueue: !Ref Queue, JobDefinition: d}}
            End: true
  Text:
    Type: AWS::StepFunctions::StateMachine
    Properties:
      DefinitionString: !Sub |
        {{
          "StartAt": "Align",
          "States": {{
            "Align": {{
              "Type": "Task",
              "Resource": "{SYNC}",

              "Parameters": {{"JobName": "align", "JobQueue": "${{Queue}}", "JobDefinition": "d"}},
              "End": true
            }}
          }}
        }}
      RoleArn: !GetAtt Role.Arn
  Elsewhere:
    Type: AWS::Serverless::StateMachine
    Properties: {{DefinitionUri: machine.asl.json}}
  Joined:
    Type: AWS::StepFunctions::StateMachine
    Properties: {{DefinitionString: !Join ["", ["{{", "}}"]]}}
"""


def test_the_definitions_of_a_template_are_converted_where_they_stand(tmp_path: Path) -> None:
    after, said = converted(tmp_path, TEMPLATE, "--activity", "${Activity}", name="template.yaml")
    assert "submitJob.sync" not in after
    assert "            Resource: !Sub ${Activity}\n            HeartbeatSeconds: 900\n" in after
    assert '              "Resource": "${Activity}",\n              "HeartbeatSeconds": 900,\n' in after
    assert (
        "{ExecutionArn.$: $$.Execution.Id, StateName.$: $$.State.Name, JobName: align, JobQueue: !Ref Queue"
        in after
    )
    assert '"StateName.$": "$$.State.Name", "JobName": "align"' in after
    assert after.endswith(TEMPLATE[TEMPLATE.index("      RoleArn") :])
    assert "Inline, Align, Text, Align" in said.replace("\n", " ")
    assert "Elsewhere: its definition is in machine.asl.json: give that file instead." in said
    assert "Joined: its DefinitionString is made by Join, as the CDK does it" in said
    assert "batch:SubmitJob, line 7, is not needed" in said
    assert "Queue" in said


def test_a_diff_of_a_file_without_a_last_line_break_is_one_that_git_applies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")
    for text in (json.dumps(json.loads(machine())), f"{machine()}\n", machine().replace("\n", "\r\n")):
        path = written(tmp_path, text, "below/machine.json")
        diff = run(api(), "convert", path).stdout_bytes
        subprocess.run(["git", "apply", "-"], input=diff, check=True)
        after, _ = converted(tmp_path, text)
        assert (tmp_path / "below/machine.json").read_bytes().decode() == after
    outside = run(api(), "convert", "../machine.json", "--back")
    assert "../machine.json is outside of this folder" in outside.stderr


DASHES = f"""\
States:
  Align:
    Type: Task
    Resource: {SYNC}
    Retry:
      -
        ErrorEquals: [Batch.AWSBatchException]
        Comment: a-b
      -   # of ours
        ErrorEquals: [States.ALL]
      - ErrorEquals:
        -
          Batch.AWSBatchException
        - States.TaskFailed
    End: true
"""


def test_a_dash_may_stand_alone_on_its_line(tmp_path: Path) -> None:
    after, _ = converted(tmp_path, DASHES, name="machine.yaml")
    assert align(after)["Retry"] == [
        OURS,
        {"ErrorEquals": ["States.ALL"]},
        {"ErrorEquals": ["States.TaskFailed"]},
    ]
    assert "      -   # of ours\n        ErrorEquals: [States.ALL]\n" in after


def test_a_form_that_cannot_be_edited_is_refused_and_the_file_left_alone(tmp_path: Path) -> None:
    text = DASHES.replace("    Type: Task\n", "    ? Type\n    : Task\n").replace(
        f"    Resource: {SYNC}\n", f"    ? Resource\n    : {SYNC}\n"
    )
    path = written(tmp_path, text, "machine.yaml")
    result = run(api(), "convert", path, "--in-place")
    assert (result.exit_code, (tmp_path / "machine.yaml").read_text()) == (2, text)
    assert "cannot be edited safely" in " ".join(result.stderr.split())


@pytest.mark.parametrize(
    "resource", ["!Sub arn:${AWS::Partition}:states:::batch:submitJob.sync", f'{{"Fn::Sub": "{SYNC}"}}']
)
def test_what_fills_a_placeholder_stays(tmp_path: Path, resource: str) -> None:
    text = DASHES.replace(SYNC, resource)
    after, _ = converted(tmp_path, text, "--activity", "${Activity}", name="machine.yaml")
    filled = resource.replace(SYNC, "${Activity}").replace(
        SYNC.replace("aws", "${AWS::Partition}", 1), "${Activity}"
    )
    assert f"Resource: {filled}\n" in after
    plain, _ = converted(tmp_path, text, name="machine.yaml")
    assert "Sub" not in plain


ALIASES = f"""\
x: &sync {SYNC}
y: &retry [{{ErrorEquals: [States.ALL]}}]
StartAt: A
States:
  A: {{Type: Task, Resource: *sync, End: true}}
  B:
    Type: Task
    Resource: {SYNC}
    Retry: *retry
    End: true
  C:
    Type: Task
    Resource: {SYNC}
    Retry: *retry
    End: true
"""


def test_what_states_share_by_an_alias_is_changed_once_and_the_rest_named(tmp_path: Path) -> None:
    after, said = converted(tmp_path, ALIASES, name="machine.yaml")
    states = yaml.safe_load(after)["States"]
    assert states["A"]["Resource"] == SYNC
    assert states["B"]["Retry"] == states["C"]["Retry"] == [OURS, {"ErrorEquals": ["States.ALL"]}]
    assert (states["B"]["Resource"], states["C"]["Resource"]) == (ACTIVITY, ACTIVITY)
    assert "line 1 of the result still has batch:submitJob.sync: change it by hand." in said
    assert "2 states converted: B, C" in said


ANNOTATED = """\
// of the lab
{
  "StartAt": "Align", /* the first */
  "States": {
    "Align": {
      "Type": "Task", // https://example.org
      "Resource": "arn:aws:states:::batch:submitJob.sync",
      "Parameters": {"JobName": "a // b", "JobQueue": "${queue}", "JobDefinition": "d",
        "RetryStrategy": {"Attempts": ${attempts}}},
      "End": true,
    }
  }
}
"""


def test_comments_and_placeholders_in_json_are_left_where_they_are(tmp_path: Path) -> None:
    after, said = converted(tmp_path, ANNOTATED, name="machine.json.tftpl")
    assert f'"Resource": "{ACTIVITY}",\n      "HeartbeatSeconds": 900,\n' in after
    assert "(JobQueueArns): ${queue}" in said
    kept = [line for line in ANNOTATED.splitlines() if "Resource" not in line and "JobName" not in line]
    assert [line for line in after.splitlines() if line in kept] == kept
    again, _ = converted(tmp_path, after, "--back", name="machine.json.tftpl")
    assert again == ANNOTATED


def test_the_serverless_framework_s_definitions_are_converted(tmp_path: Path) -> None:
    text = (
        "stepFunctions:\n  stateMachines:\n    mine:\n      definition:\n        StartAt: Align\n"
        f"        States:\n          Align:\n            Type: Task\n            Resource: {SYNC}\n"
        "            End: true\n    other: {definition: '${file(other.yml)}'}\n"
    )
    after, said = converted(tmp_path, text, name="serverless.yml")
    assert f"            Resource: {ACTIVITY}\n            HeartbeatSeconds: 900\n" in after
    assert "mine, Align" in said
    assert "other: its definition is in ${file(other.yml)}: give that file instead" in said


def test_what_a_template_makes_of_parts_is_named_with_the_way_out(tmp_path: Path) -> None:
    text = f"""\
Resources:
  Variables:
    Type: AWS::StepFunctions::StateMachine
    Properties:
      DefinitionString: !Sub
        - |
          {{"StartAt": "Align", "States": {{"Align": {{"Type": "Task",
            "Resource": "{SYNC}", "End": true}}}}}}
        - Queue: q
  Named:
    Type: AWS::StepFunctions::StateMachine
    Properties:
      DefinitionSubstitutions: {{Run: "{SYNC}"}}
      Definition: {{StartAt: Align, States: {{Align: {{Type: Task, Resource: "${{Run}}", End: true}}}}}}
  Far:
    Type: AWS::StepFunctions::StateMachine
    Properties: {{DefinitionS3Location: {{Bucket: b, Key: k}}}}
"""
    after, said = converted(tmp_path, text, name="template.yaml")
    assert f'            "Resource": "{ACTIVITY}",\n            "HeartbeatSeconds": 900,' in after
    assert "Named: its Resource is the substitution Run: write it in the definition itself" in said
    assert "Far: its definition is in a file in S3" in said


def test_terraform_s_own_language_is_told_the_way_out(tmp_path: Path) -> None:
    result = run(api(), "convert", written(tmp_path, "resource {}", "main.tf"))
    assert result.exit_code == 2
    assert "for `templatefile`, and convert that" in " ".join(result.stderr.split())


def test_a_definition_in_a_json_template_stays_a_string(tmp_path: Path) -> None:
    resource = {
        "Type": "AWS::StepFunctions::StateMachine",
        "Properties": {"DefinitionString": {"Fn::Sub": machine()}},
    }
    after, _ = converted(tmp_path, json.dumps({"Resources": {"Machine": resource}}, indent=2))
    text = json.loads(after)["Resources"]["Machine"]["Properties"]["DefinitionString"]["Fn::Sub"]
    assert align(text)["Resource"] == ACTIVITY


@pytest.mark.parametrize("command", ["convert", "check"])
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "line 1 is neither JSON nor YAML"),
        ("", "is empty"),
        ("a: 1", "has no state machine"),
        ("[1]", "has no state machine"),
        (b"\xff", "is not in UTF-8: byte 0"),
        (None, "cannot be read: No such file"),
        ("[" * 5_000, "neither JSON nor YAML"),
    ],
    ids=["cut off", "empty", "no machine", "a list", "bytes", "no file", "deep"],
)
def test_a_file_that_is_none_is_told_in_a_sentence(
    tmp_path: Path, command: str, text: Any, said: str
) -> None:
    path = tmp_path / "machine.json"
    if text is not None:
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    result = run(api(), command, str(path))
    assert result.exit_code == 2
    assert said in result.stderr


GOOD = {"Resource": ACTIVITY, "HeartbeatSeconds": 900, "Retry": [OURS]}


def problems(tmp_path: Path, text: str, *options: str) -> list[str]:
    result = run(api(), "check", written(tmp_path, text), "--json", *options)
    told = json.loads(result.stdout)
    assert result.exit_code == (1 if told["errors"] else 0)
    return [("error: " if each["error"] else "") + each["text"] for each in told["problems"]]


def test_nothing_is_wrong_with_what_was_converted(tmp_path: Path) -> None:
    after, _ = converted(tmp_path, machine())
    assert problems(tmp_path, after) == []
    assert "nothing would break" in run(api(), "check", written(tmp_path, after)).stdout


@pytest.mark.parametrize(
    "properties",
    [{"DefinitionUri": "m.json"}, {"DefinitionString": {"Fn::Join": ["", ["{", "}"]]}}, {}],
    ids=["a file", "joined", "nothing"],
)
def test_what_was_not_checked_is_an_error(tmp_path: Path, properties: dict[str, Any]) -> None:
    resource = {"Type": "AWS::Serverless::StateMachine", "Properties": properties}
    path = written(tmp_path, json.dumps({"Resources": {"M": resource}}))
    result = run(api(), "check", path)
    assert (result.exit_code, "nothing would break" in result.stdout) == (1, False)
    assert "M: not checked: its " in " ".join(result.stdout.split())
    told = json.loads(run(api(), "check", path, "--json").stdout)
    assert (told["errors"], told["statesChecked"]) == (1, 0)


def test_of_a_file_without_a_state_on_an_activity_it_says_so(tmp_path: Path) -> None:
    path = written(tmp_path, machine(Type="Pass", Resource=None))
    result = run(api(), "check", path)
    assert (result.exit_code, "nothing would break" in result.stdout) == (0, False)
    assert "no state of it is on an Activity" in result.stdout


@pytest.mark.parametrize(("style", "line"), [("|", 6), ("'", 5)])
def test_the_line_is_the_file_s(tmp_path: Path, style: str, line: int) -> None:
    state = json.dumps({"Type": "Task", "Resource": ACTIVITY})
    text = f'{{"States":\n  {{"Align": {state}}}}}'
    quoted = f"|\n        {text.replace(chr(10), chr(10) + ' ' * 8)}" if style == "|" else f"'{text}'"
    path = written(
        tmp_path,
        "Resources:\n  M:\n    Type: AWS::StepFunctions::StateMachine\n    Properties:\n"
        f"      DefinitionString: {quoted}\n",
    )
    problem = json.loads(run(api(), "check", path, "--json").stdout)["problems"][0]
    assert (problem["line"], problem["text"][:27]) == (line + (style == "|"), "HeartbeatSeconds is missing")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"HeartbeatSeconds": None}, "error: HeartbeatSeconds is missing"),
        ({"HeartbeatSeconds": 60}, "error: HeartbeatSeconds is 60"),
        ({"TimeoutSeconds": 900}, "error: HeartbeatSeconds, 900, must be less than TimeoutSeconds, 900"),
        ({"Retry": []}, "it has no Retry of States.HeartbeatTimeout"),
        ({"Retry": [OURS, BATCH]}, "its Retry of Batch.AWSBatchException matches nothing"),
        (
            {"Parameters": {**JOB, "JobQueue": "other"}},
            'error: JobQueue "other" is no job queue that this stack watches',
        ),
        ({"Parameters": {**JOB, "Job": 1}}, "error: Job is not an argument of SubmitJob"),
        ({"Parameters": {**JOB, "Timeout": {"Seconds": 1}}}, "error: Timeout.Seconds is not an argument"),
        ({"Parameters": {"JobName": "a", "JobQueue.$": "$.q"}}, "error: JobDefinition is missing"),
        ({"Parameters": {**JOB, "JobName": "a b"}}, "error: JobName is 'a b'"),
        ({"Parameters": {**JOB, "JobName": "a" * 129}}, "error: JobName is 'aaa"),
        (
            {"Parameters": {**JOB, "Parameters": {"taskForm.$": "$"}}},
            "error: Parameters.taskForm is Sluice's",
        ),
        ({"Parameters": {"jobs": [], "stateName": "x"}}, "error: executionArn is missing"),
        ({"Resource": SYNC}, "it still runs its job by batch:submitJob.sync"),
        ({"Resource": "arn:aws:states:::batch:submitJob"}, "it submits a job that bypasses the shared rate"),
    ],
    ids=lambda value: json.dumps(value)[:60],
)
def test_what_would_break_is_named(tmp_path: Path, fields: dict[str, Any], said: str) -> None:
    state = {name: value for name, value in {**GOOD, **fields}.items() if value is not None}
    assert any(each.startswith(said) for each in problems(tmp_path, machine(**state)))


def test_a_job_of_the_short_form_may_be_named_after_a_sample_s_execution(tmp_path: Path) -> None:
    assert problems(tmp_path, machine(**GOOD, Parameters={**JOB, "JobName": "trio.1.NA06989"})) == []


def test_the_jobs_of_the_long_form_are_checked_by_their_places(tmp_path: Path) -> None:
    jobs = [
        {"jobName": "align", "jobQueue": QUEUE, "jobDefinition": "d"},
        {
            "jobName": "a" * 112,
            "jobQueue": "other",
            "jobDefinition": "d",
            "dependsOn": [{"jobName": "align"}],
        },
    ]
    given = {"executionArn.$": "$$.Execution.Id", "stateName.$": "$$.State.Name", "jobs": jobs}
    found = problems(tmp_path, machine(**GOOD, Parameters=given))
    assert [each.split()[1] for each in found] == ["jobs[1].jobName", "jobs[1].jobQueue"]


def test_queues_may_be_given_or_left_out(tmp_path: Path) -> None:
    text = machine(**GOOD, Parameters={**JOB, "JobQueue": "mine"})
    assert problems(tmp_path, text, "--queue", "arn:aws:batch:eu-west-1:111122223333:job-queue/mine") == []
    assert problems(tmp_path, text, "--offline") == []
    made = machine(**GOOD, Parameters={**JOB, "JobQueue": "${Queue}"})
    assert problems(tmp_path, made) == []


OURS_TO_USE = "arn:aws:batch:us-east-1:000000000000:job-definition"


@pytest.mark.parametrize(
    ("given", "definition", "is_allowed"),
    [
        # the stack's own, whatever else it was given
        ("", "align", True),
        ("", "align:7", True),
        ("", f"{OURS_TO_USE}/align:1", True),
        ("", "sluice-accept-true", True),
        ("", "lab-call", False),
        ("", f"{OURS_TO_USE}/lab-call:2", False),
        (f"{OURS_TO_USE}/lab-*", "lab-call", True),
        (f"{OURS_TO_USE}/lab-*, {OURS_TO_USE}/other:3", "other:3", True),
        (f"{OURS_TO_USE}/lab-*, {OURS_TO_USE}/other:3", "other:4", False),
        ("*", "lab-call", True),
        ("*", f"{OURS_TO_USE}/lab-call:2".replace("0000", "1111"), False),
        # made later
        ("", "${Definition}", True),
        ("", "{% $definition %}", True),
        ("", {"Ref": "Definition"}, True),
    ],
)
def test_a_job_definition_that_the_stack_may_not_use_is_refused_as_its_task_would_be(
    tmp_path: Path, given: str, definition: Any, is_allowed: bool
) -> None:
    aws, short = api(JobDefinitionArns=given), {**JOB, "JobDefinition": definition}
    jobs = {
        "executionArn.$": "$$.Execution.Id",
        "stateName": "Align",
        "jobs": [{camel(name): value for name, value in short.items()}],
    }
    for parameters, place in ((short, "JobDefinition"), (jobs, "jobs[0].jobDefinition")):
        path = written(tmp_path, machine(**{**GOOD, "Parameters": parameters}))
        told = json.loads(run(aws, "check", path, "--json").stdout)["problems"]
        expected = f"{place} {json.dumps(definition)} is no job definition that this stack may use. Deploy it"
        assert [each["text"][: len(expected)] for each in told] == ([] if is_allowed else [expected])


def test_job_definitions_may_be_given_or_left_out(tmp_path: Path) -> None:
    text = machine(**GOOD)
    assert problems(tmp_path, text, "--job-definition", f"{OURS_TO_USE}/low*") == []
    assert problems(tmp_path, text, "--queue", QUEUE) == []
    (said,) = problems(tmp_path, text, "--job-definition", f"{OURS_TO_USE}/mine")
    assert said.endswith(f"Deploy it with this definition in JobDefinitionArns, or use {OURS_TO_USE}/mine.")
    path = written(tmp_path, text)
    assert run(api(JobDefinitionArns=""), "check", path).exit_code == 1
    assert run(api(JobDefinitionArns=""), "check", path, "--offline").exit_code == 0


@pytest.mark.parametrize("reference", ["!Ref X", "!GetAtt X.Arn", "!ImportValue x", "!Sub '${X}'"])
def test_what_a_deployment_fills_in_is_not_judged(tmp_path: Path, reference: str) -> None:
    text = (
        f"States:\n  Align:\n    Type: Task\n    Resource: {ACTIVITY}\n    HeartbeatSeconds: 900\n"
        "    Retry: [{ErrorEquals: [States.HeartbeatTimeout]}]\n"
        f"    Parameters: {{JobName: {reference}, JobQueue: {reference}, JobDefinition: {reference}}}\n"
    )
    result = run(api(JobDefinitionArns=""), "check", written(tmp_path, text, "machine.yaml"))
    assert "nothing would break" in result.stdout


@pytest.mark.parametrize(
    ("properties", "given", "is_told"),
    [
        ({"Name": "lab"}, "", True),
        ({"StateMachineName": "lab"}, "", True),
        ({"Name": "lab"}, f"{WORKFLOW.rpartition(':')[0]}:l*", False),
        ({"Name": "lab"}, "*", False),
        ({"Name": "workflow"}, "", False),
        ({"Name": {"Fn::Sub": "${AWS::StackName}-lab"}}, "", False),
        ({"Name": "lab-${AWS::StackName}"}, "", False),
        ({}, "", False),
    ],
)
def test_a_state_machine_that_no_cohort_may_start_is_told_of(
    tmp_path: Path, properties: dict[str, Any], given: str, is_told: bool
) -> None:
    resource = {
        "Type": "AWS::Serverless::StateMachine",
        "Properties": {**properties, "Definition": json.loads(machine(**GOOD))},
    }
    path = written(tmp_path, json.dumps({"Resources": {"M": resource}}))
    result = run(api(WorkflowArns=given), "check", path, "--json")
    said = f"`sluice launch` cannot run it yet: cohorts of this stack must not start {ARN}:stateMachine:lab."
    told = [each["text"][: len(said)] for each in json.loads(result.stdout)["problems"]]
    assert (result.exit_code, told) == (0, [said] if is_told else [])


def test_what_shares_no_array_is_named(tmp_path: Path) -> None:
    job = {
        "jobName": "align",
        "jobQueue": QUEUE,
        "jobDefinition": "d",
        "parameters": {"sample.$": "$.sample"},
    }
    given = {"executionArn.$": "$$.Execution.Id", "stateName.$": "$$.State.Name"}

    def said(vary: list[str], *jobs: dict[str, Any]) -> list[str]:
        asked = {**given, "jobs": list(jobs), "vary": vary}
        return problems(tmp_path, machine(**GOOD, Parameters=asked))

    pinned = {**job, "jobDefinition": "d:3"}
    assert said(["sample"], pinned) == []
    assert said(["sample"], job) == [
        "error: jobs[0].jobDefinition is 'd'; with vary it must name a revision."
    ]
    assert said(["reads"], pinned) == ["error: vary names 'reads', which is no parameter of the job."]
    assert said(["sample"], pinned, {**pinned, "jobName": "b"}) == [
        "error: vary is for a task of one job, and it has 2."
    ]
    assert said(["sample"], {**pinned, "arrayProperties": {"size": 2}}) == [
        "error: jobs[0].arrayProperties cannot be had with vary."
    ]


def test_the_short_form_may_say_what_varies(tmp_path: Path) -> None:
    job = {**JOB, "JobDefinition": "d:3", "Parameters": {"sample.$": "$.sample"}, "Vary": ["sample"]}
    assert problems(tmp_path, machine(**GOOD, Parameters=job)) == []
