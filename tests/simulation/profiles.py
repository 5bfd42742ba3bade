"""What the world does to a round: a profile for each promise, as nothing stands out in one mixture."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

CROWDED: Final[Mapping[str, tuple[Any, ...]]] = {
    "SubmitRatePerSecond": (0.1, 0.2),
    "SubmitBurst": (1, 3),
    "ReconcileHeartbeatSeconds": (150, 300),
    "PollerThreads": (2, 4),
}
"""Settings with which tasks take longer to submit than their poller has."""


FROZEN: Final[Mapping[str, tuple[Any, ...]]] = {
    "SubmitRatePerSecond": (0.1,),
    "SubmitBurst": (20,),
    "PollerThreads": (4, 8),
    "ReconcileHeartbeatSeconds": (150,),
}
"""With these a slot may be used minutes after it fell due."""

LISTED_SECONDS: Final = 240
"""Within which ListJobs shows a job, as docs/design.md assumes: nobody submits it again then."""


@dataclass(frozen=True)
class Profile:
    """Rates are a chance per call or event from 0 to 1, times are seconds.

    Attributes:
        name: by which it is asked for.
        about: the trouble, in a few words.
        refused: calls that are answered 500 and have no effect.
        unclear: calls that have their effect and are answered 500, or not at all.
        late: calls that are answered 500 and have their effect up to `late_seconds` later.
        throttled: calls that are answered 429.
        slow: calls that take seconds.
        torn: SubmitJob calls whose process is ended when Batch has taken the job.
        unanswered: SubmitJob calls that are `unclear`, on top of these.
        killed: calls before or after which the process is ended.
        paused: calls before or after which the process stops for up to `pause_seconds`.
        denied: in how many windows of up to a minute IAM denies SubmitJob, as just after a deployment.
        list_lag: how late ListJobs may show a job.
        index_lag: how late an index may show a write.
        doubled, lost, delayed: events and schedules; delayed ones come up to `delay_seconds` late.
        skew: how far a clock may be off.
        outages: how many of a service's operations fail for a while, each for up to `outage_seconds`.
        throttled_tables: how many windows in which a table throttles.
        stops: chance that a workflow is stopped; of these some are redriven.
        cohorts: chance that there is a cohort; somebody may cancel and retry it.
        timeouts: chance that a state has TimeoutSeconds that its jobs exceed.
        missed: jobs that an answer of DescribeJobs leaves out.
        arrays: many tasks of one job that say what varies.
        crowded: many jobs a task.
        settings: parameters and variables that a round may have instead of the usual choice.
        workflows: how many there are at most.
        long_jobs: how many jobs take hours.
        in_step: jobs end together, every few minutes.
        spoilt: how many windows in which some tasks' items cannot be changed.
    """

    name: str
    about: str
    refused: float = 0
    unclear: float = 0
    late: float = 0
    late_seconds: float = 30
    throttled: float = 0
    slow: float = 0.002
    torn: float = 0
    unanswered: float = 0
    killed: float = 0
    paused: float = 0
    pause_seconds: float = 300
    list_lag: float = 1
    index_lag: float = 0.5
    doubled: float = 0.02
    lost: float = 0
    delayed: float = 0.02
    delay_seconds: float = 30
    skew: float = 0
    outages: int = 0
    outage_seconds: float = 1800
    throttled_tables: int = 0
    stops: float = 0.15
    cohorts: float = 0.1
    timeouts: float = 0
    arrays: bool = False
    crowded: bool = False
    missed: float = 0
    settings: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    workflows: int = 4
    long_jobs: float = 0.06
    in_step: bool = False
    spoilt: int = 0
    denied: int = 0

    @property
    def is_troubled(self) -> bool:
        """Whether functions fail at random."""
        return any(
            (
                self.refused,
                self.unclear,
                self.unanswered,
                self.late,
                self.throttled,
                self.killed,
                self.torn,
                self.paused,
            )
        )

    @property
    def copies(self) -> bool:
        """Whether there may be copies of jobs, which no client of Batch can rule out then."""
        return bool(self.late or self.paused or (self.unanswered and self.list_lag > LISTED_SECONDS))


CALM = Profile("calm", "nothing but jobs that fail and workflows that are stopped")

ARRAYED: Final[Mapping[str, tuple[Any, ...]]] = {
    "SubmitRatePerSecond": (0.2, 1, 10),
    "PollerThreads": (4, 8, 16),
    "OpenPolls": (8, 16),
    "OverdueSeconds": (3600, 7200),
}
"""With these tasks wait for each other."""

PROFILES: Final = (
    CALM,
    Profile(
        "unclear",
        "answers that are lost or wrong",
        refused=0.02,
        unclear=0.03,
        unanswered=0.15,
        throttled=0.01,
        list_lag=6,
    ),
    Profile(
        "late-lists",
        "ListJobs that shows jobs an hour late, and answers of SubmitJob that are lost",
        unanswered=0.6,
        list_lag=4000,
        long_jobs=0.4,
    ),
    Profile("kills", "functions that die at any call", killed=0.02),
    Profile(
        "lagging-batch",
        "ListJobs that lags, and effects that come late",
        unclear=0.02,
        late=0.02,
        list_lag=40,
        missed=0.2,
        lost=0.05,
    ),
    Profile(
        "events",
        "events that are lost, doubled, late and in any order",
        doubled=0.3,
        lost=0.1,
        delayed=0.4,
        delay_seconds=900,
    ),
    Profile(
        "tables",
        "DynamoDB that throttles, and indexes that lag",
        throttled=0.02,
        throttled_tables=3,
        index_lag=30,
    ),
    Profile("pauses", "functions that stand still for minutes", paused=0.004),
    Profile(
        "frozen",
        "functions that stand still for longer than a task is theirs",
        paused=0.015,
        pause_seconds=600,
        crowded=True,
        workflows=6,
        settings=FROZEN,
    ),
    Profile("skew", "clocks that are seconds off", skew=3, index_lag=2, doubled=0.2),
    Profile("outages", "a service that fails for up to half an hour", outages=2),
    Profile("stops", "workflows that are stopped and redriven", stops=0.7, delayed=0.3, delay_seconds=300),
    Profile(
        "cohorts",
        "cohorts that are cancelled and retried",
        cohorts=1,
        unclear=0.01,
        doubled=0.1,
        delayed=0.2,
        delay_seconds=200,
    ),
    Profile(
        "crowd",
        "tasks that take longer to submit than their poller has",
        crowded=True,
        settings=CROWDED,
        unclear=0.003,
        stops=0.4,
    ),
    Profile(
        "claims",
        "tasks that take longer to submit than a reconciler's claim holds",
        torn=0.08,
        crowded=True,
        stops=0,
        workflows=3,
        settings={
            **CROWDED,
            "SubmitRatePerSecond": (0.1,),
            "ReconcileHeartbeatSeconds": (150,),
            "RECONCILER_THREADS": ("4",),
        },
    ),
    Profile(
        "torn",
        "pollers that die when Batch has taken a job",
        torn=0.12,
        stops=0.5,
        long_jobs=0.3,
    ),
    Profile(
        "hidden",
        "ListJobs that shows nothing for hours, and calls that are refused",
        refused=0.08,
        list_lag=20_000,
    ),
    Profile(
        "forgetful",
        "jobs of which DescribeJobs says nothing, and events that are lost",
        missed=0.4,
        lost=0.1,
        long_jobs=0.3,
        settings={"OverdueSeconds": (300,), "ReconcileHeartbeatSeconds": (150, 300)},
    ),
    Profile(
        "spoilt",
        "items that cannot be changed while many jobs end at once",
        spoilt=2,
        in_step=True,
        workflows=12,
        long_jobs=0,
        settings={"OverdueSeconds": (7200,)},
    ),
    Profile("denied", "permissions that are not in force yet", denied=6, workflows=8),
    Profile(
        "arrays",
        "tasks that share arrays, in a calm world",
        arrays=True,
        stops=0.4,
        workflows=24,
        settings=ARRAYED,
    ),
    Profile(
        "troubled-arrays",
        "tasks that share arrays, functions that die and answers that are lost",
        arrays=True,
        killed=0.01,
        unclear=0.02,
        throttled=0.01,
        lost=0.05,
        doubled=0.2,
        delayed=0.2,
        list_lag=6,
        stops=0.3,
        workflows=24,
        settings=ARRAYED,
    ),
    Profile("timeouts", "states that time out and are tried again", timeouts=0.5),
    Profile(
        "mixed",
        "a little of everything",
        refused=0.004,
        unclear=0.004,
        throttled=0.004,
        killed=0.002,
        paused=0.0005,
        lost=0.02,
        delayed=0.1,
        skew=0.5,
        stops=0.2,
        cohorts=0.2,
    ),
)

BY_NAME: Final = {profile.name: profile for profile in PROFILES}
