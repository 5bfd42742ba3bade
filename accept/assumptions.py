"""What Sluice assumes of AWS: each assumption with the probe that tries it and how its facts are judged."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from accept import judging
from accept.probes import arrays, cohorts, events, jobs, services
from accept.scene import Facts, Scene

Probe = Callable[[Scene], Facts]


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
    said: Callable[[Facts], str] = judging.in_words
    holds: Callable[[Facts], bool | None] = lambda _: None


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
        holds=judging.bounds,
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
        holds=judging.error("Job.TimedOut"),
    ),
    Assumption(
        "out of memory",
        "The reason of a container that was killed for its memory says `OutOfMemory`.",
        "It does; memory is looked at twice a second.",
        jobs.out_of_memory,
        holds=judging.error("Job.OutOfMemory"),
    ),
    Assumption(
        "image",
        "The reason of an image that is not there says `CannotPull`.",
        "Images are not pulled: the job succeeds.",
        jobs.image_pull,
        holds=lambda facts: None if facts["status"] == "SUCCEEDED" else judging.error("Job.ImagePull")(facts),
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
        holds=judging.error("Job.Failed"),
    ),
    Assumption(
        "shared array",
        "An event of a child has the array's parameters and the child's own index.",
        "It does.",
        arrays.shared,
        said=judging.shared_events,
        holds=judging.shared_has_names,
    ),
    Assumption(
        "child's end",
        "A child that fails, or is stopped by the id `parent:index`, ends alone.",
        "It does.",
        arrays.shared,
        said=judging.shared_ends,
        holds=judging.shared_ends_alone,
    ),
    Assumption(
        "several containers",
        "The event has each container's exit code, under `ecsProperties`.",
        "Such jobs are refused.",
        events.several_containers,
        holds=judging.containers,
    ),
    Assumption(
        "stop",
        "A stopped workflow's job ends, and its event has the reason that Sluice gave.",
        "It ends within seconds.",
        jobs.stop,
        holds=lambda facts: (
            facts["status"] == "FAILED" and facts["reason"] == facts["reasonInEvent"] == judging.STOPPED
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
        holds=lambda facts: facts["mostSecondsUntilFound"] <= judging.MINUTE_SECONDS,
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
        holds=judging.empty_poll,
    ),
    Assumption(
        "permissions",
        "A change of IAM's is in force within two minutes.",
        "At once; without --enforce-iam everybody may do everything.",
        services.permissions,
        holds=judging.permissions,
    ),
    Assumption(
        "launches",
        "Fargate starts 100 tasks at once and 20 a second from then on.",
        "So it does; how long a container takes is not modelled.",
        cohorts.launches,
        holds=judging.launches,
    ),
    Assumption(
        "throttling",
        "SubmitJob above 50 calls a second is answered with TooManyRequestsException, HTTP 429.",
        "So it is, with a bucket of 50.",
        services.throttling,
        said=judging.answers,
        holds=judging.throttles,
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
        holds=judging.cohort,
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
