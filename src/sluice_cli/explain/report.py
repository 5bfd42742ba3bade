"""The words of `sluice explain`: an execution, and the explanation of what happened to it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sluice.tasks.model import TaskRecord
    from sluice_cli.aws.executions import Execution


@dataclass(frozen=True)
class Step:
    """One thing that happened; `state` is None for the execution as a whole.

    `order` tells what came first of what happened at the same time.
    """

    at_ms: int
    state: str | None
    says: str
    order: int = 0


@dataclass(frozen=True)
class Explanation:
    """What happened to an execution.

    Attributes:
        execution: whose explanation it is.
        headline: what became of it and, if it failed, the cause.
        says: that cause, as the end of a sentence.
        error: the named error that it failed with, if any.
        job, job_id: the job that is to blame, if any.
        advice: what to do next, most helpful first.
        steps: what happened, in order.
        tasks: its tasks, and those of the executions inside of it.
    """

    execution: Execution
    headline: str
    says: str = ""
    error: str | None = None
    job: str | None = None
    job_id: str | None = None
    advice: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()
    tasks: tuple[TaskRecord, ...] = ()

    def document(self) -> Mapping[str, Any]:
        """The explanation as JSON has it."""
        execution = asdict(self.execution)
        for name in ("cause", "asked", "whose"):
            del execution[name]
        return {
            "headline": self.headline,
            "error": self.error,
            "job": self.job,
            "jobId": self.job_id,
            "advice": list(self.advice),
            "execution": {_camel(name): value for name, value in execution.items()},
            "steps": [{"atMs": step.at_ms, "state": step.state, "says": step.says} for step in self.steps],
        }


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.title() for word in rest)
