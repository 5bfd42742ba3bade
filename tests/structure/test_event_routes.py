"""Every rule may send to the queues that it names: EventBridge drops what a queue's policy does not let in.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from sluice_local.packaging import read_template

if TYPE_CHECKING:
    from collections.abc import Iterator

RESOURCES: dict[str, Any] = read_template((Path(__file__).parents[2] / "template.yaml").read_text())[
    "Resources"
]


def named(arn: dict[str, Any]) -> str:
    """The resource whose ARN is meant."""
    (got,) = arn.values()
    return (got if isinstance(got, str) else got[0]).removesuffix(".Arn")


def of_type(kind: str) -> dict[str, Any]:
    return {name: each["Properties"] for name, each in RESOURCES.items() if each["Type"] == kind}


def routes() -> Iterator[tuple[str, str]]:
    """Rules, and the queues that they send to, also what cannot be delivered."""
    for rule, properties in of_type("AWS::Events::Rule").items():
        for target in properties["Targets"]:
            yield rule, named(target["Arn"])
            yield rule, named(target["DeadLetterConfig"]["Arn"])


def allowed() -> Iterator[tuple[str, str]]:
    for properties in of_type("AWS::SQS::QueuePolicy").values():
        for statement in properties["PolicyDocument"]["Statement"]:
            for source in statement["Condition"]["ArnEquals"]["aws:SourceArn"]:
                yield from ((named(source), named(queue)) for queue in statement["Resource"])


def test_each_rule_may_send_to_its_queues_and_no_other_may() -> None:
    assert set(routes()) == set(allowed())
