"""Derives, from the project's template, the one that the Serverless Application Repository accepts.

docs/publishing.md and the release job run `python -m tools.sam.published_template SOURCE TARGET [URL]`.
The repository takes listed resource types only, and Batch's are not listed:
https://docs.aws.amazon.com/serverlessrepo/latest/devguide/list-supported-resources.html. So the published
application makes no queue and no job definition; their ARNs are parameters. URL is where the source can be
read, which an application must say before it can be public.
"""

import copy
import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml

from sluice_local.packaging import Template, read_template

_UNLISTED = "AWS::Batch::"
_ABOUT_ENVIRONMENTS = "Network"
_SETTLED = {"CreateJobQueue": False}
"""Conditions that have one value only where nothing of Batch's is created."""
_HAS_WORKFLOW = "HasLowpassWorkflow"
_WORKFLOW = ("Workflow", "WorkflowRole")
_NO_WORKFLOW = {
    "Fn::Sub": "arn:${AWS::Partition}:states:${AWS::Region}:${AWS::AccountId}:stateMachine:${AWS::StackName}"
}
"""What stands among the workflows that a stack without one may start: a name that nobody has."""
_WORKFLOW_GROUP = "Low-pass workflow"
"""The group of parameters that the job definitions join."""
_IN_TEXT = re.compile(r"\$\{([A-Za-z0-9]+)[.}]")

_QUEUES = {
    "Type": "CommaDelimitedList",
    "Description": "ARNs of the Batch job queues that tasks may use. The low-pass workflow's is the first.",
}


def published_template(template: Template, source_url: str | None = None) -> Template:
    """Return the template to publish; the given one is left as it is.

    The low-pass workflow stays, and is made when all of its job definitions are given. Schedules become
    EventBridge rules, as the repository has refused `ScheduleV2`: https://github.com/aws/aws-sam-cli/issues/4543.
    """
    derived = _with_settled_conditions(template)
    _take_job_definitions_as_parameters(derived)
    _drop(derived, _with_orphans(derived, _of_unlisted_types(derived)))
    _make_workflow_optional(derived)
    _use_rules_as_schedules(derived)
    _drop_unused(derived)
    derived["Globals"]["Function"].pop("CodeUri")  # each function of a built template has its own
    if source_url is not None:
        derived["Metadata"]["AWS::ServerlessRepo::Application"] |= {
            "HomePageUrl": source_url,
            "SourceCodeUrl": source_url,
        }
    return derived


def references(node: Any) -> Iterator[str]:
    """Yield every name that a part of a template refers to, by `Ref`, `Fn::GetAtt` or `Fn::Sub`."""
    if isinstance(node, dict):
        if isinstance(node.get("Ref"), str):
            yield node["Ref"]
        if "Fn::GetAtt" in node:
            yield node["Fn::GetAtt"][0]
        if "Fn::Sub" in node:
            told = node["Fn::Sub"]
            text, own = told if isinstance(told, list) else (told, {})
            yield from (name for name in _IN_TEXT.findall(text) if name not in own)
        for each in node.values():
            yield from references(each)
    elif isinstance(node, list):
        for each in node:
            yield from references(each)


def _with_settled_conditions(template: Template) -> Template:
    """Leave out what depends on a settled condition, or its other branch."""

    def settle(node: dict[str, Any]) -> Any:
        choice = node.get("Fn::If")
        if choice is not None and choice[0] in _SETTLED:
            return choice[1] if _SETTLED[choice[0]] else choice[2]
        return node

    derived: Template = _mapped(template, settle)
    resources = derived["Resources"].items()
    derived["Resources"] = {
        name: each for name, each in resources if _SETTLED.get(each.get("Condition"), True)
    }
    for name in _SETTLED:
        del derived["Conditions"][name]
    del derived["Rules"][_ABOUT_ENVIRONMENTS]
    return derived


def _take_job_definitions_as_parameters(template: Template) -> None:
    """Make `Ref` of a job definition `Ref` of a parameter, and describe the parameters."""
    names = _of_unlisted_types(template)

    def rename(node: dict[str, Any]) -> Any:
        return {"Ref": f"{node['Ref']}Arn"} if node.get("Ref") in names else node

    template["Resources"] = _mapped(template["Resources"], rename)
    template["Parameters"]["JobQueueArns"] = dict(_QUEUES)
    for name in names:
        template["Parameters"][f"{name}Arn"] = {
            "Type": "String",
            "Default": "",
            "Description": f"ARN of the low-pass workflow's {name}; name it in JobDefinitionArns, too. "
            "Empty: no such workflow.",
        }
    groups = template["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    workflows = next(group for group in groups if group["Label"]["default"] == _WORKFLOW_GROUP)
    workflows["Parameters"] += [f"{name}Arn" for name in names]


def _of_unlisted_types(template: Template) -> list[str]:
    return [name for name, each in template["Resources"].items() if each["Type"].startswith(_UNLISTED)]


def _with_orphans(template: Template, unlisted: Iterable[str]) -> set[str]:
    """Return the unlisted resources with those that only they, or only each other's orphans, refer to."""
    resources, dropped = template["Resources"], set(unlisted)
    while True:
        kept = set(references([each for name, each in resources.items() if name not in dropped]))
        wanted = set(references([resources[name] for name in dropped])) & resources.keys()
        more = dropped | (wanted - kept)
        if more == dropped:
            return dropped
        dropped = more


def _drop(template: Template, names: set[str]) -> None:
    """Take resources away, and the outputs that told of them."""
    for name in names:
        del template["Resources"][name]
    outputs = template["Outputs"].items()
    template["Outputs"] = {name: each for name, each in outputs if not names.intersection(references(each))}


def _make_workflow_optional(template: Template) -> None:
    given = [name for name in template["Parameters"] if name.endswith("JobDefinitionArn")]
    missing = [{"Fn::Equals": [{"Ref": name}, ""]} for name in given]
    template["Conditions"][_HAS_WORKFLOW] = {"Fn::Not": [{"Fn::Or": missing}]}

    def if_there(node: dict[str, Any]) -> Any:
        if node != {"Ref": _WORKFLOW[0]}:
            return node
        return {"Fn::If": [_HAS_WORKFLOW, node, _NO_WORKFLOW]}

    template["Resources"] = _mapped(template["Resources"], if_there)
    for name in _WORKFLOW:
        template["Resources"][name]["Condition"] = _HAS_WORKFLOW
    for output in template["Outputs"].values():
        if set(references(output)).intersection(_WORKFLOW):
            output["Condition"] = _HAS_WORKFLOW


def _use_rules_as_schedules(template: Template) -> None:
    for resource in template["Resources"].values():
        for event in resource.get("Properties", {}).get("Events", {}).values():
            if event["Type"] == "ScheduleV2":
                event["Type"] = "Schedule"
                event["Properties"]["Schedule"] = event["Properties"].pop("ScheduleExpression")
                del event["Properties"]["OmitName"]  # a rule has no name of its own anyway


def _drop_unused(template: Template) -> None:
    """Take away the conditions, and then the parameters, that nothing asks for."""
    body = [template[section] for section in ("Globals", "Resources", "Outputs")]
    conditions = template["Conditions"].items()
    template["Conditions"] = {name: each for name, each in conditions if f'"{name}"' in json.dumps(body)}
    used = set(references([*body, template["Conditions"]]))
    parameters = template["Parameters"].items()
    template["Parameters"] = {name: each for name, each in parameters if name in used}
    for group in template["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]:
        group["Parameters"] = [name for name in group["Parameters"] if name in used]


def _mapped(node: Any, change: Callable[[dict[str, Any]], Any]) -> Any:
    """Copy a part of a template with every object changed, the inner ones first."""
    if isinstance(node, dict):
        return change({key: _mapped(each, change) for key, each in node.items()})
    if isinstance(node, list):
        return [_mapped(each, change) for each in node]
    return copy.copy(node)


def main() -> None:
    """Read the template that the first argument names, and write the derived one to the second."""
    source, target, *url = sys.argv[1:]
    derived = published_template(read_template(Path(source).read_text(encoding="utf-8")), *url)
    Path(target).write_text(yaml.safe_dump(derived, sort_keys=False, width=110), encoding="utf-8")


if __name__ == "__main__":
    main()
