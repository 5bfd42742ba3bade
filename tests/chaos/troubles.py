"""Everything that goes wrong, each trouble under its name; pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

from sluice_local.faults.plan import Fault, FaultKind

POLLER, HANDLER, CANCELLER, STARTER, RECONCILER = (
    "SubmitJobsFunction",
    "HandleJobStatusFunction",
    "CancelJobsFunction",
    "EnsurePollersFunction",
    "ReconcileTasksFunction",
)
ANY_FUNCTION: Final = "*Function"
"""So that what the test itself does to a table is spared."""

K = FaultKind
_LOST: Final = {K.ANSWER_LOST, K.SERVER_ERROR, K.SERVER_ERROR_AFTER_EFFECT, K.THROTTLED, K.SLOW_ANSWER}
_DEADLY: Final = {K.FUNCTION_KILLED_BEFORE_CALL, K.FUNCTION_KILLED_AFTER_CALL, K.FUNCTION_TIMED_OUT}
_SUBMITTERS: Final = {POLLER, RECONCILER}
JOB_EVENT: Final = "Batch Job State Change"
EXECUTION_EVENT: Final = "Step Functions Execution Status Change"


class Deed(StrEnum):
    """What a person or the world does meanwhile, through AWS's own API.

    What is done to a poller counts as a fault; time that passes is none.
    """

    STOP_POLLER = "somebody stops the poller's execution"
    FAIL_POLLER = "somebody stops the poller's execution, and the next one fails"
    LET_A_DAY_PASS = "more than a day passes"


@dataclass(frozen=True)
class Trouble:
    """One thing that goes wrong.

    Attributes:
        name: what a person calls it.
        faults: what Local AWS does.
        deeds: what is done through the API.
        costs_tokens: whether a token can be lost, or a job fail in a way that a state's Retry is for, so that
            a state may rightly be tried more than once.
    """

    name: str
    faults: tuple[Fault, ...] = ()
    deeds: frozenset[Deed] = frozenset()
    costs_tokens: bool = False

    @property
    def forgets_jobs(self) -> bool:
        """Whether Batch forgets a job."""
        return Deed.LET_A_DAY_PASS in self.deeds

    @property
    def hides_jobs(self) -> bool:
        """Whether a job may be there whose submitter does not know it yet, and has to look for it."""
        return any(
            (fault.kind in _LOST and _is_of(fault, "Batch.SubmitJob", "DynamoDB.UpdateItem"))
            or (fault.kind in _DEADLY and (fault.target in _SUBMITTERS or fault.caller in _SUBMITTERS))
            for fault in self.faults
        )


def _is_of(fault: Fault, *targets: str) -> bool:
    return fault.target in (*targets, "*")


def _one(name: str, kind: FaultKind, target: str, **fields: Any) -> Trouble:
    return Trouble(name, (Fault(kind, target, **fields),))


def _killed(when: str, caller: str, api: str, *, after: int = 0, count: int = 1) -> Trouble:
    """A function that is killed right before, or right after, a call of its own takes effect."""
    kind = K.FUNCTION_KILLED_BEFORE_CALL if when.startswith("before") else K.FUNCTION_KILLED_AFTER_CALL
    return _one(f"killed-{when}", kind, api, after=after, count=count, caller=caller)


def _costly(trouble: Trouble) -> Trouble:
    return replace(trouble, costs_tokens=True)


ANSWERS: Final = (
    _one("submit-answer-lost", K.ANSWER_LOST, "Batch.SubmitJob", after=2, count=3),
    _costly(_one("poll-answer-lost", K.ANSWER_LOST, "States.GetActivityTask", after=1, count=2)),
    _one("polls-blocked", K.POLLS_BLOCKED, "*", after=1, count=2),
    _one("intent-answer-lost", K.ANSWER_LOST, "DynamoDB.PutItem", after=1, count=3, caller=POLLER),
    _one(
        "note-answer-lost",
        K.ANSWER_LOST,
        "DynamoDB.UpdateItem",
        caller=ANY_FUNCTION,
        probability=0.2,
        count=8,
    ),
    _one("success-answer-lost", K.ANSWER_LOST, "States.SendTaskSuccess", count=3),
    _one("failure-answer-lost", K.ANSWER_LOST, "States.SendTaskFailure", count=2),
    _one("heartbeat-answer-lost", K.ANSWER_LOST, "States.SendTaskHeartbeat", count=3),
    _one("terminate-answer-lost", K.ANSWER_LOST, "Batch.TerminateJobs", count=2),
    _one("submit-throttled", K.THROTTLED, "Batch.SubmitJob", after=4, seconds=2),
    _one(
        "tables-throttled", K.THROTTLED, "DynamoDB.UpdateItem", caller=ANY_FUNCTION, probability=0.3, count=20
    ),
    _one("completion-throttled", K.THROTTLED, "States.SendTaskSuccess", probability=0.5, count=8),
    Trouble(
        "batch-throttled",
        tuple(
            Fault(K.THROTTLED, f"Batch.{api}", probability=0.5, count=4)
            for api in ("ListJobs", "DescribeJobs", "TerminateJobs")
        ),
    ),
    _one("submit-fails", K.SERVER_ERROR, "Batch.SubmitJob", after=1, count=3),
    _one("submit-fails-after-effect", K.SERVER_ERROR_AFTER_EFFECT, "Batch.SubmitJob", after=1, count=3),
    Trouble(
        "look-ups-fail",
        (
            Fault(K.ANSWER_LOST, "Batch.SubmitJob", after=1, count=2),
            Fault(K.SERVER_ERROR, "Batch.ListJobs", count=2),
            Fault(K.SERVER_ERROR, "Batch.DescribeJobs", count=2),
        ),
    ),
    _one("poll-fails", K.SERVER_ERROR, "States.GetActivityTask", count=4),
    _one(
        "tables-fail", K.SERVER_ERROR, "DynamoDB.UpdateItem", caller=ANY_FUNCTION, probability=0.2, count=10
    ),
    _one(
        "tables-fail-after-effect",
        K.SERVER_ERROR_AFTER_EFFECT,
        "DynamoDB.UpdateItem",
        caller=ANY_FUNCTION,
        probability=0.2,
        count=10,
    ),
    _one("completion-fails-after-effect", K.SERVER_ERROR_AFTER_EFFECT, "States.SendTaskSuccess", count=3),
    _one("submit-slow", K.SLOW_ANSWER, "Batch.SubmitJob", probability=0.3, count=6, seconds=1),
    _one(
        "tables-slow",
        K.SLOW_ANSWER,
        "DynamoDB.UpdateItem",
        caller=ANY_FUNCTION,
        probability=0.3,
        count=20,
        seconds=0.5,
    ),
    _costly(
        Trouble(
            "flaky-world",
            tuple(
                Fault(kind, "*", probability=0.03, caller=ANY_FUNCTION)
                for kind in (K.ANSWER_LOST, K.THROTTLED, K.SERVER_ERROR, K.SERVER_ERROR_AFTER_EFFECT)
            ),
        )
    ),
)
"""What the services answer."""

EVENTS: Final = (
    _one("job-events-dropped", K.EVENT_DROPPED, JOB_EVENT, probability=0.7),
    _one("job-events-doubled", K.EVENT_DOUBLED, JOB_EVENT, seconds=1),
    _one("job-events-delayed", K.EVENT_DELAYED, JOB_EVENT, probability=0.5, seconds=4),
    _one("job-events-reordered", K.EVENT_REORDERED, JOB_EVENT, probability=0.5),
    _one("execution-events-dropped", K.EVENT_DROPPED, EXECUTION_EVENT),
    _one("execution-events-doubled", K.EVENT_DOUBLED, EXECUTION_EVENT, seconds=1),
    _one("execution-events-delayed", K.EVENT_DELAYED, EXECUTION_EVENT, probability=0.7, seconds=3),
    _one("execution-events-reordered", K.EVENT_REORDERED, EXECUTION_EVENT, probability=0.5),
)
"""What EventBridge delivers."""

FUNCTIONS: Final = (
    _costly(_killed("before-intent", POLLER, "DynamoDB.PutItem", after=2)),
    _costly(_killed("after-intent", POLLER, "DynamoDB.PutItem", after=2)),
    _costly(_killed("after-submit", POLLER, "Batch.SubmitJob", after=3)),
    _costly(_killed("after-seal", POLLER, "DynamoDB.TransactWriteItems")),
    _costly(_killed("before-seal", POLLER, "DynamoDB.TransactWriteItems")),
    _killed("after-note", HANDLER, "DynamoDB.UpdateItem", after=2, count=2),
    _killed("before-success", HANDLER, "States.SendTaskSuccess", count=2),
    _killed("after-success", HANDLER, "States.SendTaskSuccess", after=1, count=2),
    _killed("after-failure", HANDLER, "States.SendTaskFailure"),
    _killed("after-cancelling", CANCELLER, "Batch.TerminateJobs"),
    _killed("after-starting-a-poller", STARTER, "States.StartExecution"),
    _killed("after-heartbeat", RECONCILER, "States.SendTaskHeartbeat", count=2),
    _costly(_one("poller-timed-out", K.FUNCTION_TIMED_OUT, POLLER, count=1, seconds=1.5)),
    _one("handler-timed-out", K.FUNCTION_TIMED_OUT, HANDLER, count=2, seconds=0.01),
    _one("reconciler-timed-out", K.FUNCTION_TIMED_OUT, RECONCILER, count=2, seconds=0.05),
)
"""Where functions die."""

JOBS: Final = (
    _one("job-terminated", K.JOB_TERMINATED, "*", after=5, count=2),
    replace(_one("job-vanished", K.JOB_VANISHED, "solo-*", count=1), deeds=frozenset({Deed.LET_A_DAY_PASS})),
    _one("job-fails-to-start", K.JOB_FAILS_TO_START, "*", after=4, count=2),
    _one("job-not-started", K.JOB_NOT_STARTED, "*", after=3, count=2),
    _one("job-stuck", K.JOB_STUCK_RUNNABLE, "*", after=6, count=2, seconds=3),
    _costly(_one("spot-interruption", K.SPOT_INTERRUPTION, "*", after=2, count=2)),
)
"""What becomes of jobs."""

DEEDS: Final = (
    Trouble("poller-stopped", deeds=frozenset({Deed.STOP_POLLER})),
    Trouble("poller-failed", deeds=frozenset({Deed.FAIL_POLLER})),
)
"""What people do."""

TROUBLES: Final[tuple[Trouble, ...]] = (*ANSWERS, *EVENTS, *FUNCTIONS, *JOBS, *DEEDS)
