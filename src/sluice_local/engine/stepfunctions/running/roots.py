"""The executions that run, so that one can be stopped, or waited for, from anywhere."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from sluice_local.engine.stepfunctions.running.branch import Branch

ENDING = threading.RLock()
"""Held by whoever ends an execution, so that it ends once; not while others are told of it."""


@dataclass(frozen=True)
class Roots:
    """The branch of each running execution, by the execution's ARN, and who waits for its end."""

    _branches: dict[str, Branch] = field(default_factory=dict)
    _waiting: dict[str, threading.Event] = field(default_factory=dict)

    @contextmanager
    def running(self, branch: Branch) -> Iterator[None]:
        """Have the branch be its execution's, as long as it runs."""
        arn = branch.execution["executionArn"]
        self._branches[arn] = branch
        try:
            yield
        finally:
            # one that was stopped may wind up after its execution was redriven
            if self._branches.get(arn) is branch:
                del self._branches[arn]
                self.ended(arn)

    def stop(self, execution_arn: str) -> None:
        """End all that an execution does; its record says already that it has ended."""
        branch = self._branches.get(execution_arn)
        if branch is not None:
            branch.stop()
        self.ended(execution_arn)

    def ended(self, execution_arn: str) -> None:
        """Tell whoever waits for an execution that it has ended."""
        if waiting := self._waiting.pop(execution_arn, None):
            waiting.set()

    def end_of(self, execution_arn: str) -> threading.Event:
        """Return what is set when an execution ends from now on."""
        return self._waiting.setdefault(execution_arn, threading.Event())


ROOTS = Roots()
"""Those of this process, which MiniStack's functions belong to as well."""
