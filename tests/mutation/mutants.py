"""All guards that are turned off, one by one."""

from __future__ import annotations

from typing import Final

from tests.mutation.array_mutants import ARRAY_MUTANTS
from tests.mutation.bounds_mutants import BOUNDS_MUTANTS
from tests.mutation.cohort_mutants import COHORT_MUTANTS
from tests.mutation.error_mutants import ERROR_MUTANTS
from tests.mutation.heartbeat_mutants import HEARTBEAT_MUTANTS
from tests.mutation.service_mutants import SERVICE_MUTANTS
from tests.mutation.table_mutants import TABLE_MUTANTS
from tests.mutation.task_mutants import TASK_MUTANTS

MUTANTS: Final = (
    *TASK_MUTANTS,
    *ARRAY_MUTANTS,
    *HEARTBEAT_MUTANTS,
    *BOUNDS_MUTANTS,
    *SERVICE_MUTANTS,
    *TABLE_MUTANTS,
    *COHORT_MUTANTS,
    *ERROR_MUTANTS,
)
