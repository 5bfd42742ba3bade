"""Where the definitions of a file stand: it is one itself, or a template with some."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from sluice.batch_words import camel
from sluice.schema import is_unicode
from sluice_cli.adopting.machines import EXPRESS, SYNC
from sluice_cli.adopting.source import TEXT, Source, body_start, entries, members, read_source
from sluice_cli.adopting.values import is_made_at_deployment, text_of, value_of
from sluice_cli.errors import WrongUsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

CHANGED: Final = frozenset(
    {"resource", "retry", "heartbeatSeconds", "heartbeatSecondsPath", "executionArn", "stateName"}
    | {"definitionString"}  # which is looked into by itself
)
"""Fields that a conversion writes anew, as they begin in lower case."""

_PLACEHOLDER: Final = re.compile(r"\$\{([^!}]+)\}")

KINDS: Final = ("AWS::StepFunctions::StateMachine", "AWS::Serverless::StateMachine")


@dataclass(frozen=True)
class Definition:
    """A definition, in the file's own text or in one that the file has as a string.

    Attributes:
        name: of what; empty for a file that is a definition.
        source: the text in which it stands.
        machine: its root.
        holder: the scalar of the file that has the text, None if it is the file's own.
        note: what a person has to know of it; the other attributes say nothing then.
        is_read: false if the note says why it cannot be read here.
        machine_name: what its state machine is called in AWS; empty if the file does not say.
        filled: the placeholders, by name, that a deployment fills in; None if all may be.
        is_express: it is an Express workflow's.
    """

    name: str
    source: Source
    machine: Node
    holder: ScalarNode | None = None
    note: str = ""
    is_read: bool = True
    machine_name: str = ""
    filled: frozenset[str] | None = None
    is_express: bool = False

    def fills(self, text: str) -> bool:
        """True if all placeholders of a text are filled in where it stands."""
        return self.filled is None or self.filled >= {*_PLACEHOLDER.findall(text)}

    def line(self, node: Node) -> int:
        """The number of a node's line in the file; of a string that is one line, the line of the string."""
        if self.holder is None:
            return self.source.line(node)
        begin = int(self.holder.start_mark.line) + 1
        return begin + self.source.line(node) if self.holder.style == "|" else begin


def definitions_of(source: Source) -> list[Definition]:
    """Finds the definitions of a file.

    Raises:
        WrongUsageError: there are none; says what it looked for.
    """
    fields = members(source.root)
    if "States" in fields:
        return [Definition("", source, source.root)]
    # those of the Serverless Framework are in a template of their own, or in a list of some
    own = fields.get("resources")
    templates = [fields, members(own), *map(members, entries(own))]
    resources = [each for template in templates for each in members(template.get("Resources")).items()]
    found = [each for name, node in resources for each in _of_resource(source, name, members(node))]
    found += _of_serverless(source, fields)
    if not found:
        _refuse_text(source, fields)
        raise WrongUsageError(
            f"{source.name} has no state machine: neither States, as a definition, nor a resource of type "
            f"{' or '.join(KINDS)}, as a template, nor stepFunctions.stateMachines, as the Serverless "
            "Framework has them."
        )
    return found


def _refuse_text(source: Source, fields: dict[str, Node]) -> None:
    """Says how to take out a definition that is a text within JSON or YAML, as AWS's own answers have it."""
    for place, node in ((".definition", fields.get("definition")), (".", source.root)):
        text = text_of(node)
        if text is not None and text.lstrip().startswith("{"):
            tool, name = "jq" if source.is_json or place == "." else "yq", shlex.quote(source.name)
            raise WrongUsageError(
                f"{source.name} has the definition as a text, as `aws stepfunctions describe-state-machine` "
                f"shows it. Take it out first: {tool} -r {place} {name} > machine.asl.json"
            )


def put_back(source: Source, definition: Definition) -> None:
    """Writes an edited text into the string of the file from which it came."""
    holder = definition.holder
    if holder is None or not definition.source.edits:
        return
    begin, end = int(holder.start_mark.index), int(holder.end_mark.index)
    text = definition.source.edited()
    if holder.style in ("|", ">"):
        indent = _indent(source, holder)
        head = source.text[begin : source.text.index("\n", begin) + 1]
        lines = [f"{indent}{line}" if line.strip() else line for line in text.splitlines(keepends=True)]
        source.replace(begin, end, head + "".join(lines))
    else:
        # a text with escapes of its own for what is beyond the basic plane keeps such escapes
        is_ascii = source.text.isascii() or not is_unicode(text)
        quoted = json.dumps(text, ensure_ascii=is_ascii)
        if holder.style == "'" and "\n" not in text:
            quoted = "'" + text.replace("'", "''") + "'"
        source.replace(body_start(source, holder), end, quoted)


def checked_edits(source: Source) -> str:
    """The text with all edits done, once it is sure that they have changed nothing else.

    Raises:
        WrongUsageError: they would.
    """
    text = source.edited()
    try:
        is_sound = not source.edits or _left_alone(read_source(source.name, text)) == _left_alone(source)
    except WrongUsageError:
        is_sound = False
    if not is_sound:
        raise WrongUsageError(
            f"{source.name} is written in a form that cannot be edited safely. Write each field and each "
            "list entry of its states on a line of its own."
        )
    return text


def _left_alone(source: Source) -> list[Any]:
    """The values of a file and of the definitions in its strings, less what a conversion may change."""
    roots = [source.root, *(each.machine for each in definitions_of(source) if each.holder)]
    return [_without_changes(value_of(each)) for each in roots]


def _without_changes(value: Any) -> Any:
    if isinstance(value, dict):
        kept = {name: each for name, each in value.items() if camel(name.removesuffix(".$")) not in CHANGED}
        return {name: _without_changes(each) for name, each in kept.items()}
    if isinstance(value, list):  # a retrier may stand elsewhere, and be shared by an alias
        return [_without_changes(each) for each in value if not _is_retrier(each)]
    return value


def _is_retrier(value: Any) -> bool:
    return isinstance(value, dict) and "ErrorEquals" in value and "Next" not in value


def _of_resource(source: Source, name: str, resource: dict[str, Node]) -> Iterator[Definition]:
    if text_of(resource.get("Type")) not in KINDS:
        return
    properties = members(resource.get("Properties"))
    # SAM's names for it, or CloudFormation's
    machine_name = _written_out(properties.get("Name", properties.get("StateMachineName")))
    is_express = text_of(properties.get("Type", properties.get("StateMachineType"))) == EXPRESS
    substitutions = members(properties.get("DefinitionSubstitutions"))
    for key, value in substitutions.items():
        if SYNC.fullmatch(text_of(value) or ""):
            said = f"its Resource is the substitution {key}: write it in the definition itself, then convert"
            yield Definition(name, source, source.root, note=said)
    definition = properties.get("Definition")
    if isinstance(definition, MappingNode) and not is_made_at_deployment(value_of(definition)):
        plain = Definition(name, source, definition, filled=frozenset(substitutions))
        yield replace(plain, machine_name=machine_name, is_express=is_express)
    elif "DefinitionString" in properties:
        held = _of_string(source, name, properties["DefinitionString"])
        filled = held.filled if held.filled is None else held.filled | substitutions.keys()
        yield replace(held, machine_name=machine_name, filled=filled, is_express=is_express)
    elif properties.keys() & {"DefinitionUri", "DefinitionS3Location"}:
        yield _elsewhere(source, name, text_of(properties.get("DefinitionUri")) or "a file in S3")
    else:
        yield _unread(source, name, "its definition is not written out in this file")


def _elsewhere(source: Source, name: str, where: str) -> Definition:
    return _unread(source, name, f"its definition is in {where}: give that file instead")


def _unread(source: Source, name: str, note: str) -> Definition:
    return Definition(name, source, source.root, note=note, is_read=False)


def _of_serverless(source: Source, fields: dict[str, Node]) -> Iterator[Definition]:
    """The Serverless Framework's, https://www.serverless.com/plugins/serverless-step-functions."""
    machines = members(members(fields.get("stepFunctions")).get("stateMachines"))
    for name, node in machines.items():
        properties = members(node)
        definition = properties.get("definition")
        if isinstance(definition, MappingNode):
            machine_name = _written_out(properties.get("name"))
            is_express = text_of(properties.get("type")) == EXPRESS
            yield Definition(name, source, definition, machine_name=machine_name, is_express=is_express)
        else:
            yield _elsewhere(source, name, text_of(definition) or "another file")


def _written_out(node: Node | None) -> str:
    """A text that is the same in AWS; empty if a deployment makes it."""
    value = value_of(node)
    return value if isinstance(value, str) and "${" not in value else ""


def _of_string(source: Source, name: str, node: Node) -> Definition:
    holder = members(node).get("Fn::Sub", node)
    is_substituted = holder.tag == "!Sub" or holder is not node
    if is_substituted and isinstance(holder, SequenceNode):  # a text and its variables
        holder = next(iter(holder.value), holder)
    if not isinstance(holder, ScalarNode) or holder.tag not in (TEXT, "!Sub"):
        made = ", ".join(members(node)) or node.tag.removeprefix("!")
        code = "; in the CDK's code, the state becomes a StepFunctionsInvokeActivity"
        by_cdk = (", as the CDK does it", code) if made.endswith("Join") else ("", "")
        said = f"its DefinitionString is made by {made}{by_cdk[0]}: convert what it is made from{by_cdk[1]}"
        return _unread(source, name, said)
    text = holder.value
    if holder.style == "|":
        text = _unindented(source, holder)
    try:
        inner = read_source(f"{source.name}, {name}", text)
    except WrongUsageError as error:
        return _unread(source, name, f"its DefinitionString cannot be read: {str(error).rstrip('.')}")
    if "States" not in members(inner.root):
        return _unread(source, name, "its DefinitionString is not a definition as it is written here")
    return Definition(name, inner, inner.root, holder, filled=None if is_substituted else frozenset())


def _unindented(source: Source, holder: ScalarNode) -> str:
    begin, end = int(holder.start_mark.index), int(holder.end_mark.index)
    block = source.text[source.text.index("\n", begin) + 1 : end]
    indent = len(_indent(source, holder))
    return "".join(line[indent:] if line.strip() else line for line in block.splitlines(keepends=True))


def _indent(source: Source, holder: ScalarNode) -> str:
    begin, end = int(holder.start_mark.index), int(holder.end_mark.index)
    lines = source.text[source.text.index("\n", begin) + 1 : end].splitlines()
    first = next((line for line in lines if line.strip()), "")
    return first[: len(first) - len(first.lstrip(" "))]
