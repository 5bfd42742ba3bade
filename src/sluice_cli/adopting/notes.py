"""What a person has to know of a conversion, as far as the file itself tells."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from yaml.nodes import ScalarNode

from sluice_cli.adopting.machines import WITH_STATES
from sluice_cli.adopting.source import entries, members, walk
from sluice_cli.adopting.templates import definitions_of
from sluice_cli.adopting.values import text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yaml.nodes import Node

    from sluice_cli.adopting.machines import State
    from sluice_cli.adopting.source import Source

NOT_NEEDED: Final = ("batch:SubmitJob", "batch:DescribeJobs", "batch:TerminateJob")
EVENTS: Final = ("events:PutTargets", "events:PutRule", "events:DescribeRule")
"""What a role needs for `batch:submitJob.sync`.

https://docs.aws.amazon.com/step-functions/latest/dg/batch-iam.html
"""


_COMPARED: Final = re.compile(r"States\.TaskFailed|States\.Task\*|Batch\.(\w*(Exception|Error)|\*)")


def lines_left(source: Source) -> list[int]:
    """The lines of a result that still have batch:submitJob.sync, but for what only speaks of it."""
    strings = [each for each in definitions_of(source) if each.holder is not None]
    holders = [each.holder for each in strings]
    lines = {source.line(node) for node in _left(source.root) if node not in holders}
    return sorted(lines | {each.line(node) for each in strings for node in _left(each.machine)})


def _left(node: Node) -> Iterator[Node]:
    if isinstance(node, ScalarNode) and "batch:submitJob.sync" in node.value:
        yield node
    fields = members(node)
    for name, value in fields.items():
        is_told_of = name == "Resource" and "Credentials" in fields
        if not is_told_of and name not in ("Comment", "Description"):
            yield from _left(value)
    for each in entries(node):
        yield from _left(each)


def choice_notes(state: State) -> Iterator[tuple[Node, str]]:
    """Names what a Choice reads of a job's reason, for which Sluice has an error, and where it stands."""
    if text_of(state.fields.get("Type")) != "Choice":
        return
    for node in walk(state.node):
        if isinstance(node, ScalarNode) and "Host EC2" in node.value:
            same = "it works as before, and a Catch of Job.SpotInterruption says the same."
            yield node, f"looks for {node.value!r}: {same}"


def error_notes(state: State) -> Iterator[tuple[Node, str]]:
    """Names what compares an error with one by which no job on an Activity fails, and where it stands."""
    is_choice = text_of(state.fields.get("Type")) == "Choice"
    own = (node for name, value in state.fields.items() if name not in WITH_STATES for node in walk(value))
    for node in own:
        found = _COMPARED.search(node.value) if isinstance(node, ScalarNode) else None
        if found and (is_choice or "{%" in node.value):
            called = (
                "Retry and Catch match it as before, but a job's error is called Job.Failed, Job.TimedOut, …"
            )
            yield node, f"compares with {found[0]}: {called}"


def permission_notes(source: Source, *, is_template: bool) -> Iterator[str]:
    """Names the actions that a role needs no more, of a template those that it has."""
    if is_template:
        found = {node.value: source.line(node) for node in walk(source.root) if isinstance(node, ScalarNode)}
        for action in (*NOT_NEEDED, *EVENTS):
            if action in found:
                yield f"{action}, line {found[action]}, is not needed for these states any more."
    else:
        yield f"For these states its role no longer needs {', '.join((*NOT_NEEDED, *EVENTS))}."
