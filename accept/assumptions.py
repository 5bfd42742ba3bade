"""What Sluice assumes of AWS: each assumption with the probe that tries it and how its facts are judged."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from accept.probes import cohorts, events, jobs, services
from accept.scene import Facts, Scene

Probe = Callable[[Scene], Facts]
PERMISSION_SECONDS: Final = 120
"""For so long a denial is waited out: see docs/design.md."""
AT_ONCE: Final = 100
A_SECOND: Final = 20
"""Fargate's launches. https://docs.aws.amazon.com/AmazonECS/latest/developerguide/throttling.html"""
SPREAD_SECONDS: Final = 60
MINUTE_SECONDS: Final = 60
STOPPED: Final = "Sluice: its workflow does not wait for it any more"
"""The reason that Sluice gives for a job whose workflow was stopped."""


def in_words(facts: Facts) -> str:
    """Make `exit code 3, attempts 1` of exitCode and attempts; what is not there is left out."""
    words = {re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name).lower(): fact for name, fact in facts.items()}
    told = {name: fact for name, fact in words.items() if fact not in (None, [], {})}
    return ", ".join(f"{name} {fact}" for name, fact in told.items()) or "nothing"


@dataclass(frozen=True)
class Assumption:
    """A row of the table.

    Attributes:
        name: by which docs/design.md names it.
        assumes: what Sluice assumes, in words.
        local: what Local AWS does.
        probe: what is tried; None where no run of minutes can.
        said: makes words of the probe's facts.
        holds: whether the facts are as assumed; None if they say nothing about it.
    """

    name: str
    assumes: str
    local: str
    probe: Probe | None
    said: Callable[[Facts], str] = in_words
    holds: Callable[[Facts], bool | None] = lambda _: None


def _error(name: str) -> Callable[[Facts], bool]:
    return lambda facts: facts.get("error") == name


def _answers(facts: Facts) -> str:
    counts: Mapping[str, Any] = facts["answers"]
    listed = ", ".join(f"{count} of {answer}" for answer, count in counts.items())
    return f"{facts['calls']} calls in {facts['seconds']} s: {listed}"


def _throttles(facts: Facts) -> bool | None:
    """429 by its name; None if the calls came too slowly to exceed the quota."""
    if any(answer == "TooManyRequestsException 429" for answer in facts["answers"]):
        return True
    return None if facts["calls"] / facts["seconds"] < 100 else False


def _permissions(facts: Facts) -> bool | None:
    if not facts["isEnforced"]:
        return None
    return bool(max(facts["permissionSeconds"], facts["newRoleSeconds"]) < PERMISSION_SECONDS)


def _launches(facts: Facts) -> bool | None:
    """Fargate's rate, and not twice as fast; None if so few tasks are all started at once.

    Containers differ by SPREAD_SECONDS in the time that they take to start.
    """
    if facts["tasks"] <= AT_ONCE:
        return None
    at_the_rate = (facts["tasks"] - AT_ONCE) / A_SECOND
    return bool(at_the_rate / 2 <= facts["secondsFromFirstToLast"] <= at_the_rate + SPREAD_SECONDS)


def _empty_poll(facts: Facts) -> bool | None:
    """A minute; None of a Local AWS that was told to answer sooner."""
    if facts["emptyPollSeconds"] < MINUTE_SECONDS - 5 and not facts["isAws"]:
        return None
    return bool(abs(facts["emptyPollSeconds"] - MINUTE_SECONDS) <= 10)


def _cohort(facts: Facts) -> bool | None:
    """All succeeded; None if the cohort was over before the deployment began."""
    if facts["counts"].get("SUCCEEDED") != facts["samples"]:
        return False
    return True if facts["endedWhenDeploymentBegan"] < facts["samples"] else None


def _bounds(facts: Facts) -> bool | None:
    """A name is as good as an ARN; None of strangers' definitions where a person has allowed every one."""
    if facts["byName"] != "SUCCEEDED":
        return False
    return None if facts["everyDefinitionIsAllowed"] else facts.get("error") == "Task.Rejected"


def _containers(facts: Facts) -> bool | None:
    if "refused" in facts:
        return None
    return bool(facts["exitCodes"] == {"helper": 0, "main": 4})


ALONE: Final = ("launches", "throttling", "cohort", "delay")
"""What disturbs others or needs what they leave: these come last, one after another, in this order."""

ASSUMPTIONS: Final = (
    Assumption(
        "doctor",
        "A stack as it was deployed has nothing that is wrong.",
        "Nothing is wrong.",
        cohorts.doctor,
        holds=lambda facts: facts["wrong"] == 0,
    ),
    Assumption(
        "dependency",
        "A job with `dependsOn` starts when the other has succeeded.",
        "It starts at once.",
        jobs.dependent,
        holds=lambda facts: facts["status"] == "SUCCEEDED" and facts["secondStartedMsAfterFirstStopped"] >= 0,
    ),
    Assumption(
        "job definitions",
        "IAM knows a job definition by what SubmitJob is given: name or ARN, with a revision or without.",
        "So it does, with --enforce-iam.",
        jobs.bounded,
        holds=_bounds,
    ),
    Assumption(
        "failure",
        "A failed program's exit code is in the event.",
        "It is.",
        jobs.failure,
        holds=lambda facts: facts.get("error") == "Job.Failed" and facts.get("exitCode") == 3,
    ),
    Assumption(
        "timeout",
        "The reason of a job that ran too long says `attempt duration exceeded timeout`.",
        "It does.",
        jobs.timeout,
        holds=_error("Job.TimedOut"),
    ),
    Assumption(
        "out of memory",
        "The reason of a container that was killed for its memory says `OutOfMemory`.",
        "It does; memory is looked at twice a second.",
        jobs.out_of_memory,
        holds=_error("Job.OutOfMemory"),
    ),
    Assumption(
        "image",
        "The reason of an image that is not there says `CannotPull`.",
        "Images are not pulled: the job succeeds.",
        jobs.image_pull,
        holds=lambda facts: None if facts["status"] == "SUCCEEDED" else _error("Job.ImagePull")(facts),
    ),
    Assumption(
        "parameters",
        "Parameters that no `Ref::name` names stay with the job, in DescribeJobs and in events.",
        "They do.",
        jobs.literal,
        holds=lambda facts: facts["keptInDescription"] and facts["keptInEvent"],
    ),
    Assumption(
        "literal reference",
        "A `Ref::name` without a parameter reaches the container as it is written.",
        "It does.",
        jobs.literal,
        said=lambda facts: f"as written: {facts['arrivedAsWritten']}, exit code {facts['exitCode']}",
        holds=lambda facts: facts["arrivedAsWritten"],
    ),
    Assumption(
        "array",
        "An array's parent has an event of its own, after those of its children, and fails if one fails.",
        "Each child has events, with `arrayProperties.index`; the parent's end is the last.",
        events.array,
        said=lambda facts: (
            f"parent {facts['parentStatus']} ({facts['parentReason']}), {facts['childrenEnded']} children "
            f"ended, {facts['childrenFailed']} failed; parent last: {facts['parentEndsAfterLastChild']}; a "
            f"child's arrayProperties {facts['childArray']}"
        ),
        holds=lambda facts: facts["parentStatus"] == "FAILED" and facts["parentEndsAfterLastChild"],
    ),
    Assumption(
        "array in a task",
        "An array counts as one job of a task, and as failed if one child is.",
        "It does.",
        events.array_task,
        holds=_error("Job.Failed"),
    ),
    Assumption(
        "several containers",
        "The event has each container's exit code, under `ecsProperties`.",
        "Such jobs are refused.",
        events.several_containers,
        holds=_containers,
    ),
    Assumption(
        "stop",
        "A stopped workflow's job ends, and its event has the reason that Sluice gave.",
        "It ends within seconds.",
        jobs.stop,
        holds=lambda facts: (
            facts["status"] == "FAILED" and facts["reason"] == facts["reasonInEvent"] == STOPPED
        ),
    ),
    Assumption(
        "listing",
        "A submitted job shows up in ListJobs under its name within four minutes.",
        "At once.",
        services.list_lag,
        holds=lambda facts: facts["mostSeconds"] < 240,
    ),
    Assumption(
        "names",
        "A name of an execution can be used once, also after its end.",
        "As AWS documents it.",
        services.names,
        holds=lambda facts: facts["whileItRuns"] == facts["afterItsEnd"] == "ExecutionAlreadyExists",
    ),
    Assumption(
        "description",
        "A new execution may not be found by DescribeExecution for a moment, a minute at most.",
        "It is found at once.",
        services.names,
        said=lambda facts: (
            f"{facts['notFoundAtOnce']} of {facts['started']} not found at once, the last after "
            f"{facts['mostSecondsUntilFound']} s"
        ),
        holds=lambda facts: facts["mostSecondsUntilFound"] <= MINUTE_SECONDS,
    ),
    Assumption(
        "tokens",
        "A token that was used is answered with TaskTimedOut or TaskDoesNotExist.",
        "It is.",
        services.tokens,
        holds=lambda facts: (
            {facts["usedAgain"], facts["heartbeatAfterwards"]} <= {"TaskTimedOut", "TaskDoesNotExist"}
        ),
    ),
    Assumption(
        "empty poll",
        "GetActivityTask answers after a minute if there is no task.",
        "After a minute, or as the setting says.",
        services.tokens,
        said=lambda facts: f"{facts['emptyPollSeconds']} s",
        holds=_empty_poll,
    ),
    Assumption(
        "permissions",
        "A change of IAM's is in force within two minutes.",
        "At once; without --enforce-iam everybody may do everything.",
        services.permissions,
        holds=_permissions,
    ),
    Assumption(
        "launches",
        "Fargate starts 100 tasks at once and 20 a second from then on.",
        "So it does; how long a container takes is not modelled.",
        cohorts.launches,
        holds=_launches,
    ),
    Assumption(
        "throttling",
        "SubmitJob above 50 calls a second is answered with TooManyRequestsException, HTTP 429.",
        "So it is, with a bucket of 50.",
        services.throttling,
        said=_answers,
        holds=_throttles,
    ),
    Assumption(
        "cohort",
        "A cohort runs through a deployment: every sample succeeds.",
        "It does.",
        cohorts.cohort,
        said=lambda facts: (
            f"{facts['counts']} of {facts['samples']} in {facts['seconds']} s, {facts['deployment']} while "
            f"{facts['samples'] - facts['endedWhenDeploymentBegan']} had not ended"
        ),
        holds=_cohort,
    ),
    Assumption(
        "delay",
        "An event comes within seconds of a job's end; one that does not come within an hour is lost.",
        "Within a second.",
        events.delays,
        holds=lambda facts: None if facts["p99Ms"] is None else facts["p99Ms"] < 60_000,
    ),
    Assumption(
        "memory of Batch",
        "Batch describes an ended job for a day at least.",
        "As long as it runs.",
        None,
    ),
    Assumption(
        "dropped tokens",
        "A token that is lost on its way blocks a poll for a minute, so a hundred polls are enough.",
        "No token is lost, but by a fault that is asked for.",
        None,
    ),
)
