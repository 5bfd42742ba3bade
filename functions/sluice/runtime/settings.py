"""The environment of the functions, read and checked once; template.yaml sets it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping


# as CloudFormation writes its Number parameters; float() alone would take 1_0 and any script's digits too
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]{1,3})?")


SHOWN: Final = 80
"""Characters of a wrong value that are shown."""


class InvalidSettingError(ValueError):
    """Raised when an environment variable is missing or out of its bounds."""


@dataclass(frozen=True)
class Settings:
    """What the functions are told by template.yaml."""

    task_table: str
    rate_table: str
    stack_name: str
    activity_arn: str
    poller_arn: str
    job_ended_rule: str
    job_definition_arns: tuple[str, ...]
    job_definition_bounds: str
    workflow_arns: tuple[str, ...]
    submit_rate_per_second: float
    submit_burst: int
    other_rate_per_second: float
    poller_count: int
    open_polls: int
    poller_threads: int
    max_open_tasks: int
    round_seconds: int
    max_empty_rounds: int
    always_on: bool
    heartbeat_seconds: int
    heartbeat_rate_per_second: float
    reconciler_threads: int
    takeover_seconds: int
    overdue_seconds: int
    keep_days: int
    cohort_table: str
    start_rate_per_second: float
    describe_rate_per_second: float
    cohort_look_seconds: int


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Reads the settings of a function.

    Raises:
        InvalidSettingError: names the variable, what it holds and what is allowed.
    """
    return Settings(
        task_table=_text(environment, "TASK_TABLE"),
        rate_table=_text(environment, "RATE_TABLE"),
        stack_name=_text(environment, "STACK_NAME"),
        activity_arn=_text(environment, "ACTIVITY_ARN"),
        poller_arn=_text(environment, "POLLER_ARN"),
        job_ended_rule=_text(environment, "JOB_ENDED_RULE"),
        job_definition_arns=_texts(environment, "JOB_DEFINITION_ARNS"),
        job_definition_bounds=_text(environment, "JOB_DEFINITION_BOUNDS"),
        workflow_arns=_texts(environment, "WORKFLOW_ARNS"),
        submit_rate_per_second=_number(environment, "SUBMIT_RATE_PER_SECOND", 0.1, 1000),
        submit_burst=_whole(environment, "SUBMIT_BURST", 1, 1000),
        other_rate_per_second=_number(environment, "OTHER_RATE_PER_SECOND", 0.1, 1000),
        poller_count=_whole(environment, "POLLER_COUNT", 1, 5),
        open_polls=_whole(environment, "OPEN_POLLS", 1, 500),
        poller_threads=_whole(environment, "POLLER_THREADS", 1, 200),
        max_open_tasks=_whole(environment, "MAX_OPEN_TASKS", 1, 1_000_000),
        round_seconds=_whole(environment, "ROUND_SECONDS", 1, 780),
        max_empty_rounds=_whole(environment, "MAX_EMPTY_ROUNDS", 1, 1000),
        always_on=_flag(environment, "ALWAYS_ON"),
        heartbeat_seconds=_whole(environment, "HEARTBEAT_SECONDS", 1, 86_400),
        heartbeat_rate_per_second=_number(environment, "HEARTBEAT_RATE_PER_SECOND", 0.1, 1000),
        reconciler_threads=_whole(environment, "RECONCILER_THREADS", 1, 200),
        takeover_seconds=_whole(environment, "TAKEOVER_SECONDS", 1, 86_400),
        overdue_seconds=_whole(environment, "OVERDUE_SECONDS", 1, 31_536_000),
        keep_days=_whole(environment, "KEEP_DAYS", 1, 3650),
        cohort_table=_text(environment, "COHORT_TABLE"),
        start_rate_per_second=_number(environment, "START_RATE_PER_SECOND", 1, 10_000),
        describe_rate_per_second=_number(environment, "DESCRIBE_RATE_PER_SECOND", 0.1, 1000),
        cohort_look_seconds=_whole(environment, "COHORT_LOOK_SECONDS", 1, 86_400),
    )


def _text(environment: Mapping[str, str], name: str) -> str:
    value = environment.get(name, "")
    if not value:
        raise InvalidSettingError(f"environment variable {name} is not set; template.yaml sets it")
    return value


def _texts(environment: Mapping[str, str], name: str) -> tuple[str, ...]:
    return tuple(each.strip() for each in _text(environment, name).split(","))


def _number(environment: Mapping[str, str], name: str, least: float, most: float) -> float:
    text = _text(environment, name)
    if not _NUMBER.fullmatch(text) or not least <= float(text) <= most:
        raise InvalidSettingError(f"{name} is {_shown(text)}; a number from {least} to {most} is needed")
    return float(text)


def _whole(environment: Mapping[str, str], name: str, least: int, most: int) -> int:
    value = _number(environment, name, least, most)
    if not value.is_integer():
        raise InvalidSettingError(f"{name} is {value}; a whole number from {least} to {most} is needed")
    return int(value)


def _flag(environment: Mapping[str, str], name: str) -> bool:
    text = _text(environment, name)
    if text not in ("true", "false"):
        raise InvalidSettingError(f"{name} is {_shown(text)}; it must be 'true' or 'false'")
    return text == "true"


def _shown(text: str) -> str:
    return json.dumps(text[:SHOWN])
