"""`sluice convert` and `sluice check` on files as people, templates and other tools write them."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.functional.cli.fakes import run
from tests.functional.cli.test_adopting import (
    ACTIVITY,
    GOOD,
    JOB,
    OURS,
    SYNC,
    api,
    converted,
    machine,
    written,
)

if TYPE_CHECKING:
    from pathlib import Path

SUBSTITUTED = "arn:${AWS::Partition}:states:::batch:submitJob.sync"
BATCH_RETRY = "      - ErrorEquals: [Batch.AWSBatchException]\n        MaxAttempts: 5\n"


def there_and_back(tmp_path: Path, text: str, *options: str, name: str) -> tuple[str, str, str]:
    """A file that was converted, what was said, and the file that was taken back."""
    after, said = converted(tmp_path, text, *options, name=name)
    assert converted(tmp_path, after, *options, name=name)[0] == after
    back, _ = converted(tmp_path, after, "--back", *options, name=name)
    return after, said, back


def body(resource: str, **fields: Any) -> str:
    """A definition of one state as JSON in several lines."""
    return machine(Resource=resource, **fields)


def indented(text: str, by: int) -> str:
    return "".join(f"{' ' * by}{line}" for line in text.splitlines(keepends=True))


@pytest.mark.parametrize(
    "style", ["|", "|-", "|+", "|2", ">", "!Sub |", "!Sub |-", "&it !Sub |", "'", "!Sub '", "&it '"]
)
def test_a_definition_in_a_string_keeps_the_string_s_form(tmp_path: Path, style: str) -> None:
    text = body(SYNC)
    held = f"{style}\n{indented(text, 8)}\n"
    if style.endswith("'"):
        held = f"{style}{json.dumps(json.loads(text))}'\n"
    template = (
        "Resources:\n  M:\n    Type: AWS::StepFunctions::StateMachine\n    Properties:\n"
        f"      DefinitionString: {held}      RoleArn: !GetAtt Role.Arn\n"
    )
    after, said, back = there_and_back(tmp_path, template, name="template.yaml")
    assert "1 state converted: M, Align" in said
    assert f"      DefinitionString: {style}" in after
    assert back == template


@pytest.mark.parametrize(
    ("resource", "filled"),
    [
        (f"!Sub {SUBSTITUTED}", "!Sub ${Activity}"),
        (f'!Sub "{SUBSTITUTED}"', '!Sub "${Activity}"'),
        (f"!Sub '{SUBSTITUTED}'", "!Sub '${Activity}'"),
        (f'{{"Fn::Sub": "{SUBSTITUTED}"}}', '{"Fn::Sub": "${Activity}"}'),
        (f"\n      Fn::Sub: {SUBSTITUTED}", "\n      Fn::Sub: ${Activity}"),
    ],
)
def test_a_partition_that_is_substituted_comes_back(tmp_path: Path, resource: str, filled: str) -> None:
    text = f"States:\n  Align:\n    Type: Task\n    Resource: {resource}\n    End: true\n"
    activity = ("--activity", "${Activity}")
    after, _, back = there_and_back(tmp_path, text, *activity, name="machine.yaml")
    assert f"    Resource: {filled}\n    HeartbeatSeconds: 900\n" in after
    assert back == text


@pytest.mark.parametrize(
    "resource",
    [
        '!Join [":", [arn, !Ref AWS::Partition, states, "", "", "batch:submitJob.sync"]]',
        '{"Fn::Join": ["", ["arn:", {"Ref": "AWS::Partition"}, ":states:::batch:submitJob.sync"]]}',
        "\n      Fn::Join:\n        - ':'\n        - - 'arn:aws:states::'\n          - batch:submitJob.sync",
        f">-\n      {SYNC}",
        f"&sync {SYNC}",
        f"&sync\n      {SYNC}",
    ],
    ids=["!Join", "Fn::Join", "block", "folded", "anchored", "anchor in a line"],
)
@pytest.mark.parametrize("activity", [ACTIVITY, "${Activity}"])
def test_a_resource_is_found_however_it_is_written(tmp_path: Path, resource: str, activity: str) -> None:
    text = f"States:\n  Align:\n    Type: Task\n    Resource: {resource}\n    End: true\n"
    after, said = converted(tmp_path, text, "--activity", activity, name="machine.yaml")
    assert "1 state converted" in said
    assert "still has" not in said
    assert "&sync" in after or "&sync" not in text
    read = yaml.load(after.replace("!Sub ", ""), Loader=yaml.SafeLoader)["States"]["Align"]
    assert read["Resource"] in (activity, {"Fn::Sub": activity})
    assert ("Sub" in after) == ("${" in activity and "Join" in resource)
    assert (read["HeartbeatSeconds"], read["Retry"], read["End"]) == (900, [OURS], True)


@pytest.mark.parametrize(
    "reference",
    [
        "!Ref SluiceActivity",
        "!GetAtt Sluice.Outputs.ActivityArn",
        "!ImportValue sluice-ActivityArn",
        "!Ref Sluice",
    ],
)
def test_a_reference_to_the_activity_is_one(tmp_path: Path, reference: str) -> None:
    text = (
        f"States:\n  Align:\n    Type: Task\n    Resource: {reference}\n    Parameters: {json.dumps(JOB)}\n"
    )
    result = run(api(), "check", written(tmp_path, text, "machine.yaml"))
    assert "HeartbeatSeconds is missing" in result.stdout


SHARED = f"""\
x-retry: &retry
  # of all
{BATCH_RETRY.replace("      ", "  ", 1).replace("        ", "    ")}  - ErrorEquals:
      - States.TaskFailed
x-job: &job
  JobQueue: other
  JobDefinition: lowpass
StartAt: A
States:
  A: {{Type: Task, Resource: {SYNC}, Parameters: &p {{<<: *job, JobName: a}}, Retry: *retry, Next: B}}
  B:
    Type: Task
    Resource: {SYNC}
    Parameters:
      <<: *job
      JobName: b
    Retry: *retry
    End: true
"""


def test_what_yaml_merges_belongs_to_the_state(tmp_path: Path) -> None:
    after, said = converted(tmp_path, SHARED, name="machine.yaml")
    assert "2 states converted: A, B" in said
    assert "(JobQueueArns): other." in said
    states = yaml.safe_load(after)["States"]
    assert states["A"]["Retry"] == states["B"]["Retry"] == [OURS, {"ErrorEquals": ["States.TaskFailed"]}]
    assert states["B"]["Parameters"]["JobQueue"] == "other"
    found = json.loads(run(api(), "check", written(tmp_path, after, "machine.yaml"), "--json").stdout)
    assert [each["text"][:28] for each in found["problems"]] == ['JobQueue "other" is no job q'] * 2


MERGED = f"""\
custom:
  batch: &batch
    Type: Task
    Resource: {SYNC}
    Retry:
{BATCH_RETRY}      - ErrorEquals: [States.TaskFailed]
stepFunctions:
  stateMachines:
    wgs:
      definition:
        StartAt: A
        States:
          A:
            <<: *batch
            Parameters: {{JobName: a, JobQueue: !Ref Queue, JobDefinition: !Ref Definition}}
            Next: B
          B:
            <<: *batch
            TimeoutSeconds: 7200
            Parameters: {{JobName: b, JobQueue: {{Fn::GetAtt: [Queue, Arn]}}, JobDefinition: d}}
            End: true
"""


def test_a_resource_that_states_merge_is_changed_once(tmp_path: Path) -> None:
    after, said, back = there_and_back(tmp_path, MERGED, name="serverless.yml")
    assert "2 states converted: wgs, A, wgs, B" in said
    assert "(JobQueueArns): ${Queue}, ${Queue.Arn}." in said
    assert after.count(f"    Resource: {ACTIVITY}\n") == 1
    assert after.count("            HeartbeatSeconds: 900\n            <<: *batch\n") == 2
    assert back == MERGED.replace(BATCH_RETRY, "")


def test_what_states_share_and_need_otherwise_is_refused(tmp_path: Path) -> None:
    text = (
        "x: &retry [{ErrorEquals: [Batch.AWSBatchException]}]\nStates:\n"
        f"  A: {{Type: Task, Resource: {SYNC}, Retry: *retry, Next: B}}\n"
        f"  B: {{Type: Task, Resource: {SYNC}, Retry: *retry, TimeoutSeconds: 300, End: true}}\n"
    )
    path = written(tmp_path, text, "machine.yaml")
    result = run(api(), "convert", path, "--in-place")
    assert (result.exit_code, (tmp_path / "machine.yaml").read_text()) == (2, text)
    assert "is shared by states that need different changes" in " ".join(result.stderr.split())


TERRAFORM = """\
{
  "StartAt": "Align",
  "States": {
    %{ if with_notice ~}
    "Notice": {"Type": "Pass", "Next": "Align"},
    %{ endif ~}
    "Align": {
      "Type": "Task",
      "Resource": "arn:aws:states:::batch:submitJob.sync", // Batch's
      "Parameters": {
        "JobName": "align",
        "JobQueue": "${aws_batch_job_queue.main.arn}",
        "JobDefinition": "${replace(aws_batch_job_definition.align.arn, "/:\\\\d+$/", "")}",
        "ContainerOverrides": ${jsonencode({ Environment = [{ Name = "A", Value = "}" }] })},
        "RetryStrategy": {"Attempts": ${attempts}}
      },
      "End": true
    }
  }
}
"""


def test_terraform_s_functions_and_directives_are_left_where_they_are(tmp_path: Path) -> None:
    _, said, back = there_and_back(tmp_path, TERRAFORM, name="machine.json.tftpl")
    assert "1 state converted: Align" in said
    assert "(JobQueueArns): ${aws_batch_job_queue.main.arn}." in said
    assert back == TERRAFORM
    in_yaml = "%{ for name in names ~}\nx-${name}: 1\n%{ endfor ~}\n" + yaml.safe_dump(json.loads(machine()))
    assert there_and_back(tmp_path, in_yaml, name="machine.yaml.tftpl")[2] == in_yaml


def test_directives_without_which_nothing_can_be_read_are_named(tmp_path: Path) -> None:
    text = TERRAFORM.replace('"End": true', '%{ if last }"End": true%{ else }"Next": "B"%{ endif }')
    result = run(api(), "convert", written(tmp_path, text, "machine.json.tftpl"))
    assert result.exit_code == 2
    assert "Terraform's %{ directives } are left out when it is read" in " ".join(result.stderr.split())


def test_json_with_shell_s_braces_is_json(tmp_path: Path) -> None:
    command = ["sh", "-c", 'echo "${A:-"x"}" ${', "}", "a // b", "%{http_code}"]
    text = body(SYNC, Parameters={**JOB, "ContainerOverrides": {"Command": command}})
    assert there_and_back(tmp_path, text, name="machine.json")[2] == text


@pytest.mark.parametrize("mark", ["", "\ufeff"], ids=["plain", "BOM"])
@pytest.mark.parametrize(
    "text",
    [
        json.dumps(json.loads(machine()), separators=(",", ":")),
        machine().replace('"Resource":', '"Comment": "x" , "Resource" :').replace('sync",', 'sync"  ,'),
        machine().replace('sync",', "sync\", // Batch's"),
        machine().replace('"Resource":', '"Resource":\n       '),
        machine(Retry=[{"ErrorEquals": ["States.ALL"]}]).replace("\n", "\r\n") + "\r\n",
        "---\n" + yaml.safe_dump(json.loads(machine())) + "...\n",
        yaml.safe_dump(json.loads(machine())).replace("\n", "\r\n"),
        f"States:\n  Align: {{Type: Task, Resource: '{SYNC}', End: true}}\n",
        f"States:\n  Align:\n    Type: Task\n    Resource: {SYNC}\n    # last\n\n  B: {{Type: Succeed}}\n",
        f"States:\n  Align: {{Type: Task, Resource: {SYNC}, End: true}}\n",
        f"States:\n  Align:\n    End: true\n    Type: Task\n    Resource: {SYNC}",
        f"States:\n  Align:\n    Type: Task\n    Resource:  # Batch's\n      {SYNC}\n    End: true\n",
    ],
    ids=[
        "one line",
        "blanks",
        "remark",
        "next line",
        "CRLF",
        "document",
        "YAML CRLF",
        "single quotes",
        "last",
        "no quotes",
        "no last line break",
        "remark before it",
    ],
)
def test_whatever_the_form_it_comes_back(tmp_path: Path, text: str, mark: str) -> None:
    after, said, back = there_and_back(tmp_path, mark + text, name="machine.yaml")
    assert "1 state converted: Align" in said
    assert ACTIVITY in after
    assert back == mark + text


def test_characters_beyond_the_basic_plane_stay_escapes(tmp_path: Path) -> None:
    resource = {
        "Type": "AWS::StepFunctions::StateMachine",
        "Properties": {"DefinitionString": body(SYNC, Comment="\U0001f9ec")},
    }
    for ascii_only in (True, False):
        text = json.dumps({"Description": "ä", "Resources": {"M": resource}}, ensure_ascii=ascii_only)
        after, _ = converted(tmp_path, text, name="template.json")
        held = json.loads(after)["Resources"]["M"]["Properties"]["DefinitionString"]
        assert json.loads(held)["States"]["Align"]["Comment"] == "\U0001f9ec"
        assert after.isascii() == ascii_only


def test_what_only_speaks_of_batch_is_no_work(tmp_path: Path) -> None:
    definition = json.loads(machine())
    text = json.dumps({"Comment": "was batch:submitJob.sync", **definition}, indent=1)
    assert "still has" not in converted(tmp_path, text)[1]
    text = json.dumps({**definition, "Kept": SYNC}, indent=1)
    assert "still has batch:submitJob.sync: change it by hand" in converted(tmp_path, text)[1]


def test_a_job_of_another_account_is_left(tmp_path: Path) -> None:
    text = machine(Credentials={"RoleArn": "arn:aws:iam::111122223333:role/theirs"})
    after, said = converted(tmp_path, text)
    assert after == text
    assert "Align is left as it is: with Credentials its job may run in another account" in said
    assert "still has" not in said


def test_a_heartbeat_for_which_a_timeout_has_no_room_is_taken_out(tmp_path: Path) -> None:
    text = machine(TimeoutSeconds=600, HeartbeatSeconds=60)
    after, said = converted(tmp_path, text)
    assert "HeartbeatSeconds" not in after
    assert "leaves no room for a HeartbeatSeconds of at least 900. Its own is removed." in said
    result = run(api(), "check", written(tmp_path, after))
    assert "nothing would break" in result.stdout


def test_a_heartbeat_that_is_known_later_is_named(tmp_path: Path) -> None:
    for fields in ({"HeartbeatSecondsPath": "$.beat"}, {"HeartbeatSeconds": "{% $beat %}"}):
        after, said = converted(tmp_path, machine(**fields))
        assert json.loads(after)["States"]["Align"].items() >= fields.items()
        assert "its heartbeat is known only at run time; it must be 900 s or more." in said


@pytest.mark.parametrize("function", ["Fn::If", "!If"])
def test_what_a_deployment_chooses_is_left_and_named(tmp_path: Path, function: str) -> None:
    def chosen(value: str) -> str:
        return f"!If [Big, {value}, x]" if function == "!If" else f"{{Fn::If: [Big, {value}, x]}}"

    text = (
        f"States:\n  Align:\n    Type: Task\n    Resource: {SYNC}\n    Retry: {chosen('[]')}\n"
        f"    Parameters: {chosen('{JobName: a}')}\n"
    )
    after, said = converted(tmp_path, text, name="machine.yaml")
    assert f"    Retry: {chosen('[]')}\n    Parameters: {chosen('{JobName: a}')}\n" in after
    assert (
        "Align: its Retry is not written out: put a retrier of States.HeartbeatTimeout first in it." in said
    )
    assert "Align: its Parameters are made later" in said
    assert run(api(), "check", written(tmp_path, after, "machine.yaml")).exit_code == 0
    template = (
        "Resources:\n  M:\n    Type: AWS::StepFunctions::StateMachine\n    Properties:\n"
        f"      Definition: {chosen('{States: {}}')}\n"
    )
    result = run(api(), "check", written(tmp_path, template, "machine.yaml"))
    assert (result.exit_code, "M: not checked" in result.stdout) == (1, True)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, ["its Parameters have neither jobs nor the fields of a single job."]),
        (
            {"jobs": []},
            ["executionArn is missing in its Parameters.", "stateName is missing in its Parameters."],
        ),
    ],
)
def test_an_input_that_is_no_task_is_told_once(
    tmp_path: Path, given: dict[str, Any], said: list[str]
) -> None:
    path = written(tmp_path, machine(**GOOD, Parameters=given))
    told = json.loads(run(api(), "check", path, "--json").stdout)["problems"]
    assert [each["text"] for each in told] == said


BY_ERROR = {"Variable": "$.error.Error", "StringEquals": "States.TaskFailed", "Next": "Done"}
BY_JSONATA = "{% $states.errorOutput.Error = 'Batch.AWSBatchException' %}"


def test_what_compares_the_name_of_an_error_is_named(tmp_path: Path) -> None:
    catch = [{"ErrorEquals": ["States.TaskFailed"], "ResultPath": "$.error", "Next": "Which"}]
    align = json.loads(machine(Catch=catch))["States"]["Align"]
    inner = {"StartAt": "Test", "States": {"Test": {"Type": "Pass", "Output": BY_JSONATA, "End": True}}}
    states = {
        "Align": align,
        "Which": {"Type": "Choice", "Choices": [BY_ERROR], "Default": "Each"},
        "Each": {"Type": "Map", "QueryLanguage": "JSONata", "ItemProcessor": inner, "Next": "Failed"},
        "Failed": {"Type": "Fail", "Error": "States.TaskFailed"},
        "Done": {"Type": "Succeed"},
    }
    text = json.dumps({"StartAt": "Align", "States": states}, indent=1)
    after, said = converted(tmp_path, text)
    lines = text.splitlines()
    where = [at for at, line in enumerate(lines, 1) if '"StringEquals"' in line or '"Output"' in line]
    assert f"Which, line {where[0]}, compares with States.TaskFailed: Retry and Catch match it" in said
    assert f"Test, line {where[1]}, compares with Batch.AWSBatchException" in said
    assert said.count("compares with") == 2
    told = json.loads(run(api(), "check", written(tmp_path, after), "--json").stdout)
    assert (told["errors"], [each["place"] for each in told["problems"]]) == (0, ["Which", "Test"])
    assert [each["text"][:16] for each in told["problems"]] == ["it compares with"] * 2


@pytest.mark.parametrize("kind", ["AWS::Serverless::StateMachine", "AWS::StepFunctions::StateMachine"])
@pytest.mark.parametrize("substitutions", [{}, {"Activity": {"Ref": "Activity"}}], ids=["none", "given"])
def test_a_placeholder_that_nothing_fills_in_becomes_a_reference(
    tmp_path: Path, kind: str, substitutions: dict[str, Any]
) -> None:
    own = {"DefinitionSubstitutions": substitutions} if substitutions else {}
    properties = {**own, "Definition": json.loads(machine())}
    text = json.dumps({"Resources": {"M": {"Type": kind, "Properties": properties}}}, indent=1)
    after, _ = converted(tmp_path, text, "--activity", "${Activity}", name="template.json")
    resource = align_of(after)["Resource"]
    assert resource == ("${Activity}" if substitutions else {"Fn::Sub": "${Activity}"})
    in_yaml = yaml.safe_dump(json.loads(text))
    after, _ = converted(tmp_path, in_yaml, "--activity", "${Activity}", name="template.yaml")
    assert f"Resource: {'' if substitutions else '!Sub '}${{Activity}}\n" in after
    string = text.replace(
        json.dumps(properties["Definition"], indent=1).replace("\n", "\n    "), json.dumps(machine())
    )
    string = string.replace('"Definition":', '"DefinitionString":')
    after, said = converted(tmp_path, string, "--activity", "${Activity}", name="template.json")
    assert ("nothing fills in ${Activity} in this string: add it to Def" in said) == (not substitutions)
    assert '\\"Resource\\": \\"${Activity}\\"' in after


def align_of(template: str) -> Any:
    return json.loads(template)["Resources"]["M"]["Properties"]["Definition"]["States"]["Align"]


ALIASES = f"""\
x-ours: &ours {{ErrorEquals: [States.HeartbeatTimeout], MaxAttempts: 3}}
x-batch: &batch {{ErrorEquals: [Batch.AWSBatchException]}}
x-all: &all
  ErrorEquals: &any # *
    - States.ALL
StartAt: A
States:
  A:
    Type: Task
    Resource: {SYNC}
    Retry:
      # two
      - *batch
      - *all
    Parameters: &job {{JobName: a, JobQueue: q, JobDefinition: d}}
    Next: B
  B:
    Retry: [*batch, *all, *batch]
    Type: Task
    Resource: {SYNC}
    Parameters: *job
    Next: C
  C: {{Type: Task, Resource: {SYNC}, Parameters: *job, Catch: [{{ErrorEquals: *any, Next: A}}], End: true}}
"""


def test_aliases_are_taken_for_what_they_are(tmp_path: Path) -> None:
    after, said, back = there_and_back(tmp_path, ALIASES, name="machine.yaml")
    assert "3 states converted: A, B, C" in said
    states = yaml.safe_load(after)["States"]
    everything = {"ErrorEquals": ["States.ALL"]}
    assert [states[name]["Retry"] for name in "ABC"] == [[OURS, everything], [OURS, everything], [OURS]]
    assert back == ALIASES.replace("      - *batch\n", "").replace("*batch, *all, *batch", "*all")
    # what somebody wrote as an alias goes with it
    own = (
        ALIASES.replace(SYNC, ACTIVITY)
        .replace("- *batch\n      - *all", "- *ours")
        .replace("*batch, *all, *batch", "*ours")
    )
    back, _ = converted(tmp_path, own, "--back", name="machine.yaml")
    assert "Retry" not in back
    assert yaml.safe_load(back)["States"]["A"].keys() == {"Type", "Resource", "Parameters", "Next"}


@pytest.mark.parametrize("command", ["convert", "check"])
@pytest.mark.parametrize(
    "text",
    [
        "x: &a [*a]\nStates: {}\n",
        f"States:\n  A: &a\n    Type: Task\n    Resource: {SYNC}\n    Catch: [{{Next: *a}}]\n",
        "States: {}\ny: &b\n  <<: *b\n",
    ],
)
def test_an_alias_within_itself_is_told_in_a_sentence(tmp_path: Path, command: str, text: str) -> None:
    result = run(api(), command, written(tmp_path, text, "machine.yaml"))
    assert result.exit_code == 2
    assert "has a YAML alias that refers to a part that contains it" in " ".join(result.stderr.split())


@pytest.mark.parametrize(
    ("string", "said"),
    [
        ("!Ref Text", "its DefinitionString is made by Ref: convert what it is made from."),
        (
            "{Fn::ImportValue: x}",
            "its DefinitionString is made by Fn::ImportValue: convert what it is made from.",
        ),
        ("'${Text}'", "its DefinitionString is not a definition as it is written here."),
        ("'{'", "its DefinitionString cannot be read: template.yaml, M, line 1 is neither JSON nor YAML"),
        ("''", "its DefinitionString cannot be read: template.yaml, M is empty."),
    ],
)
def test_a_string_that_cannot_be_read_keeps_nothing_else_from_it(
    tmp_path: Path, string: str, said: str
) -> None:
    kind = "Type: AWS::StepFunctions::StateMachine, Properties:"
    text = (
        f"resources:\n  Resources:\n    M: {{{kind} {{DefinitionString: {string}}}}}\n"
        f"    N: {{{kind} {{DefinitionString: '{json.dumps(json.loads(machine()))}'}}}}\n"
    )
    after, told = converted(tmp_path, text, name="template.yaml")
    assert "1 state converted: N, Align" in told
    path = str(tmp_path / "template.yaml")
    assert f"M: {said}".replace("template.yaml", path) in told
    result = run(api(), "check", path, "--json")
    assert [each["text"][:11] for each in json.loads(result.stdout)["problems"] if each["error"]] == [
        "not checked"
    ]
    assert after.startswith(text[: text.index("    N:")])


EXPRESS_KINDS = {
    "SAM": "Resources: {M: {Type: AWS::Serverless::StateMachine, Properties: {Type: KIND, Definition: IT}}}",
    "CloudFormation": "Resources: {M: {Type: AWS::StepFunctions::StateMachine, Properties: "
    "{StateMachineType: KIND, DefinitionString: 'IT'}}}",
    "Serverless": "stepFunctions: {stateMachines: {M: {type: KIND, definition: IT}}}",
    "Distributed Map": "States: {M: {Type: Map, ItemProcessor: {ProcessorConfig: {ExecutionType: KIND}, "
    "States: {P: {Type: Parallel, Branches: [IT]}}}}}",
}


@pytest.mark.parametrize("text", EXPRESS_KINDS.values(), ids=EXPRESS_KINDS.keys())
@pytest.mark.parametrize("kind", ["EXPRESS", "STANDARD"])
def test_an_express_workflow_has_no_activities(tmp_path: Path, text: str, kind: str) -> None:
    text = text.replace("KIND", kind).replace("IT", json.dumps(json.loads(machine(**GOOD))))
    found = json.loads(run(api(), "check", written(tmp_path, text, "machine.yaml"), "--json").stdout)
    assert found["statesChecked"] == 1
    told = [each["text"] for each in found["problems"] if each["error"]]
    said = "it is in an Express workflow, which cannot use Activities: make it STANDARD."
    assert told == ([said] if kind == "EXPRESS" else [])


def test_a_member_in_both_cases_is_refused_as_its_task_would_be(tmp_path: Path) -> None:
    twice = {**JOB, "Tags": {"a": "1", "A": "2"}, "jobName.$": "$.name"}
    path = written(tmp_path, machine(**GOOD, Parameters=twice))
    told = json.loads(run(api(), "check", path, "--json").stdout)["problems"]
    assert [each["text"] for each in told] == [
        'the input has "jobName" twice, in PascalCase and in camelCase.'
    ]


def test_the_long_form_is_in_batch_s_own_words(tmp_path: Path) -> None:
    job = {"jobName": "a", "jobQueue": "jobs", "jobDefinition": "d", "ContainerOverrides": {"Command": []}}
    given = {"executionArn.$": "$$.Execution.Id", "stateName": "a", "jobs": [{**job, "Tags.$": "$.tags"}]}
    path = written(tmp_path, machine(**GOOD, Parameters=given))
    told = json.loads(run(api(), "check", path, "--json").stdout)["problems"]
    assert [each["text"] for each in told] == [
        f"jobs[0].{name} is not an argument of SubmitJob; did you mean {name[0].lower()}{name[1:]}?"
        for name in ("ContainerOverrides", "Tags")
    ]


@pytest.mark.parametrize("activity", ["", "sluice-submit-jobs", "!Ref Activity", SYNC, f"{ACTIVITY}:1"])
def test_a_resource_that_is_no_activity_is_refused(tmp_path: Path, activity: str) -> None:
    path = written(tmp_path, machine())
    result = run(api(), "convert", path, "--in-place", "--activity", activity)
    assert (result.exit_code, (tmp_path / "machine.json").read_text()) == (2, machine())
    assert "is neither an activity's ARN nor a placeholder" in " ".join(result.stderr.split())


def test_an_activity_of_another_partition_is_pointed_out(tmp_path: Path) -> None:
    for resource, is_told in ((SYNC.replace("aws", "aws-cn", 1), True), (SUBSTITUTED, False), (SYNC, False)):
        _, said = converted(tmp_path, machine(Resource=resource))
        assert ("its Resource was one of aws-cn, and this Activity is one of aws." in said) == is_told


@pytest.mark.parametrize("command", ["check", "convert"])
@pytest.mark.parametrize(
    ("name", "text", "program"),
    [
        (
            "answer.json",
            json.dumps({"name": "m", "definition": machine(), "type": "STANDARD"}),
            "jq -r .definition",
        ),
        ("an answer.yaml", f"name: m\ndefinition: |\n{indented(machine(), 2)}", "yq -r .definition"),
        ("text.json", json.dumps(machine()), "jq -r ."),
    ],
)
def test_a_definition_that_aws_shows_as_a_text_is_to_be_taken_out(
    tmp_path: Path, command: str, name: str, text: str, program: str
) -> None:
    path = written(tmp_path, text, name)
    result = run(api(), command, path)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.endswith(f"Take it out first: {program} {shlex.quote(path)} > machine.asl.json\n")


def test_an_arn_in_a_file_s_place_is_answered_with_the_command_that_gets_the_file() -> None:
    arn = "arn:aws:states:us-east-1:000000000000:stateMachine:m"
    result = run(api(), "check", arn)
    assert result.exit_code == 2
    assert f"describe-state-machine --state-machine-arn {arn} --query definition" in result.stderr
