"""What an idle stack costs, counted from the template, and as the pages quote it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sluice.aws.tables.task_items import OPEN, UNSETTLED, partitions_of
from sluice_cli.errors import WrongUsageError
from sluice_cli.plan.idle import EMPTY_MINUTES, LEAN, RUN_READ_UNITS, idle_costs, stray_poller
from sluice_cli.plan.template import Deployment, read_template
from sluice_local.packaging import read_template as sams_reading

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "template.yaml").read_text()
TEMPLATE = read_template(TEXT)


def usd(**given: str) -> dict[str, float]:
    return {each.what: each.usd for each in idle_costs(Deployment(TEMPLATE, given))}


def test_everything_on_costs_at_most_two_dollars_and_a_half_and_lean_one() -> None:
    assert sum(usd().values()) <= 2.50
    assert sum(usd(**LEAN).values()) <= 1.00


@pytest.mark.parametrize("page", ["README.md", "docs/deploying.md"])
def test_the_pages_say_so(page: str) -> None:
    said = re.findall(r"\$(\d+\.\d\d) a month[^.]*?\$(\d+\.\d\d) in a lean", (ROOT / page).read_text())
    assert said == [(f"{sum(usd().values()):.2f}", f"{sum(usd(**LEAN).values()):.2f}")]


def test_the_template_is_read_as_the_sam_cli_reads_it() -> None:
    sams = sams_reading(TEXT)
    for section in ("Parameters", "Conditions", "Globals"):
        assert sams[section] == TEMPLATE[section]
    assert sams["Resources"].keys() == TEMPLATE["Resources"].keys()


def test_each_metric_of_an_alarm_and_each_poll_is_counted() -> None:
    assert usd()["alarms"] == pytest.approx(0.10 * len(re.findall(r"MetricName: ", TEXT)))
    assert usd()["empty polls of SQS"] == pytest.approx((5 + 2 + 2 + 2) * 3 * 60 * 730 * 0.4e-6)
    assert usd(Alarms="false")["alarms"] == 0


def test_a_dashboard_and_pollers_that_are_always_on_show() -> None:
    body = "\n  Board:\n    Type: AWS::CloudWatch::Dashboard\nOutputs:"
    with_dashboard = read_template(TEXT.replace("\nOutputs:", body, 1))
    (found,) = (each for each in idle_costs(Deployment(with_dashboard, {})) if each.what == "dashboards")
    assert found.usd == 3
    assert usd(AlwaysOn="true", PollerCount="2")["pollers"] > 100


def test_pollers_that_strangers_keep_awake_cost_as_much_as_those_that_are_always_on() -> None:
    stray = stray_poller(Deployment(TEMPLATE, {}))
    assert stray is not None
    assert stray.usd == usd(AlwaysOn="true")["pollers"]
    assert TEMPLATE["Parameters"]["MaxEmptyRounds"]["Default"] == EMPTY_MINUTES
    for given in ({"ServedWorkflowArns": "arn:aws:states:x"}, {"AlwaysOn": "true"}):
        assert stray_poller(Deployment(TEMPLATE, given)) is None


def test_a_probe_costs_a_small_functions_minute() -> None:
    hourly, daily = (usd(ProbeMinutes=minutes)["probes"] for minutes in ("60", "1440"))
    assert hourly == pytest.approx(24 * daily)
    assert hourly == pytest.approx(730 * (60.5 * 0.25 * 1.33334e-5 + 0.2e-6 + 4 * 2.5e-5 + 2 * 0.625e-6))


def test_the_reconcilers_empty_queries_are_as_many_as_its_partitions() -> None:
    queries = len([*partitions_of(OPEN), *partitions_of(UNSETTLED)])
    assert RUN_READ_UNITS["reconcile_tasks"] == queries / 2


def test_an_unknown_parameter_and_another_file_are_told_of() -> None:
    with pytest.raises(WrongUsageError, match="ProbeMinute is not a parameter of it"):
        usd(ProbeMinute="5")
    with pytest.raises(WrongUsageError, match="ProbeMinutes is 'often': not a number"):
        usd(ProbeMinutes="often")
    with pytest.raises(WrongUsageError, match="ProbeMinutes is 0; it must be 2 to 1440"):
        usd(ProbeMinutes="0")
    with pytest.raises(WrongUsageError, match="Alarms is 'no'; it must be one of true, false"):
        usd(Alarms="no")
    others = TEXT.replace("  ProbeActivityFunction:", "  Other:")
    for text in ("[", "a: 1", "- x", "Resources: {}", others, TEXT.replace("Globals:", "Metadata:")):
        with pytest.raises(WrongUsageError, match="the template"):
            read_template(text)
