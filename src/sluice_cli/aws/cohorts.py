"""Finds cohorts in the stack's table."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from sluice.cohorts.model import COHORT_NAME
from sluice_cli.errors import WrongUsageError

if TYPE_CHECKING:
    from sluice.cohorts.model import Cohort
    from sluice.cohorts.ports import CohortStore
    from sluice_cli.aws.ports import Api
    from sluice_cli.aws.stack import Stack


_WORD: Final = re.compile(r"[A-Za-z0-9_-]+")
WORDS_ASKED_FOR: Final = 20
"""Words of a wrong name that are looked up; an execution's ARN has a dozen."""


def cohorts_of(api: Api, stack: Stack) -> CohortStore:
    """The stack's cohort table."""
    return api.cohorts(stack.output("CohortTableName"))


def find_cohort(api: Api, stack: Stack, name: str) -> Cohort:
    """Reads a cohort.

    Raises:
        WrongUsageError: there is none of this name; says which one may be meant by a sheet, an execution or
            capitals.
    """
    cohorts = cohorts_of(api, stack)
    found = cohorts.cohort(name) if COHORT_NAME.fullmatch(name) else None
    if found is None:
        raise no_cohort(stack, name, _meant(cohorts, name))
    return found


def no_cohort(stack: Stack, name: str, meant: str | None = None) -> WrongUsageError:
    """What to raise where the stack has no cohort of this name, but maybe the one that was meant."""
    said = f". Did you mean {meant}?" if meant else ":"
    return WrongUsageError(
        f"Stack {stack.name} has no cohort {name!r}{said} `sluice status` lists all cohorts."
    )


def _meant(cohorts: CohortStore, name: str) -> str | None:
    """The cohort that a word of a wrong name names, as in `run-42.csv` or in an execution's ARN."""
    words = _WORD.findall(name)[:WORDS_ASKED_FOR]
    names = dict.fromkeys(each for word in words for each in (word, word.lower()) if each != name)
    return next((each for each in names if COHORT_NAME.fullmatch(each) and cohorts.cohort(each)), None)
