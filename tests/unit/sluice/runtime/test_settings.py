from __future__ import annotations

import pytest

from sluice.runtime.settings import InvalidSettingError, read_settings

GOOD = {
    "TASK_TABLE": "tasks",
    "JOB_ENDED_RULE": "ended",
    "JOB_DEFINITION_ARNS": "arn:definition,arn:another",
    "JOB_DEFINITION_BOUNDS": "bounds",
    "WORKFLOW_ARNS": "arn:workflow",
    "RATE_TABLE": "rates",
    "STACK_NAME": "sluice",
    "ACTIVITY_ARN": "arn:activity",
    "POLLER_ARN": "arn:poller",
    "SUBMIT_RATE_PER_SECOND": "49",
    "SUBMIT_BURST": "10",
    "OTHER_RATE_PER_SECOND": "10",
    "POLLER_COUNT": "1",
    "OPEN_POLLS": "100",
    "POLLER_THREADS": "32",
    "MAX_OPEN_TASKS": "75000",
    "ROUND_SECONDS": "600",
    "MAX_EMPTY_ROUNDS": "3",
    "ALWAYS_ON": "false",
    "HEARTBEAT_SECONDS": "300",
    "HEARTBEAT_RATE_PER_SECOND": "250",
    "RECONCILER_THREADS": "16",
    "TAKEOVER_SECONDS": "300",
    "OVERDUE_SECONDS": "3600",
    "KEEP_DAYS": "14",
    "COHORT_TABLE": "cohorts",
    "START_RATE_PER_SECOND": "100",
    "DESCRIBE_RATE_PER_SECOND": "5",
    "COHORT_LOOK_SECONDS": "900",
}


def test_settings_are_read_from_the_environment() -> None:
    settings = read_settings(GOOD)
    assert (settings.submit_rate_per_second, settings.poller_threads, settings.always_on) == (49, 32, False)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("TASK_TABLE", "", "TASK_TABLE is not set"),
        ("SUBMIT_RATE_PER_SECOND", "fast", 'SUBMIT_RATE_PER_SECOND is "fast"; a number from 0.1 to 1000'),
        ("SUBMIT_RATE_PER_SECOND", "0", 'SUBMIT_RATE_PER_SECOND is "0"'),
        ("POLLER_THREADS", "1e9", "a number from 1 to 200"),
        ("POLLER_COUNT", "6", "a number from 1 to 5"),
        ("OPEN_POLLS", "501", "a number from 1 to 500"),
        ("ROUND_SECONDS", "nan", 'ROUND_SECONDS is "nan"'),
        ("ALWAYS_ON", "yes", "must be 'true' or 'false'"),
    ],
)
def test_a_wrong_setting_is_named_with_what_is_allowed(name: str, value: str, said: str) -> None:
    with pytest.raises(InvalidSettingError, match=said):
        read_settings({**GOOD, name: value})
