"""Which queues are watched is what the rule says, as of now."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sluice.aws.bounds.asked import AGAIN_SECONDS
from sluice.aws.bounds.queues import RuleQueues
from tests.support.fakes import FakeClock

ONE, TWO = (f"arn:aws:batch:eu-west-1:111122223333:job-queue/{name}" for name in ("one", "two"))


@dataclass
class Rule:
    """EventBridge with one rule."""

    queues: list[str] | None
    error: str = ""
    reads: list[str] = field(default_factory=list)

    def describe_rule(self, Name: str) -> dict[str, Any]:  # noqa: N803 - AWS's name
        self.reads.append(Name)
        if self.error:
            raise ClientError({"Error": {"Code": self.error, "Message": "no"}}, "DescribeRule")
        detail = {} if self.queues is None else {"jobQueue": self.queues}
        return {"EventPattern": json.dumps({"detail": detail})}


def queues_of(rule: Rule, clock: FakeClock) -> RuleQueues:
    return RuleQueues(clock, client=lambda: rule, rule="ended")


def test_a_queue_is_watched_by_its_arn_and_its_name_and_the_rule_read_once() -> None:
    rule = Rule([ONE, TWO])
    queues = queues_of(rule, FakeClock())
    assert [list(queues.instead_of(name)) for name in (ONE, "one", TWO, "two")] == [[], [], [], []]
    assert rule.reads == ["ended"]


def test_the_watched_queues_are_named_in_place_of_another() -> None:
    assert queues_of(Rule([ONE, TWO]), FakeClock()).instead_of("three") == (ONE, TWO)


def test_a_queue_that_a_deployment_added_is_found_by_a_poller_that_is_older() -> None:
    rule, clock = Rule([ONE]), FakeClock()
    queues = queues_of(rule, clock)
    assert queues.instead_of(TWO) == (ONE,)
    rule.queues = [ONE, TWO]
    clock.sleep(AGAIN_SECONDS)
    assert queues.instead_of(TWO) == ()


def test_many_wrong_jobs_at_once_read_the_rule_once() -> None:
    rule = Rule([ONE])
    queues = queues_of(rule, FakeClock())
    assert [queues.instead_of("three") for _ in range(5)] == [(ONE,)] * 5
    assert len(rule.reads) == 1


@pytest.mark.parametrize("rule", [Rule([ONE], "AccessDeniedException"), Rule(None), Rule([])])
def test_nothing_is_refused_while_nobody_can_say(rule: Rule) -> None:
    assert queues_of(rule, FakeClock()).instead_of("three") == ()
