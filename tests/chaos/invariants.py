"""What must hold after every round, whatever went wrong in it; pure."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from tests.chaos.cohort import Program
from tests.chaos.observation import FORGOTTEN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tests.chaos.cohort import PlannedJob, PlannedState, Run
    from tests.chaos.observation import Observation, SeenJob, SeenPoller

TRANSIT_SECONDS: Final = 0.5
"""By so much the way of one SubmitJob call from its slot to Batch may be longer than that of another."""

ENDS: Final[Mapping[Program | None, str]] = {
    Program.BRIEF: "SUCCEEDED",
    Program.STEADY: "SUCCEEDED",
    Program.FAILING: "FAILED",
}
"""How a program ends by itself; the long one never does."""

ABORTED: Final[tuple[str, str | None]] = ("ABORTED", None)

HANDOVER_SECONDS: Final = 3.0
"""A link of the chain may be so late in ending after it has started the next one."""

BY_SLUICE: Final = "Sluice: "
"""How the reason of a job begins that Sluice terminated."""

ERRORS: Final = (
    ("Job.Unschedulable", re.compile("MISCONFIGURATION:")),
    ("Job.DependencyFailed", re.compile("Dependent Job failed")),
    ("Job.SpotInterruption", re.compile("Host EC2 .* terminated")),
    ("Job.ImagePull", re.compile("CannotPullContainerError")),
    ("Job.NotStarted", re.compile("CannotStartContainerError")),
)
"""How the contract names what Batch says; what matches nothing is Job.Terminated or Job.Failed."""


@dataclass(frozen=True)
class Broken:
    """An invariant that did not hold, and what was seen."""

    invariant: str
    seen: str


def check(seen: Observation, *, costs_tokens: bool) -> list[Broken]:
    """Checks every invariant.

    Args:
        seen: the round.
        costs_tokens: whether a state may rightly have been tried more than once.
    """
    found = [Broken(name, line) for name, rule in INVARIANTS.items() for line in rule(seen)]
    if not costs_tokens:
        found += [Broken(NO_NEEDLESS_TRY, line) for line in no_needless_try(seen)]
    return found


def ended_as_its_jobs(seen: Observation) -> Iterator[str]:
    """Every workflow ended, with the status and error that its jobs give it."""
    for run in seen.runs:
        execution = seen.executions.get(run.name)
        got = (execution.status, execution.error) if execution else ("not there", None)
        stopped = execution is not None and execution.stopped
        allowed = [ABORTED] if stopped else _endings(seen, run)
        if got not in allowed:
            yield f"{run.name} is {got}, its jobs say {allowed}: {_jobs_of(seen, run)}"


def jobs_did_their_work(seen: Observation) -> Iterator[str]:
    """A job ends as its program does, unless Batch says what else ended it."""
    programs = {
        (run.name, state.name, job.name): job.program
        for run in seen.runs
        for state in run.workflow.states
        for job in state.jobs
    }
    for job in seen.jobs:
        program = programs.get((job.workflow, job.state, job.name))
        if job.ended and not _disturbed(job) and job.status != ENDS.get(program):
            yield f"{_shown(job)}, but its program is {program}"


def ran_once(seen: Observation) -> Iterator[str]:
    """A job of a task is one Batch job, and ran once."""
    by_name: defaultdict[tuple[str, str], list[SeenJob]] = defaultdict(list)
    for job in seen.jobs:
        by_name[job.task_id, job.name].append(job)
        if job.attempts > 1 or any(child.attempts > 1 for child in job.children):
            attempts = [each.attempts for each in (job, *job.children)]
            yield f"{_shown(job)} ran more than once: {attempts} attempts"
    for jobs in by_name.values():
        if len(jobs) > 1:
            yield f"submitted {len(jobs)} times: {', '.join(map(_shown, jobs))}"


def ran_at_all(seen: Observation) -> Iterator[str]:
    """The last try of each state that its workflow reached has all of its jobs, an array all of its own."""
    for run in seen.runs:
        stopped = (execution := seen.executions.get(run.name)) and execution.stopped
        for state in run.workflow.states:
            jobs = seen.last_try(run.name, state.name)
            if jobs and not stopped and not _failed_fast(state, jobs):
                yield from _missing(run, state, jobs)


def none_runs_for_nothing(seen: Observation) -> Iterator[str]:
    """No job runs or waits for a workflow that has ended."""
    for job in seen.jobs:
        execution = seen.executions.get(job.workflow)
        if not job.ended and (execution is None or execution.status != "RUNNING"):
            yield f"{_shown(job)}, but its workflow is {execution.status if execution else 'not there'}"


def nothing_stays_open(seen: Observation) -> Iterator[str]:
    """No task item stays open."""
    for name in seen.open_items:
        yield f"a task of {name} is open"


def rate_is_kept(seen: Observation) -> Iterator[str]:
    """In no interval more jobs came to Batch than rate * seconds + burst; a shared array's came as one."""
    came = {job.job_id.partition(":")[0]: job.created_s for job in seen.jobs}
    times = sorted(came.values())
    for first, begin in enumerate(times):
        for last in range(first, len(times)):
            seconds = times[last] - begin + TRANSIT_SECONDS
            if last - first + 1 > seen.rate_per_second * seconds + seen.burst:
                yield f"{last - first + 1} jobs came within {times[last] - begin:.2f} s"
                return


def secret_is_kept(seen: Observation) -> Iterator[str]:
    """No task token, nor its beginning, stands in a log."""
    for line in seen.leaks:
        yield f"a token is in: {line}"


def queues_are_empty(seen: Observation) -> Iterator[str]:
    """No message waits, and none was given up."""
    for queue, messages in seen.messages.items():
        if messages:
            yield f"{messages} messages lie in {queue}"


def one_poller_a_slot(seen: Observation) -> Iterator[str]:
    """Of the links of a slot's chain never two are at work together."""
    chains: defaultdict[str, list[SeenPoller]] = defaultdict(list)
    for poller in sorted(seen.pollers, key=lambda each: each.started_s):
        chains[poller.name.rpartition("-")[0]].append(poller)
    for chain in chains.values():
        for earlier, later in pairwise(chain):
            end_s = seen.seen_s if earlier.stopped_s is None else earlier.stopped_s
            if later.started_s < end_s - HANDOVER_SECONDS:
                yield f"{later.name} and {earlier.name} ran together for {end_s - later.started_s:.1f} s"


def no_needless_try(seen: Observation) -> Iterator[str]:
    """No state is tried again unless a token was lost or a job met what its Retry is for."""
    for (run, state), tries in seen.tries.items():
        if tries > 1:
            yield f"{run} tried {state} {tries} times"


INVARIANTS: Final[Mapping[str, Callable[[Observation], Iterator[str]]]] = {
    "every workflow ended as its jobs did": ended_as_its_jobs,
    "every job ended as its program did": jobs_did_their_work,
    "no job ran twice": ran_once,
    "every job ran that should": ran_at_all,
    "no job runs for a workflow that has ended": none_runs_for_nothing,
    "no task stays open": nothing_stays_open,
    "the rate was never exceeded": rate_is_kept,
    "no task token in a log": secret_is_kept,
    "no message is left": queues_are_empty,
    "one poller a slot": one_poller_a_slot,
}

NO_NEEDLESS_TRY: Final = "no state was tried again without need"

NAMES: Final = (*INVARIANTS, NO_NEEDLESS_TRY)
"""All invariants, by name."""


def _endings(seen: Observation, run: Run) -> list[tuple[str, str | None]]:
    """How the workflow may have ended, to go by the last try of each state."""
    for state in run.workflow.states:
        jobs = seen.last_try(run.name, state.name)
        if not jobs:
            return []
        if errors := _errors(jobs):
            return [("FAILED", error) for error in errors]
        if any(job.status != "SUCCEEDED" for job in jobs):
            return []
    return [("SUCCEEDED", None)]


def _errors(jobs: list[SeenJob]) -> list[str]:
    """The errors of the jobs that failed by themselves; of more than one, any may come first."""
    names = {_named(job) for job in jobs if not job.reason.startswith(BY_SLUICE)} - {None}
    roots = names - {"Job.DependencyFailed"} or names
    return sorted(name for name in roots if name is not None)


def _named(job: SeenJob) -> str | None:
    if job.status == FORGOTTEN:
        return "Job.Failed"
    if job.status != "FAILED":
        return None
    by_reason = next((name for name, pattern in ERRORS if pattern.search(job.reason)), None)
    return by_reason or ("Job.Terminated" if job.by_hand else "Job.Failed")


def _disturbed(job: SeenJob) -> bool:
    """True when Batch says that something else than the job's program, or a child's, ended it."""
    by_itself = job.status != FORGOTTEN and not job.by_hand and _named(job) in {"Job.Failed", None}
    return not by_itself or any(map(_disturbed, job.children))


def _failed_fast(state: PlannedState, jobs: list[SeenJob]) -> bool:
    """A task that fails with its first failed job may end before its other jobs were submitted."""
    return state.fail_fast and any(job.status == "FAILED" for job in jobs)


def _missing(run: Run, state: PlannedState, jobs: list[SeenJob]) -> Iterator[str]:
    by_name = {job.name: job for job in jobs}
    for planned in state.jobs:
        job = by_name.get(planned.name)
        if job is None:
            yield f"{run.name} {state.name}: {planned.name} was never submitted"
        elif len(job.children) != (planned.size or 0):
            yield f"{run.name} {state.name}: {planned.name} has {len(job.children)} children"
        elif not _ran(job, planned):
            yield f"{_shown(job)}, but it never ran"


def _ran(job: SeenJob, planned: PlannedJob) -> bool:
    """True when the job's program was started as often as it should have been, for all one can say."""
    if job.status != "SUCCEEDED":
        return True
    if planned.size is None:
        return job.attempts == 1
    return all((child.status, child.attempts) == ("SUCCEEDED", 1) for child in job.children)


def _jobs_of(seen: Observation, run: Run) -> str:
    return ", ".join(_shown(job) for job in seen.jobs if job.workflow == run.name) or "it has none"


def _shown(job: SeenJob) -> str:
    reason = f" ({job.reason})" if job.reason else ""
    return f"{job.workflow} {job.state} {job.name} of {job.task_id}: {job.status}{reason}"
