"""Stars in ARNs, and the many ways to name a job definition."""

from __future__ import annotations

import pytest

from sluice.arns import matches, matches_definition

ARN = "arn:aws:batch:eu-west-1:111122223333:job-definition"
OTHER = "arn:aws:batch:eu-west-1:999999999999:job-definition"
MACHINE = "arn:aws:states:eu-west-1:111122223333:stateMachine"


@pytest.mark.parametrize(
    ("arn", "pattern", "is_one"),
    [
        (f"{MACHINE}:lab", f"{MACHINE}:lab", True),
        (f"{MACHINE}:lab-2", f"{MACHINE}:lab", False),
        (f"{MACHINE}:lab-2", f"{MACHINE}:lab*", True),
        (f"{MACHINE}:lab", f"{MACHINE}:la?", True),
        (f"{MACHINE}:lab", f"{MACHINE}:[l]ab", False),
        (f"{MACHINE}:lab", "*", True),
        (f"{MACHINE}:Lab", f"{MACHINE}:lab", False),
    ],
)
def test_a_star_stands_for_any_text_as_in_a_policy(arn: str, pattern: str, is_one: bool) -> None:
    assert matches(arn, [pattern]) is is_one


@pytest.mark.parametrize(
    ("definition", "pattern", "is_one"),
    [
        # by name, by name and revision, by ARN with and without
        ("align", f"{ARN}/align", True),
        ("align:3", f"{ARN}/align", True),
        (f"{ARN}/align", f"{ARN}/align", True),
        (f"{ARN}/align:3", f"{ARN}/align", True),
        # one revision alone; a name without one may be it
        (f"{ARN}/align:3", f"{ARN}/align:3", True),
        ("align:3", f"{ARN}/align:3", True),
        (f"{ARN}/align:4", f"{ARN}/align:3", False),
        ("align:4", f"{ARN}/align:3", False),
        ("align", f"{ARN}/align:3", True),
        # another name, another stack's, another account's
        ("aligner", f"{ARN}/align", False),
        ("other-align:3", f"{ARN}/sluice-align", False),
        (f"{OTHER}/align:3", f"{ARN}/align", False),
        # stars
        ("lab-call:2", f"{ARN}/lab-*", True),
        ("lab-call:3", f"{ARN}/lab-*:3", True),
        ("lab-call:4", f"{ARN}/lab-*:3", False),
        (f"{OTHER}/any:1", "*", True),
        ("any", "*", True),
        ("any", f"{ARN}/*", True),
        (f"{OTHER}/any", f"{ARN}/*", False),
    ],
)
def test_a_job_definition_is_known_by_each_of_its_names(definition: str, pattern: str, is_one: bool) -> None:
    assert matches_definition(definition, [f"{ARN}/no-such", pattern]) is is_one
