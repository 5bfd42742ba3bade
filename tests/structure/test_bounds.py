"""The template's bounds hold together, and are those of the settings."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from bench.cpu.figures import SHARE, memory_of, share_of_vcpu
from bench.cpu.measuring import KEPT
from sluice.pollers.hand import share
from sluice.runtime.settings import InvalidSettingError, read_settings
from sluice_local.packaging import read_template
from tests.unit.sluice.runtime.test_settings import GOOD

ROOT = Path(__file__).parents[2]
TEMPLATE = read_template((ROOT / "template.yaml").read_text())
PARAMETERS: dict[str, Any] = TEMPLATE["Parameters"]
RESOURCES: dict[str, Any] = TEMPLATE["Resources"]
VARIABLES: dict[str, Any] = TEMPLATE["Globals"]["Function"]["Environment"]["Variables"]
SETTINGS = {name: value["Ref"] for name, value in VARIABLES.items() if "Ref" in value}
NUMBERS = {name: key for name, key in SETTINGS.items() if PARAMETERS.get(key, {}).get("Type") == "Number"}

POLLS_OF_AN_ACTIVITY = 1000
DESCRIBES_PER_SECOND = 10
"""https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html, in most Regions"""
ADVISED_POLLS = 100
"""https://docs.aws.amazon.com/step-functions/latest/dg/bp-activity-pollers.html"""


def test_no_setting_of_the_pollers_opens_more_polls_than_an_activity_may_have() -> None:
    """Twice as many: the polls of functions that were killed stay open for a minute beside the new ones."""
    most = PARAMETERS["OpenPolls"]["MaxValue"]
    for pollers in range(1, PARAMETERS["PollerCount"]["MaxValue"] + 1):
        assert 2 * sum(share(most, pollers, slot) for slot in range(pollers)) <= POLLS_OF_AN_ACTIVITY


def test_as_many_polls_are_open_as_aws_advises() -> None:
    pollers = PARAMETERS["PollerCount"]["Default"]
    polls = PARAMETERS["OpenPolls"]["Default"]
    assert sum(share(polls, pollers, slot) for slot in range(pollers)) >= ADVISED_POLLS


def test_ensure_pollers_can_always_describe_its_pollers() -> None:
    function = RESOURCES["EnsurePollersFunction"]["Properties"]
    wake_ups = function["Events"]["WakeUps"]["Properties"]
    assert "ScalingConfig" not in wake_ups
    at_once = 5  # https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
    runs_per_second = at_once / wake_ups["MaximumBatchingWindowInSeconds"]
    looks = PARAMETERS["PollerCount"]["MaxValue"] * runs_per_second
    assert looks + float(VARIABLES["DESCRIBE_RATE_PER_SECOND"]) <= DESCRIBES_PER_SECOND


@pytest.mark.parametrize("variable", sorted(NUMBERS))
def test_the_settings_take_all_that_the_template_allows(variable: str) -> None:
    parameter = PARAMETERS[NUMBERS[variable]]
    for bound in ("MinValue", "MaxValue", "Default"):
        if bound in parameter:
            read_settings({**GOOD, variable: str(parameter[bound])})


@pytest.mark.parametrize("variable", ["POLLER_COUNT", "OPEN_POLLS", "POLLER_THREADS"])
def test_the_settings_refuse_what_the_template_does_not_allow_of_pollers(variable: str) -> None:
    most = PARAMETERS[NUMBERS[variable]]["MaxValue"]
    with pytest.raises(InvalidSettingError, match=f"{variable} is .* a number from 1 to {most}"):
        read_settings({**GOOD, variable: str(most + 1)})


def test_a_poller_has_a_connection_for_each_of_its_threads() -> None:
    clients = (ROOT / "functions/sluice/aws/clients.py").read_text()
    found = re.search(r"^CONNECTIONS: Final = (\d+)$", clients, flags=re.MULTILINE)
    assert found
    assert int(found[1]) >= PARAMETERS["OpenPolls"]["MaxValue"] + PARAMETERS["PollerThreads"]["MaxValue"]


FIGURES = json.loads(KEPT.read_text())


@pytest.mark.parametrize("function", sorted(FIGURES["cpu_ms"]))
def test_fifty_tasks_a_second_leave_a_function_two_fifths_of_its_cpu(function: str) -> None:
    """The figures are those of the last `python -m bench cpu --keep`."""
    memory_mb = memory_of(TEMPLATE, function)
    assert share_of_vcpu(FIGURES["cpu_ms"][function], memory_mb) <= SHARE
