"""Guards of a task's way from the Activity to its end."""

from __future__ import annotations

from typing import Final

from tests.mutation.mutant import Mutant, tests
from tests.mutation.promises import (
    COMPLETED_ONCE,
    ENDS_NOTHING,
    NEVER_TWICE,
    NO_EVENT_IS_LOST,
    NO_TASK_IS_LOST,
    STOPPED,
)

TASK_MUTANTS: Final = (
    Mutant(
        NO_TASK_IS_LOST,
        "the intent write",
        "functions/sluice/tasks/submitter.py",
        old="known = not self.store.put_intent(task, handed.input, now_ms)",
        new="known = False",
        provers=tests(
            "functional/test_order_of_steps.py",
            "test_the_intent_is_there_before_batch_hears_of_a_job",
            "test_a_poller_that_dies_at_its_first_submission_leaves_the_intent",
        ),
    ),
    Mutant(
        NO_EVENT_IS_LOST,
        "refusing a job to a queue of which no event tells",
        "functions/sluice/tasks/contract.py",
        old="if queues := self.queues.instead_of(queue):",
        new="if queues := ():",
        provers=tests(
            "functional/test_submitter.py",
            "test_a_job_to_a_queue_that_is_not_watched_is_refused_before_any_is_submitted",
        ),
    ),
    Mutant(
        NO_EVENT_IS_LOST,
        "refusing parameters by which Sluice tells jobs apart",
        "functions/sluice/tasks/submission.py",
        old="OWN_PARAMETERS: Final = (KEY, FORMER_KEY, JOB, ARRAY, FORM)",
        new="OWN_PARAMETERS: Final = (KEY, FORMER_KEY, JOB, ARRAY)",
        provers=tests(
            "unit/sluice/tasks/test_bad_contract.py",
            "test_what_is_wrong_is_said_in_few_words_of_plain_ascii[a task's form of the sender's]",
        ),
    ),
    Mutant(
        NO_TASK_IS_LOST,
        "submitting what a dead poller left",
        "functions/sluice/tasks/reconciler.py",
        old="self.submitter.submit(record, until_us=claimed.until_us)",
        new="pass",
        provers=tests(
            "functional/test_reconciler.py", "test_a_task_that_was_lost_after_its_intent_is_submitted"
        ),
    ),
    Mutant(
        NO_TASK_IS_LOST,
        "the heartbeat of live tasks",
        "functions/sluice/tasks/reconciler.py",
        old="self.heartbeat_limiter.call(partial(self.activities.heartbeat, token), until_us)",
        new="pass",
        provers=tests("functional/test_reconciler.py", "test_a_live_task_gets_a_heartbeat_and_no_describe"),
    ),
    Mutant(
        NO_TASK_IS_LOST,
        "a heartbeat before the claim",
        "functions/sluice/tasks/reconciler.py",
        old="""\
            alive = self._is_alive(findings, run, task)
""",
        new="""\
            self._claim(findings, run, task, alive=True)
            alive = self._is_alive(findings, run, task)
""",
        provers=tests(
            "functional/test_reconciler.py",
            "test_a_reconciler_that_dies_at_its_heartbeat_leaves_the_task_to_the_next_run",
        ),
    ),
    Mutant(
        NO_TASK_IS_LOST,
        "heartbeats before any labour",
        "functions/sluice/tasks/reconciler.py",
        old="            self._sort(findings, Claimed(record, alive, min(until_us, run.submit_until_us)))",
        new="""\
            found = Findings(findings.due_ms)
            self._sort(found, Claimed(record, alive, min(until_us, run.submit_until_us)))
            for piece in self._labour(found, run):
                piece()""",
        provers=tests(
            "functional/test_reconciler.py",
            "test_all_heartbeats_are_sent_before_batch_is_asked_anything",
        ),
    ),
    Mutant(
        NO_TASK_IS_LOST,
        "noting ids after a fault",
        "functions/sluice/tasks/submitter.py",
        old="""\
        finally:  # what was submitted before a fault is noted all the same
            if new:""",
        new="""\
        finally:
            if clear:""",
        provers=tests(
            "functional/test_submitter.py",
            "test_a_fault_in_the_middle_of_a_task_leaves_the_ids_that_there_are",
        ),
    ),
    Mutant(
        NEVER_TWICE,
        "the look-up by name after an unclear answer",
        "functions/sluice/tasks/submitter.py",
        old="found = self.finder.wait_for(request, work.until_us)",
        new="found = None",
        provers=tests(
            "functional/test_submitter.py",
            "test_after_a_lost_answer_the_job_is_found_by_its_name_and_not_submitted_again",
        ),
    ),
    Mutant(
        NEVER_TWICE,
        "a second look-up, for a job that shows up late",
        "functions/sluice/tasks/job_finder.py",
        old="SETTLE_SECONDS: Final = (2, 5)",
        new="SETTLE_SECONDS: Final = (2,)",
        provers=tests(
            "functional/test_submitter.py",
            "test_a_job_that_shows_up_late_under_its_name_is_not_submitted_again",
        ),
    ),
    Mutant(
        NEVER_TWICE,
        "looking at the task again after a long wait",
        "functions/sluice/tasks/submitter.py",
        old="return now.heartbeat_at == work.record.heartbeat_at",
        new="return now.heartbeat_at >= work.record.heartbeat_at",
        provers=tests(
            "functional/test_copies.py",
            "test_a_poller_that_waited_for_long_submits_nothing_for_a_task_that_is_anothers_by_now",
        ),
        unseen="the next owner comes when the time of the one before is over, which is looked at as well",
    ),
    Mutant(
        NEVER_TWICE,
        "a decision that is too old to submit a job",
        "functions/sluice/tasks/submitter.py",
        old=" and self.clock.now_us() <= stale_us:",
        new=" and stale_us:",
        provers=tests(
            "functional/test_copies.py",
            "test_a_poller_that_stood_still_submits_nothing_for_a_task_that_is_anothers_by_now",
        ),
    ),
    Mutant(
        STOPPED,
        "a look at a task that waited for its reconciler's turn",
        "functions/sluice/tasks/submitter.py",
        old="claimed_us = record.heartbeat_at * 1000",
        new="claimed_us = self.clock.now_us()",
        provers=tests(
            "functional/test_reconciler.py",
            "test_a_task_that_waited_long_for_its_reconciler_is_looked_at_before_it_is_submitted",
        ),
    ),
    Mutant(
        NEVER_TWICE,
        "stopping a copy of a job that has an id",
        "functions/sluice/tasks/submitter.py",
        old="if record.jobs[name].job_id != job_id",
        new="if record.jobs[name].job_id is None",
        provers=tests(
            "functional/test_copies.py", "test_whoever_submitted_a_job_that_has_an_id_already_stops_its_own"
        ),
    ),
    Mutant(
        NEVER_TWICE,
        "stopping copies that are found by name",
        "functions/sluice/tasks/job_finder.py",
        old="        self.stop_copies(copies)\n        return kept",
        new="        return kept",
        provers=tests("functional/test_copies.py", "test_copies_that_are_found_by_name_are_stopped"),
    ),
    Mutant(
        NEVER_TWICE,
        "stopping a copy again that could not be stopped",
        "functions/sluice/tasks/job_finder.py",
        old="COPY_TRIES: Final = 3",
        new="COPY_TRIES: Final = 1",
        provers=tests(
            "functional/test_copies.py",
            "test_a_copy_is_stopped_though_its_finder_stood_still_meanwhile",
            "test_a_copy_whose_stopping_failed_is_stopped_again_and_the_others_only_once",
        ),
        unseen="copies are rare, and calls that are refused are: no profile has both at once often enough",
    ),
    Mutant(
        NEVER_TWICE,
        "one unclear answer an owner",
        "functions/sluice/tasks/submitter.py",
        old="""\
                if found is None:
                    raise UnansweredError(job_name, str(error)) from error
                return found
""",
        new="""\
                if found is not None:
                    return found
""",
        provers=tests(
            "functional/test_submitter.py",
            "test_a_job_that_shows_up_minutes_later_is_found_and_not_submitted_again",
        ),
    ),
    Mutant(
        NO_TASK_IS_LOST,
        "an end to a job that can never be submitted",
        "functions/sluice/tasks/submitter.py",
        old="        if said is not None:\n",
        new="        if said == answer:\n",
        provers=tests(
            "functional/test_submitter.py",
            "test_a_job_whose_submission_always_fails_is_refused_after_a_bound_with_the_last_answer",
        ),
    ),
    Mutant(
        NO_TASK_IS_LOST,
        "an error that is not the sender's fault",
        "functions/sluice/tasks/submitter.py",
        old="refused = RefusedJobError if is_refusal(error) else UnansweredError",
        new="refused = RefusedJobError",
        provers=tests(
            "functional/test_submitter.py",
            "test_what_is_not_the_senders_fault_is_left_to_the_next_owner[expired credentials]",
            "test_credentials_that_expired_never_refuse_a_task_however_long_it_takes",
        ),
    ),
    Mutant(
        ENDS_NOTHING,
        "patience with a permission that is not in force yet",
        "functions/sluice/tasks/submitter.py",
        old="lasts = now_us - work.denied_us >= DENIED_SECONDS * MICROSECONDS",
        new="lasts = now_us >= work.denied_us",
        provers=tests(
            "functional/test_denied_jobs.py",
            "test_a_permission_that_takes_a_minute_costs_no_task_and_no_owner",
        ),
    ),
    Mutant(
        NO_TASK_IS_LOST,
        "an end to a job that IAM denies for good",
        "functions/sluice/tasks/submitter.py",
        old="DENIED_BY_IAM in before.answer",
        new="DENIED_BY_IAM == before.answer",
        provers=tests(
            "functional/test_denied_jobs.py",
            "test_what_the_owner_before_was_denied_too_is_refused_at_once",
        ),
    ),
    Mutant(
        NO_TASK_IS_LOST,
        "patience with an outage of Batch",
        "functions/sluice/tasks/submission.py",
        old="trouble.failures < MAX_FAILURES or seconds < MAX_FAILING_SECONDS",
        new="trouble.failures < 5",
        provers=tests("functional/test_submitter.py", "test_a_long_outage_of_batch_costs_no_task"),
    ),
    Mutant(
        NO_TASK_IS_LOST,
        "threads that do not wait for jobs that fail",
        "functions/sluice/tasks/job_finder.py",
        old="            if not patient:",
        new="            if not patient and until_us == 0:",
        provers=tests(
            "functional/test_submitter.py",
            "test_requests_that_always_fail_do_not_hold_all_threads_of_a_poller",
        ),
    ),
    Mutant(
        NEVER_TWICE,
        "the reconciler's look-up by name",
        "functions/sluice/tasks/reconciler.py",
        old="found = self.submitter.finder.find(record, until_us=until_us)",
        new="found: dict[str, str] = {}",
        provers=tests("functional/test_reconciler.py", "test_a_job_whose_id_was_lost_is_found_by_its_name"),
    ),
    Mutant(
        NEVER_TWICE,
        "names made of the token",
        "functions/sluice/tasks/submission.py",
        old='f"{token}\\n{name}".encode()',
        new="name.encode()",
        provers=tests(
            "unit/sluice/tasks/test_submission.py",
            "test_the_same_submission_has_the_same_name_and_another_has_another",
        ),
    ),
    Mutant(
        NEVER_TWICE,
        "the window that is the poller's alone",
        "functions/sluice/tasks/submitter.py",
        old="_Work(record, min(until_us, window_us), looked_us=accepted_us, alone=alone)",
        new="_Work(record, max(until_us, window_us), looked_us=accepted_us, alone=alone)",
        provers=tests(
            "functional/test_submitter.py", "test_nobody_submits_after_the_window_that_is_the_pollers_alone"
        ),
    ),
    Mutant(
        NEVER_TWICE,
        "the age from which the reconciler takes over",
        "functions/sluice/tasks/reconciliation.py",
        old="submitting_is_over=age_ms >= policy.takeover_seconds * 1000",
        new="submitting_is_over=True",
        provers=tests(
            "unit/sluice/tasks/test_reconciliation.py", "test_a_young_unsubmitted_task_is_still_its_pollers"
        ),
    ),
    Mutant(
        NEVER_TWICE,
        "the end of a reconciler's claim",
        "functions/sluice/tasks/reconciler.py",
        old="min(until_us, run.submit_until_us)",
        new="max(until_us, run.submit_until_us)",
        provers=tests(
            "functional/test_reconciler.py",
            "test_a_reconciler_that_is_slow_never_submits_beside_the_next_one",
        ),
    ),
    Mutant(
        NEVER_TWICE,
        "clients that never repeat a SubmitJob",
        "functions/sluice/aws/clients.py",
        old='{"total_max_attempts": 1, "mode": "standard"}',
        new='{"total_max_attempts": 2, "mode": "standard"}',
        provers=tests(
            "functional/test_aws_errors.py", "test_calls_that_must_not_be_repeated_are_not_retried_by_boto3"
        ),
    ),
    Mutant(
        NO_EVENT_IS_LOST,
        "delivering a record that failed again",
        "functions/sluice/runtime/sqs.py",
        old="""\
        logger.exception("record will be delivered again", message_id=record["messageId"])
        return False
""",
        new="""\
        return True
""",
        provers=tests(
            "functional/test_handlers.py",
            "test_only_the_record_that_failed_is_delivered_again_and_the_log_says_why",
            "test_a_batch_that_fails_whole_is_delivered_again_whole",
        ),
    ),
    Mutant(
        NO_EVENT_IS_LOST,
        "handling each record of a batch by itself",
        "functions/sluice/runtime/sqs.py",
        old="    except Exception:  # noqa: BLE001",
        new="    except ZeroDivisionError:  # noqa: BLE001",
        provers=tests(
            "functional/test_handlers.py",
            "test_only_the_record_that_failed_is_delivered_again_and_the_log_says_why",
        ),
    ),
    Mutant(
        NO_EVENT_IS_LOST,
        "asking about overdue jobs",
        "functions/sluice/tasks/reconciliation.py",
        old="describe=waiting if overdue else ()",
        new="describe=()",
        provers=tests("functional/test_reconciler.py", "test_an_event_that_never_came_is_made_good"),
    ),
    Mutant(
        NO_EVENT_IS_LOST,
        "a day's patience with a job that Batch does not know",
        "functions/sluice/tasks/reconciliation.py",
        old="forgettable=age_ms >= FORGOTTEN_SECONDS * 1000",
        new="forgettable=True",
        provers=tests(
            "functional/test_reconciler.py",
            "test_a_job_that_batch_does_not_know_fails_its_task_only_after_a_day",
        ),
    ),
    Mutant(
        NO_EVENT_IS_LOST,
        "asking twice about a job that Batch does not know",
        "functions/sluice/tasks/overdue_jobs.py",
        old="if not question.missing:",
        new="if question.missing is None:",
        provers=tests(
            "functional/test_reconciler.py",
            "test_a_job_that_batch_does_not_know_fails_its_task_only_after_a_day",
        ),
        unseen="it takes a task that is a day old, and a round is over before",
    ),
    Mutant(
        COMPLETED_ONCE,
        "telling the workflow before closing",
        "functions/sluice/tasks/completer.py",
        old="""\
        self.tell(record.task.token, outcome)
        return self._close(record, outcome.state)
""",
        new="""\
        closed = self._close(record, outcome.state)
        self.tell(record.task.token, outcome)
        return closed
""",
        provers=tests(
            "functional/test_order_of_steps.py", "test_a_task_stays_open_until_its_workflow_was_told"
        ),
    ),
    Mutant(
        COMPLETED_ONCE,
        "news before stopping",
        "functions/handle_job_status/app.py",
        old='if len(event["Records"]) < BATCH_SIZE:',
        new="if ended:",
        provers=tests(
            "functional/test_storms.py",
            "test_good_news_does_not_wait_behind_the_stopping_of_failed_tasks",
        ),
    ),
    Mutant(
        COMPLETED_ONCE,
        "a dead token that counts as told",
        "functions/sluice/tasks/completer.py",
        old="""\
        except TaskGoneError:
            self.telemetry.count("TasksGone")
""",
        new="""\
        except TaskGoneError:
            raise
""",
        provers=tests(
            "functional/test_completer.py",
            "test_a_crash_after_the_workflow_was_told_is_made_good_by_the_next_delivery",
        ),
    ),
    Mutant(
        STOPPED,
        "the heartbeat sweep",
        "functions/sluice/tasks/reconciler.py",
        old="ended = record if self.completer.complete(record) else self.completer.abandon(record)",
        new="ended = record if self.completer.complete(record) else None",
        provers=tests("functional/test_reconciler.py", "test_a_dead_token_stops_its_jobs"),
    ),
    Mutant(
        STOPPED,
        "no more jobs for a task that has ended",
        "functions/sluice/tasks/submitter.py",
        old="return clear and not ended and len(work.job_ids)",
        new="return clear and len(work.job_ids)",
        provers=tests(
            "functional/test_submitter.py",
            "test_a_workflow_that_is_stopped_while_its_jobs_are_submitted_gets_no_more_of_them",
            "test_a_task_that_failed_fast_while_its_jobs_are_submitted_gets_no_more_of_them",
        ),
    ),
    Mutant(
        STOPPED,
        "stopping jobs before the item leaves the reconciler's line",
        "functions/sluice/tasks/completer.py",
        old="                    if str(job.job_id) in left:",
        new="                    if str(job.job_id) is left:",
        provers=tests(
            "functional/test_completer.py",
            "test_jobs_for_which_there_is_no_time_are_stopped_by_the_reconciler",
        ),
    ),
    Mutant(
        STOPPED,
        "settling what was closed and not stopped",
        "functions/sluice/tasks/completer.py",
        old="settle_from_ms = None if settled else now_ms + round(self.settle_seconds * 1000)",
        new="settle_from_ms = None",
        provers=tests(
            "functional/test_order_of_steps.py",
            "test_a_task_stays_in_the_reconcilers_line_until_its_jobs_were_stopped",
        )
        + tests(
            "functional/test_completer.py",
            "test_jobs_for_which_there_is_no_time_are_stopped_by_the_reconciler",
        ),
    ),
    Mutant(
        STOPPED,
        "waiting for the ids of jobs that may have been submitted",
        "functions/sluice/tasks/completion.py",
        old="known = submitting_is_over or not may_be_submitted(record)",
        new="known = True",
        provers=tests(
            "functional/test_reconciler.py",
            "test_the_jobs_of_an_abandoned_task_are_stopped_even_if_their_ids_were_never_noted",
        ),
    ),
    Mutant(
        STOPPED,
        "sparing what a redriven execution started later",
        "functions/cancel_jobs/app.py",
        old="abandoned = completer.abandon_if_dead(task)",
        new="abandoned = completer.abandon(task)",
        provers=tests(
            "functional/test_handlers.py",
            "test_a_late_event_does_not_touch_what_a_redriven_execution_started_later",
        ),
    ),
    Mutant(
        STOPPED,
        "stopping an earlier try before a new one is submitted",
        "functions/sluice/tasks/submitter.py",
        old="        if not work.job_ids:\n",
        new="        if not work:\n",
        provers=tests(
            "functional/test_earlier_tries.py",
            "test_a_new_try_stops_the_jobs_of_the_one_before_first",
        ),
    ),
    Mutant(
        STOPPED,
        "sparing the other items of a Map",
        "functions/sluice/tasks/submitter.py",
        old="self.completer.abandon_if_dead(earlier)",
        new="self.completer.abandon(earlier)",
        provers=tests("functional/test_earlier_tries.py", "test_the_other_items_of_a_map_go_on"),
    ),
)
