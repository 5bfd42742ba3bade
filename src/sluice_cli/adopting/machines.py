"""The states of a definition, those within Map and Parallel states too."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from yaml.nodes import MappingNode, Node

from sluice.batch_words import camel
from sluice.tasks.parsing import MARKS
from sluice_cli.adopting.source import entries, members
from sluice_cli.adopting.values import text_of, value_of

if TYPE_CHECKING:
    from collections.abc import Iterator

SYNC: Final = re.compile(r"arn:.+:states:.*:batch:submitJob\.sync")
PAST_THE_RATE: Final = re.compile(
    r"arn:.+:states:.*:(batch:submitJob(\.waitForTaskToken)?|aws-sdk:batch:submitJob.*)"
)
NESTED: Final = re.compile(r"arn:.+:states:.*:states:startExecution.*")
_ACTIVITY: Final = re.compile(r"arn:.+:states:.*:activity:.+|.*\$\{[^}]*activity[^}]*\}.*", re.IGNORECASE)
"""An activity's ARN, or a placeholder that is called one, as references of CloudFormation's are read."""
_PLACEHOLDER: Final = re.compile(r"\$\{[^}]*\}")
EXPRESS: Final = "EXPRESS"

WITH_STATES: Final = ("ItemProcessor", "Iterator", "Branches")
"""The fields of a state that have states themselves."""


@dataclass(frozen=True)
class State:
    """A state of a definition.

    Attributes:
        name: its name.
        node: its fields.
        is_jsonata: its query language is JSONata.
        is_express: it is within an Express workflow, as a Distributed Map may have them.
    """

    name: str
    node: MappingNode
    is_jsonata: bool
    is_express: bool = False

    @property
    def fields(self) -> dict[str, Node]:
        """Its fields by name."""
        return members(self.node)

    @property
    def resource(self) -> str:
        """Its Resource; empty if it has none."""
        return text_of(self.fields.get("Resource")) or ""

    @property
    def input_field(self) -> str:
        """The name of the field that is a task's input."""
        return "Arguments" if self.is_jsonata else "Parameters"

    @property
    def job_input(self) -> Any:
        """What a task is given, as it is written; None if that is not written out."""
        return value_of(self.fields.get(self.input_field))

    @property
    def is_on_activity(self) -> bool:
        """True for a state on an Activity, or on a placeholder with a task of Sluice's for input."""
        if _ACTIVITY.fullmatch(self.resource):
            return True
        given = self.job_input
        names = {camel(name.removesuffix(".$")) for name in given} if isinstance(given, dict) else set()
        return _PLACEHOLDER.fullmatch(self.resource) is not None and bool(names & {"jobs", *MARKS})

    @property
    def is_sync(self) -> bool:
        """True for a state that runs a job by `batch:submitJob.sync`."""
        return SYNC.fullmatch(self.resource) is not None


def states_of(machine: Node, language: str = "JSONPath", *, is_express: bool = False) -> Iterator[State]:
    """All states of a definition, in the order in which they stand in it."""
    fields = members(machine)
    kind = text_of(members(fields.get("ProcessorConfig")).get("ExecutionType"))
    is_express = kind == EXPRESS if kind else is_express
    language = text_of(fields.get("QueryLanguage")) or language
    for name, node in members(fields.get("States")).items():
        if not isinstance(node, MappingNode):
            continue
        inner = members(node)
        of_state = text_of(inner.get("QueryLanguage")) or language
        yield State(name, node, is_jsonata=of_state == "JSONata", is_express=is_express)
        for below in (inner[field] for field in WITH_STATES if field in inner):
            for each in entries(below) or [below]:
                yield from states_of(each, language, is_express=is_express)


def names_in(node: Node | None, field: str = "ErrorEquals") -> list[str]:
    """The errors that a retrier or a catcher names."""
    return [text_of(each) or "" for each in entries(members(node).get(field))]
