"""What an execution that runs is at, in plain words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from sluice_cli.explain.steps import pair
from sluice_cli.terminal.durations import span

if TYPE_CHECKING:
    from sluice.tasks.model import TaskRecord, Trouble
    from sluice_cli.explain.history import History, Try
    from sluice_cli.explain.known import Known

STATES_SHOWN: Final = 3
"""States at work that are told of, where branches or iterations run side by side."""

_OF_BOTOCORE: Final = re.compile(r"^An error occurred \(\w+\) when calling the \w+ operation(?: \(.*?\))?: ")


def plain_answer(text: str) -> str:
    """What AWS answered, without what botocore says of any refused call."""
    return _OF_BOTOCORE.sub("", text)


def doing(history: History, known: Known, now_ms: int) -> str:
    """Says what the states wait for that are under way, and those of executions inside of this one."""
    tasks = {attempt.event_id: task for attempt, task in pair(history.tries, known.tasks)}
    at_work = [each for each in history.tries if each.ended_ms is None]
    told = [_waits_for(each, tasks[each.event_id], known, now_ms) for each in at_work]
    for nested in history.nested:
        running = (each for each in known.nested.get(nested.arn, ()) if each.execution.status == "RUNNING")
        told += [
            f"in execution {each.execution.name} of state {nested.place}, {each.says}" for each in running
        ]
    more = f"; and {len(told) - STATES_SHOWN} more" if len(told) > STATES_SHOWN else ""
    return "; ".join(told[:STATES_SHOWN]) + more or "no state waits for jobs of Sluice"


def _waits_for(attempt: Try, task: TaskRecord | None, known: Known, now_ms: int) -> str:
    if attempt.started_ms is None:
        return f"state {attempt.place} waits for a poller"
    if task is None:
        return f"a poller has taken the task of state {attempt.place} and submitted nothing yet"
    if task.trouble is not None:
        return f"in state {attempt.place}, {failing(task.trouble, now_ms)}"
    at_work = [job for job in task.jobs.values() if not job.ended]
    words = [
        f"job {job.name} is {known.present.get(job.job_id or '', 'about to be submitted')}" for job in at_work
    ]
    return f"in state {attempt.place}, " + (", ".join(words) or "all jobs have ended")


def failing(trouble: Trouble, now_ms: int) -> str:
    """Says that a job cannot be submitted, how often that was tried, and with which answer at last."""
    answer = plain_answer(trouble.answer).rstrip(".")
    often = "once" if trouble.failures == 1 else f"{trouble.failures} times"
    since = span((now_ms - trouble.since) / 1000)
    return f"SubmitJob failed {often} in {since} for job {trouble.job_name}, most recently with: {answer}"
