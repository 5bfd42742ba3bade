"""What a simulated run leaves behind, counted as it goes."""

from dataclasses import dataclass, field

from bench.scale.waits import Waits
from sluice_local.observing import Usage


@dataclass
class History:
    """One execution: events of its history and billed transitions; both begin with its start."""

    events: int = 1
    transitions: int = 1

    def add(self, events: int, transitions: int = 0) -> None:
        """Notes events, and how many of them were transitions."""
        self.events += events
        self.transitions += transitions


@dataclass
class Ledger:
    """Samples, executions and what AWS bills for."""

    waits: Waits = field(default_factory=Waits)
    succeeded: int = 0
    failed: int = 0
    ended_at: float = 0.0
    transitions: int = 0
    events_longest: int = 0
    invocations: int = 0
    gb_seconds: float = 0.0
    write_units: float = 0.0
    read_units: float = 0.0
    messages: int = 0

    def sample_over(self, history: History, now: float, *, succeeded: bool) -> None:
        """Notes the end of a sample's execution."""
        self.succeeded += succeeded
        self.failed += not succeeded
        self.ended_at = now
        history.add(1)  # ExecutionSucceeded or ExecutionFailed
        self.execution_over(history)

    def execution_over(self, history: History) -> None:
        """Notes what any execution cost."""
        self.transitions += history.transitions
        self.events_longest = max(self.events_longest, history.events)

    def invoked(self, seconds: float, memory_mib: int, times: int = 1) -> None:
        """Notes invocations of a function that took so long each."""
        self.invocations += times
        self.gb_seconds += times * seconds * memory_mib / 1024

    def usage(self) -> Usage:
        """What AWS would bill for."""
        return Usage(
            transitions=self.transitions,
            invocations=self.invocations,
            gb_seconds=self.gb_seconds,
            write_units=self.write_units,
            read_units=self.read_units,
            messages=self.messages,
        )
