"""What a chaos run tells a person and writes down."""

from __future__ import annotations

from tests.chaos.invariants import NAMES, Broken
from tests.chaos.results import AT_REST, Command, Played, document, shown, summary, verdict
from tests.chaos.scenarios import Scenario, alone, together

COMMAND = Command(seed=7)


def played(scenario: Scenario, *broken: Broken, **injections: int) -> Played:
    return Played(scenario, injections, broken, 4.2, ())


GOOD = played(alone("submit-fails"), server_error=3)
BAD = played(
    together("both", "submit-fails", "job-stuck", pollers=2),
    Broken(NAMES[0], "it is RUNNING"),
    server_error=1,
)


def test_the_result_counts_faults_and_broken_invariants() -> None:
    result = document(COMMAND, {1: GOOD, 2: BAD}, {"python": "3"})
    assert (result["rounds"], result["seed"], result["faults"]) == (2, 7, {"server_error": 4})
    assert result["invariants"] == {**dict.fromkeys((*NAMES, AT_REST), 0), NAMES[0]: 1}
    (broken,) = result["broken"]
    assert (broken["round"], broken["pollers"]) == (2, 2)
    assert broken["troubles"] == ["submit-fails", "job-stuck"]
    assert broken["repeat"] == "python -m tests.chaos --seed 7 --round 2"


def test_a_broken_round_says_what_broke_under_which_faults_and_how_to_have_it_again() -> None:
    text = "\n".join(verdict(COMMAND, 2, BAD))
    assert "it is RUNNING" in text
    assert '"kind": "server_error"' in text
    assert "--seed 7 --round 2" in text
    assert "every invariant holds" in "\n".join(verdict(COMMAND, 1, GOOD))


def test_a_run_ends_with_its_sums() -> None:
    lines = summary(document(COMMAND, {1: GOOD, 2: BAD}, {}))
    assert lines[0] == "2 rounds, seed 7: 1 kinds of fault injected"
    assert lines[-2:] == [f"1 of {len(NAMES) + 1} invariants broken", f"  {NAMES[0]}: 1 times"]


def test_a_scenario_is_shown_in_a_line() -> None:
    assert shown(alone("quiet")) == "1 poller; nothing"
    assert shown(BAD.scenario) == "2 pollers; submit-fails, job-stuck"
