"""Finds cohorts in the stack's table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sluice_cli.errors import WrongUsageError

if TYPE_CHECKING:
    from sluice.cohorts.model import Cohort
    from sluice.cohorts.ports import CohortStore
    from sluice_cli.aws.ports import Api
    from sluice_cli.aws.stack import Stack


def cohorts_of(api: Api, stack: Stack) -> CohortStore:
    """The stack's cohort table."""
    return api.cohorts(stack.output("CohortTableName"))


def find_cohort(api: Api, stack: Stack, name: str) -> Cohort:
    """Reads a cohort.

    Raises:
        WrongUsageError: there is none of this name.
    """
    found = cohorts_of(api, stack).cohort(name)
    if found is None:
        raise no_cohort(stack, name)
    return found


def no_cohort(stack: Stack, name: str) -> WrongUsageError:
    """What to raise where the stack has no cohort of this name."""
    return WrongUsageError(f"Stack {stack.name} has no cohort {name!r}: `sluice status` lists all cohorts.")
