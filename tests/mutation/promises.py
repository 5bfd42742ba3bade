"""The promises in the words of docs/design.md."""

from __future__ import annotations

from typing import Final

NO_TASK_IS_LOST: Final = "No task is lost."
NEVER_TWICE: Final = "No job is submitted twice."
NO_EVENT_IS_LOST: Final = "No event is lost, late ones do no harm."
COMPLETED_ONCE: Final = "A task is completed once."
ENDS_NOTHING: Final = "A deployment ends nothing that runs."
NAMED_RIGHT: Final = "A failure's name says whether trying again helps."
STOPPED: Final = "A stopped workflow stops its jobs."
NEVER_ABOVE: Final = "Never above the rate."
NEVER_SILENT: Final = "The poller never dies silently."
FEW_BLOCKED: Final = "A dropped token holds up few."
IDLE: Final = "Idle costs nothing."
SECRET: Final = "A secret stays one."
WITHIN_BOUNDS: Final = "Nobody submits or starts what the stack may not."
STARTS_ONCE: Final = "A cohort starts each of its samples, and each once."
COUNTS_ARE_RIGHT: Final = "A cohort's counts are right in the end."
