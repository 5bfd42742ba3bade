"""Reads the JSON that tasks come with: what they ask for, and what they ended with."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def _objects(value: Any) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def other_ids(job: Mapping[str, Any]) -> tuple[str, ...]:
    """The jobs of other tasks that a job depends on."""
    return tuple(str(each["jobId"]) for each in _objects(job.get("dependsOn")) if "jobId" in each)


def json_object(text: Any) -> Mapping[str, Any]:
    """The object that a text holds; an empty one if it holds none."""
    try:
        value = json.loads(text or "{}")
    except (TypeError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def asked_jobs(asked: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The jobs that a task asks for: those of `jobs`, or the one that it is itself."""
    return _objects(asked.get("jobs")) or _objects([asked])


def job_name(job: Mapping[str, Any]) -> str | None:
    """The name under which a job was asked for."""
    name = job.get("jobName") or job.get("JobName")
    return name if isinstance(name, str) else None


def request_of(job: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a job asks of Batch, less its name and its dependencies."""
    return {field: value for field, value in job.items() if field not in {"jobName", "dependsOn"}}


def told_job_ids(told: Mapping[str, Any]) -> frozenset[str]:
    """The jobs that an output or a cause names."""
    jobs = told.get("jobs")
    named = [told, *(jobs.values() if isinstance(jobs, dict) else ())]
    ids = (each.get("jobId") or each.get("JobId") for each in named if isinstance(each, dict))
    return frozenset(each for each in ids if isinstance(each, str))
