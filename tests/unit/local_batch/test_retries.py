"""evaluateOnExit."""

import pytest

from sluice_local.batch.model import Exit, ExitRule, RetryStrategy
from sluice_local.batch.retries import retries
from sluice_local.batch.running.exits import OUT_OF_MEMORY

SPOT = Exit(None, status_reason="Host EC2 (instance i-0a1b) terminated.")


def decide(exit_: Exit, *rules: ExitRule, made: int = 1) -> bool:
    return retries(RetryStrategy(attempts=3, rules=rules), exit_, attempts_made=made)


def test_without_rules_a_failed_attempt_is_retried_while_attempts_are_left() -> None:
    assert decide(Exit(1), made=2)
    assert not decide(Exit(1), made=3)


def test_a_job_is_retried_when_no_rule_matches() -> None:
    assert decide(Exit(1), ExitRule("EXIT", on_exit_code="2"))


def test_the_first_rule_that_matches_decides() -> None:
    retry_spot, exit_all = ExitRule("retry", on_status_reason="Host EC2*"), ExitRule("EXIT", on_reason="*")
    assert decide(SPOT, retry_spot, exit_all)
    assert not decide(Exit(1), retry_spot, exit_all)


def test_every_pattern_of_a_rule_must_match() -> None:
    rule = ExitRule("EXIT", on_exit_code="137", on_reason="OutOfMemory*")
    assert not decide(Exit(137, reason=OUT_OF_MEMORY), rule)
    assert decide(Exit(137), rule)


@pytest.mark.parametrize(
    ("pattern", "matches"), [("13*", True), ("137", True), ("13", False), ("*", True), ("1370", False)]
)
def test_an_exit_code_is_compared_as_text_whose_end_may_be_open(pattern: str, matches: bool) -> None:
    assert decide(Exit(137), ExitRule("EXIT", on_exit_code=pattern)) is not matches


def test_an_attempt_that_exceeded_its_timeout_is_not_retried() -> None:
    assert not decide(Exit(137, timed_out=True), ExitRule("RETRY", on_exit_code="*"))
