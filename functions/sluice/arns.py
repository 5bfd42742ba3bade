"""ARNs with stars, as the stack's parameters and IAM's policies have them; pure."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

DEFINITION: Final = ":job-definition/"


def matches(arn: str, patterns: Iterable[str]) -> bool:
    """True if one of the patterns is the ARN, `*` and `?` taken as IAM takes them.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
    """
    return any(_compiled(pattern).fullmatch(arn) for pattern in patterns)


def matches_queue(queue: str, arns: Iterable[str]) -> bool:
    """True if a job queue, by its name or ARN, is one of these; Batch takes a name, too."""
    return any(queue in (arn, arn.rpartition("/")[2]) for arn in arns)


def matches_definition(definition: str, patterns: Iterable[str]) -> bool:
    """True if a job definition, by name or ARN, with a revision or without, may be one of the patterns.

    A pattern without a revision stands for all of them. Which revision a name without one is, Batch alone
    knows: such a name may be one of a pattern with a revision.
    """
    known = tuple(patterns)
    by_arn = definition.startswith("arn:")
    name = definition if by_arn else f"{DEFINITION}{definition}"
    taken = known if by_arn else tuple(_from_name(pattern) for pattern in known)
    if matches(name, taken) or matches(name, (f"{pattern}:*" for pattern in taken)):
        return True
    has_revision = ":" in name.partition(DEFINITION)[2]
    return not has_revision and matches(name, (_without_revision(pattern) for pattern in taken))


def _from_name(pattern: str) -> str:
    """The part of a pattern that is about the name; all of it if a star may stand for that part too."""
    _, found, rest = pattern.partition(DEFINITION)
    return f"{DEFINITION}{rest}" if found else "*"


def _without_revision(pattern: str) -> str:
    before, found, rest = pattern.partition(DEFINITION)
    return f"{before}{found}{rest.partition(':')[0]}"


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    stars = {"*": ".*", "?": "."}
    return re.compile("".join(stars.get(each, re.escape(each)) for each in pattern), re.DOTALL)
