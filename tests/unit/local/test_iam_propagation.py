"""Policies as they were some seconds ago."""

from sluice_local.engine.iam.propagation import PastPolicies


def test_a_change_is_in_force_after_the_delay_and_not_before() -> None:
    now = [0.0]
    past = PastPolicies(5, lambda: now[0])
    past.note({"poller": ["old"]})
    assert past.in_force("poller") == []  # as new as the role
    now[0] = 5.0
    past.note({"poller": ["new"]})
    assert past.in_force("poller") == ["old"]
    now[0] = 9.9
    past.note({"poller": ["new"], "cohort": ["x"]})
    assert (past.in_force("poller"), past.in_force("cohort")) == (["old"], [])
    now[0] = 10.0
    assert past.in_force("poller") == ["new"]
    now[0] = 14.9
    assert past.in_force("cohort") == ["x"]


def test_what_is_no_longer_needed_is_forgotten() -> None:
    now = [0.0]
    past = PastPolicies(1, lambda: now[0])
    for second in range(100):
        now[0] = float(second)
        past.note({"poller": [second]})
    assert len(past._looks) == 2
    assert past.in_force("poller") == [98]
