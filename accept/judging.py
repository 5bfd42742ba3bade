"""What facts say of an assumption: as assumed, different, or nothing; pure."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from accept.scene import Facts

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


def error(name: str) -> Callable[[Facts], bool]:
    """Whether it failed with this error."""
    return lambda facts: facts.get("error") == name


def answers(facts: Facts) -> str:
    """Say how many calls were answered how."""
    counts: Mapping[str, Any] = facts["answers"]
    listed = ", ".join(f"{count} of {answer}" for answer, count in counts.items())
    return f"{facts['calls']} calls in {facts['seconds']} s: {listed}"


def throttles(facts: Facts) -> bool | None:
    """429 by its name; None if the calls came too slowly to exceed the quota."""
    if any(answer == "TooManyRequestsException 429" for answer in facts["answers"]):
        return True
    return None if facts["calls"] / facts["seconds"] < 100 else False


def permissions(facts: Facts) -> bool | None:
    """Within PERMISSION_SECONDS; None where everybody may do everything."""
    if not facts["isEnforced"]:
        return None
    return bool(max(facts["permissionSeconds"], facts["newRoleSeconds"]) < PERMISSION_SECONDS)


def launches(facts: Facts) -> bool | None:
    """Fargate's rate, and not twice as fast; None if so few tasks are all started at once.

    Containers differ by SPREAD_SECONDS in the time that they take to start.
    """
    if facts["tasks"] <= AT_ONCE:
        return None
    at_the_rate = (facts["tasks"] - AT_ONCE) / A_SECOND
    return bool(at_the_rate / 2 <= facts["secondsFromFirstToLast"] <= at_the_rate + SPREAD_SECONDS)


def empty_poll(facts: Facts) -> bool | None:
    """A minute; None of a Local AWS that was told to answer sooner."""
    if facts["emptyPollSeconds"] < MINUTE_SECONDS - 5 and not facts["isAws"]:
        return None
    return bool(abs(facts["emptyPollSeconds"] - MINUTE_SECONDS) <= 10)


def cohort(facts: Facts) -> bool | None:
    """All succeeded; None if the cohort was over before the deployment began."""
    if facts["counts"].get("SUCCEEDED") != facts["samples"]:
        return False
    return True if facts["endedWhenDeploymentBegan"] < facts["samples"] else None


def bounds(facts: Facts) -> bool | None:
    """A name is as good as an ARN; None of strangers' definitions where a person has allowed every one."""
    if facts["byName"] != "SUCCEEDED":
        return False
    return None if facts["everyDefinitionIsAllowed"] else facts.get("error") == "Task.Rejected"


def shared_events(facts: Facts) -> str:
    """Say what the events of an array's children had."""
    if "refused" in facts:
        return in_words(facts)
    return (
        f"{facts['children']} of {facts['tasks']} tasks shared arrays; of their events "
        f"{facts['withParameters']} had the array's parameters, {facts['withIndex']} the child's index"
    )


def shared_has_names(facts: Facts) -> bool | None:
    """Each child's event tells whose it is; None if no task shared an array."""
    if not facts.get("children"):
        return None
    return bool(facts["withParameters"] == facts["withIndex"] == facts["children"])


def shared_ends(facts: Facts) -> str:
    """Say how tasks that shared arrays ended."""
    if "refused" in facts:
        return in_words(facts)
    return (
        f"exit codes {facts['failed']} of those that failed, {facts['stoppedAlone']} children stopped while "
        f"{facts['lastingMeanwhile']} others ran, these {facts['lasted']}"
    )


def shared_ends_alone(facts: Facts) -> bool | None:
    """Each ended as its own program did; None if none of an array was stopped while others went on."""
    if not facts.get("children") or not facts["lastingMeanwhile"]:
        return None
    ended_well = set(facts["lasted"]) == {"SUCCEEDED"} and set(facts["failed"]) == {3}
    return ended_well and facts["stoppedAlone"] > 0


def containers(facts: Facts) -> bool | None:
    """Each container's exit code; None where no such job runs."""
    if "refused" in facts:
        return None
    return bool(facts["exitCodes"] == {"helper": 0, "main": 4})
