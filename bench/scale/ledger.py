"""What a simulated run leaves behind, counted as it goes."""

from dataclasses import dataclass

from bench.observation import Usage


@dataclass
class BacklogMeter:
    """Measures as `bench.backlog` does, without keeping every job: how fast jobs were submitted in a backlog.

    There is a backlog while at least `threshold` jobs wait to be submitted, from the first submission on.
    Unlike there, a job that is given up in the end counts as waiting until then.
    """

    threshold: float
    waiting: int = 0
    seconds: float = 0.0
    submitted: int = 0
    begun: bool = False
    since: float | None = None

    def wait(self, now: float, jobs: int = 1) -> None:
        """Notes that jobs could be submitted from now on."""
        self.waiting += jobs
        self._update(now)

    def submit(self, now: float) -> None:
        """Notes that a waiting job was accepted."""
        self.begun = True
        if self.since is not None and now > self.since:
            self.submitted += 1
        self.give_up(now)

    def give_up(self, now: float) -> None:
        """Notes that a waiting job will never be submitted."""
        self.waiting -= 1
        self._update(now)

    @property
    def rate_per_second(self) -> float | None:
        """Submissions a second while there was a backlog; None if there was none."""
        return self.submitted / self.seconds if self.seconds > 0 else None

    def _update(self, now: float) -> None:
        is_backlog = self.begun and self.waiting >= self.threshold
        if is_backlog and self.since is None:
            self.since = now
        elif not is_backlog and self.since is not None:
            self.seconds += now - self.since
            self.since = None


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

    backlog: BacklogMeter
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
