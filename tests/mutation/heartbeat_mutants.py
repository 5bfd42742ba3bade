"""Guards of the heartbeats: of those that take no claim, and of as many as can be sent."""

from __future__ import annotations

from typing import Final

from tests.mutation.mutant import Mutant, tests
from tests.mutation.promises import NEVER_SILENT, NO_TASK_IS_LOST, STOPPED

RECONCILER: Final = "functions/sluice/tasks/reconciler.py"
LAST_RUN: Final = "functions/sluice/tasks/reconciliation.py"
PROVER: Final = "functional/test_heartbeats_between.py"
POOL: Final = "functions/sluice/pollers/pool.py"
INTENTS: Final = "functional/test_unwritten_intents.py"
UNWRITABLE: Final = "functional/test_unwritable_tasks.py"
CEILING: Final = "functional/test_ceiling.py"

HEARTBEAT_MUTANTS: Final = (
    Mutant(
        NO_TASK_IS_LOST,
        "no more open tasks than can have their heartbeats",
        "functions/sluice/pollers/ceiling.py",
        old="self._reached = free <= 0",
        new="self._reached = False",
        provers=tests(
            CEILING,
            "test_polls_wait_until_there_is_room",
            "test_a_poller_takes_nothing_while_too_many_are_open_and_does_not_rest",
        ),
        unseen="a round is far from 75,000 open tasks, and with fewer no heartbeat is late",
    ),
    Mutant(
        NEVER_SILENT,
        "no rest while tasks wait because too many are open",
        "functions/sluice/pollers/pool.py",
        old=" and not self.held_back",
        new="",
        provers=tests(CEILING, "test_a_poller_takes_nothing_while_too_many_are_open_and_does_not_rest"),
        unseen="where so many tasks are open jobs end at every moment, and each end wakes the poller",
    ),
    Mutant(
        NO_TASK_IS_LOST,
        "writing an intent again until the table takes it",
        POOL,
        old="                hand.intent_failed()\n",
        new="                raise\n",
        provers=tests(INTENTS, "test_tasks_that_came_are_kept_until_the_table_takes_their_intents[error0]"),
    ),
    Mutant(
        NO_TASK_IS_LOST,
        "writing an intent again that IAM denies or whose credentials are too old",
        POOL,
        old="UNWRITTEN: Final = (ThrottledError, UnclearError, DeniedError, UnauthenticatedError)",
        new="UNWRITTEN: Final = (ThrottledError, UnclearError)",
        provers=tests(
            INTENTS,
            "test_tasks_that_came_are_kept_until_the_table_takes_their_intents[error2]",
            "test_tasks_that_came_are_kept_until_the_table_takes_their_intents[error3]",
        ),
    ),
    Mutant(
        NO_TASK_IS_LOST,
        "polling again as soon as the table answers that it knows an intent",
        POOL,
        old="                hand.intent_written()\n",
        new="                if record:\n                    hand.intent_written()\n",
        provers=tests(INTENTS, "test_polls_are_opened_again_once_the_table_knows_an_intent"),
        unseen="a task that came twice is the last one before a rush in no round",
    ),
    Mutant(
        STOPPED,
        "submitting nothing of a task that was shown dead, also if closing it fails",
        POOL,
        old="""\
            self.telemetry.task_left(record.task.key, error)
        return True
""",
        new="""\
            self.telemetry.task_left(record.task.key, error)
            return False
        return True
""",
        provers=tests(INTENTS, "test_a_task_that_is_shown_dead_is_not_submitted_even_if_it_cannot_be_closed"),
        unseen="that a workflow is stopped while its task is kept, and closing fails, is too rare",
    ),
    Mutant(
        NO_TASK_IS_LOST,
        "leaving tasks in the Activity while intents cannot be written",
        "functions/sluice/pollers/hand.py",
        old="        if self._intents.failing:\n            return False\n",
        new="",
        provers=tests(
            "functional/test_hand.py",
            "test_only_one_poll_is_open_while_intents_cannot_be_written",
            "test_many_polls_are_open_again_once_an_intent_is_written",
        ),
        unseen="intents fail for no longer in a round than a task can be kept",
    ),
    Mutant(
        NO_TASK_IS_LOST,
        "keeping a task without an intent no longer than its heartbeat allows",
        POOL,
        old="min(seconds_until(now_us, until_us), window_seconds)",
        new="seconds_until(now_us, until_us)",
        provers=tests(INTENTS, "test_a_task_is_kept_no_longer_than_its_heartbeat_allows"),
        unseen="intents fail for no longer in a round than a task can be kept",
    ),
    Mutant(
        NO_TASK_IS_LOST,
        "heartbeats before claims once claims fail",
        RECONCILER,
        old="if findings.claims_wait:",
        new="if False:",
        provers=tests(UNWRITABLE, "test_claims_that_fail_hold_up_nobody_s_heartbeat"),
    ),
    Mutant(
        NO_TASK_IS_LOST,
        "claims after the heartbeats of all",
        RECONCILER,
        old="        self.workers.each(self._put_off(findings, run), lambda claim: claim())\n",
        new="",
        provers=tests(UNWRITABLE, "test_who_waited_for_his_claim_is_healed_by_the_same_run"),
        unseen="no write is refused for so long that a task which is healed only afterwards is late",
    ),
    Mutant(
        NO_TASK_IS_LOST,
        "claims that failed after those that may hold",
        LAST_RUN,
        old="key=lambda each: self._of(each[0]).failed_ms",
        new="key=lambda each: 0",
        provers=tests(UNWRITABLE, "test_claims_that_failed_are_made_again_after_those_that_may_hold"),
        unseen="no write is refused for so long that a task which is healed only afterwards is late",
    ),
    Mutant(
        NO_TASK_IS_LOST,
        "a turn for each claim that failed",
        LAST_RUN,
        old="for task, alive in findings.put_off]",
        new="for task, alive in ()]",
        provers=tests(UNWRITABLE, "test_each_claim_that_failed_has_its_turn"),
        unseen="no write is refused for so long that a task which is healed only afterwards is late",
    ),
    Mutant(
        NO_TASK_IS_LOST,
        "no second heartbeat of tasks that could not be claimed before the others had theirs",
        RECONCILER,
        old="if self.last_run.had_heartbeat(task, findings.due_ms):",
        new="if False:",
        provers=tests(UNWRITABLE, "test_tasks_that_cannot_be_claimed_leave_time_for_others_heartbeats"),
    ),
    Mutant(
        STOPPED,
        "asking again whether a task is alive that was dead and could not be claimed",
        LAST_RUN,
        old=" if alive else 0, failed_ms)",
        new=", failed_ms)",
        provers=tests(UNWRITABLE, "test_a_dead_task_that_could_not_be_closed_is_closed_as_soon_as_it_can_be"),
        unseen="closing a dead task a heartbeat later is in time for every bound of a round",
    ),
    Mutant(
        NO_TASK_IS_LOST,
        "a claim of a task between whose claims a job is missing",
        RECONCILER,
        old="""\
        if diagnosis.submitting_is_over and diagnosis.unsubmitted:
            return False
""",
        new="",
        provers=tests(PROVER, "test_a_job_that_nobody_submitted_is_submitted_between_two_claims"),
    ),
    Mutant(
        NO_TASK_IS_LOST,
        "a claim of a task whose jobs have all ended",
        RECONCILER,
        old=" or completion.decide(record) is not None:\n            return False",
        new=":\n            return False",
        provers=tests(PROVER, "test_a_task_whose_jobs_have_all_ended_is_completed_between_two_claims"),
        unseen="the next claim completes it a heartbeat later, which is in time for every bound",
    ),
    Mutant(
        NO_TASK_IS_LOST,
        "a heartbeat that failed is sent again",
        RECONCILER,
        old="        findings.missed.append(task.heartbeat_at)\n",
        new="",
        provers=tests(PROVER, "test_a_heartbeat_that_failed_is_sent_by_the_next_run"),
        unseen="the next heartbeat is 300 s late then, and a state waits for three",
    ),
    Mutant(
        NO_TASK_IS_LOST,
        "a run that was cut short is not remembered",
        RECONCILER,
        old="""\
            if self.clock.now_us() >= run.begin_until_us:
                return
            yield task
        findings.until_ms = findings.due_ms
""",
        new="""\
            if self.clock.now_us() >= run.begin_until_us:
                break
            yield task
        findings.until_ms = findings.due_ms
""",
        provers=tests(
            PROVER,
            "test_who_does_not_know_what_was_before_claims_all_that_is_due[a run that was cut short]",
        ),
        unseen="no round has more tasks than a run has time for",
    ),
    Mutant(
        NO_TASK_IS_LOST,
        "what was long ago is forgotten",
        LAST_RUN,
        old="return until_ms if now_ms - self._began_ms <= REMEMBERED_MS else None",
        new="return until_ms",
        provers=tests(
            PROVER,
            "test_who_does_not_know_what_was_before_claims_all_that_is_due[a schedule that was missed]",
        ),
        unseen="a heartbeat is 300 s late then, and a state waits for three",
    ),
    Mutant(
        NO_TASK_IS_LOST,
        "a run that dies is not remembered",
        LAST_RUN,
        old="until_ms, self._until_ms = self._until_ms, None",
        new="until_ms = self._until_ms",
        provers=tests(PROVER, "test_a_run_that_dies_leaves_no_memory"),
    ),
    Mutant(
        STOPPED,
        "a dead token between two claims",
        RECONCILER,
        old="if alive and self._lacks_nothing(findings, task.record):",
        new="if self._lacks_nothing(findings, task.record):",
        provers=tests(PROVER, "test_a_workflow_that_was_stopped_is_noticed_between_two_claims"),
    ),
)
