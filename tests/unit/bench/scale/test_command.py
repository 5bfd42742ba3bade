from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import pytest

from bench.scale.command import MEAN_SECONDS, main, scale
from bench.scale.outcome import POLICIES, simulate
from bench.scale.validation import Comparison, compare, measured_scenario, validate
from tests.unit.bench.scale.building import scenario

if TYPE_CHECKING:
    from pathlib import Path

CONDITIONS = {"samples": 20, "seed": 3, "mean_seconds": 2.0, "quotaPerSecond": 5.0, "jobs": 60}


def results(factor: float) -> dict[str, Any]:
    """What `compare` would have written if every measured figure were `factor` times the simulated one."""
    outcomes = [simulate(measured_scenario({"conditions": CONDITIONS}), policy) for policy in POLICIES]
    figures = {
        each.policy: {
            "makespan_seconds": each.makespan_seconds * factor,
            "backlog_rate_of_quota": each.backlog_rate_of_quota and each.backlog_rate_of_quota * factor,
            "backlog_seconds": each.backlog_seconds,
        }
        for each in outcomes
    }
    return {"conditions": CONDITIONS, "median": {**figures, "snakemake": {"makespan_seconds": 1.0}}}


def test_an_outcome_is_told_in_shares_of_floor_and_ideal() -> None:
    given = scenario(samples=30, quota=5, mean_seconds=2)
    outcome = simulate(given, "sluice")
    assert outcome.makespan_of_floor == pytest.approx(outcome.makespan_seconds / given.floor_seconds)
    assert outcome.makespan_of_ideal >= 1
    assert outcome.usd_per_thousand == outcome.usd_per_thousand_finished
    assert outcome.throttled == 0


def test_what_a_policy_costs_is_also_told_by_the_samples_that_it_finished() -> None:
    outcome = simulate(scenario(samples=10, quota=2), "sync")
    assert outcome.failed == 8
    assert outcome.usd_per_thousand_finished == pytest.approx(5 * outcome.usd_per_thousand)


def test_a_figure_agrees_within_a_tenth_of_what_was_measured() -> None:
    assert Comparison("sluice", "makespan_seconds", 100, 109.9).agrees
    assert Comparison("sluice", "makespan_seconds", 100, 90.1).agrees
    assert not Comparison("sluice", "makespan_seconds", 100, 111).agrees
    assert Comparison("sluice", "makespan_seconds", 100, 111).deviation == pytest.approx(0.11)


def test_every_policy_that_was_measured_is_compared() -> None:
    compared = validate(results(factor=1.0))
    assert {each.policy for each in compared} == set(POLICIES)
    assert all(each.deviation == pytest.approx(0) for each in compared)


@pytest.mark.parametrize(("rate", "seconds"), [(None, 0.0), (0.9, 0.9)])
def test_the_rate_of_a_backlog_that_was_none_or_too_short_is_not_compared(
    rate: float | None, seconds: float
) -> None:
    outcome = simulate(scenario(samples=200, quota=20), "sync-retry")
    assert outcome.backlog_rate_of_quota is not None
    figures = {"makespan_seconds": 1.0, "backlog_rate_of_quota": rate, "backlog_seconds": seconds}
    assert [each.figure for each in compare({"sync-retry": figures}, [outcome])] == ["makespan_seconds"]


@pytest.mark.parametrize(("factor", "status"), [(1.0, 0), (1.5, 1)])
def test_the_command_says_by_its_status_whether_sluices_model_holds(
    tmp_path: Path, factor: float, status: int
) -> None:
    (tmp_path / "results.json").write_text(json.dumps(results(factor)))
    assert scale([5], 10, seed=1, output=tmp_path) == status
    written = json.loads((tmp_path / "scale.json").read_text())
    assert {each["agrees"] for each in written["validation"]} == {status == 0}


def test_the_command_writes_every_size_and_policy(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--samples", "5,10", "--quota", "10", "--output", str(tmp_path)]
    assert main(arguments) == 0
    written = json.loads((tmp_path / "scale.json").read_text())
    pairs = [(each["samples"], each["policy"]) for each in written["outcomes"]]
    assert pairs == [(size, policy) for size in (5, 10) for policy in POLICIES]
    assert written["conditions"]["meanSeconds"] == MEAN_SECONDS
    assert written["validation"] == []
    assert "10 samples in virtual time" in capsys.readouterr().out


def test_an_outcome_can_be_written_as_json() -> None:
    assert json.loads(json.dumps(asdict(simulate(scenario(), "job-poller"))))["policy"] == "job-poller"


def test_sizes_that_are_no_numbers_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--samples", "many"])
    assert "give whole numbers with commas" in capsys.readouterr().err
