"""Which job definitions tasks may use is what the deployment said, or the parameter says as of now."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sluice.aws.bounds.asked import AGAIN_SECONDS
from sluice.aws.bounds.definitions import ParameterDefinitions
from tests.support.fakes import FakeClock

ARN = "arn:aws:batch:eu-west-1:111122223333:job-definition"
OWN, MORE = f"{ARN}/sluice-align", f"{ARN}/lab-*"


@dataclass
class Parameters:
    """Systems Manager with one parameter."""

    value: str
    error: str = ""
    reads: list[str] = field(default_factory=list)

    def get_parameter(self, Name: str) -> dict[str, Any]:  # noqa: N803 - AWS's name
        self.reads.append(Name)
        if self.error:
            raise ClientError({"Error": {"Code": self.error, "Message": "no"}}, "GetParameter")
        return {"Parameter": {"Value": self.value}}


def definitions_of(parameters: Parameters, clock: FakeClock | None = None) -> ParameterDefinitions:
    return ParameterDefinitions(
        clock or FakeClock(), client=lambda: parameters, parameter="bounds", deployed=(OWN,)
    )


def test_what_the_deployment_said_costs_no_call() -> None:
    parameters = Parameters(OWN)
    definitions = definitions_of(parameters)
    assert [definitions.instead_of(name) for name in ("sluice-align", f"{OWN}:7")] == [(), ()]
    assert parameters.reads == []


def test_another_is_refused_with_those_that_may_be_used() -> None:
    parameters = Parameters(f"{OWN},{MORE}")
    assert definitions_of(parameters).instead_of("theirs:1") == (OWN, MORE)
    assert parameters.reads == ["bounds"]


def test_one_that_a_deployment_added_is_found_by_a_poller_that_is_older() -> None:
    parameters, clock = Parameters(OWN), FakeClock()
    definitions = definitions_of(parameters, clock)
    assert definitions.instead_of("lab-call:1") == (OWN,)
    parameters.value = f"{OWN},{MORE}"
    clock.sleep(AGAIN_SECONDS)
    assert definitions.instead_of("lab-call:1") == ()


def test_many_wrong_jobs_at_once_ask_once() -> None:
    parameters = Parameters(OWN)
    definitions = definitions_of(parameters)
    assert [definitions.instead_of("theirs") for _ in range(5)] == [(OWN,)] * 5
    assert len(parameters.reads) == 1


@pytest.mark.parametrize("code", ["AccessDeniedException", "ParameterNotFound"])
def test_nothing_is_refused_while_nobody_can_say(code: str) -> None:
    assert definitions_of(Parameters(OWN, code)).instead_of("theirs") == ()
