"""Guards of cohorts: starts, counts, healing."""

from __future__ import annotations

from typing import Final

from tests.mutation.mutant import Mutant, tests
from tests.mutation.promises import COUNTS_ARE_RIGHT, STARTS_ONCE

SERVICES: Final = "functional/test_cohorts.py"
TABLE: Final = "contract/test_cohort_store.py"

COHORT_MUTANTS: Final = (
    Mutant(
        STARTS_ONCE,
        "starting nothing of a sheet after which another came",
        "functions/sluice/aws/tables/cohort_store.py",
        old='" AND sheetSha256 = :sheet" if next_row else ""',
        new='" AND :sheet = :sheet" if next_row else ""',
        provers=tests(TABLE, "test_rows_of_the_sheet_before_start_no_more[local-aws]"),
    ),
    Mutant(
        STARTS_ONCE,
        "redriving a sample once after each of its ends",
        "functions/sluice/aws/tables/cohort_items.py",
        old=" AND {last} = :ended",
        new=" AND :ended = :ended",
        provers=tests(TABLE, "test_a_sample_is_redriven_once_after_each_of_its_ends[local-aws]"),
    ),
    Mutant(
        STARTS_ONCE,
        "asking whether an execution that refused its redrive runs",
        "functions/sluice/cohorts/attempts.py",
        old="return end is None or bool(self.store.note_ends([end]))",
        new="return False",
        provers=tests(
            SERVICES, "test_an_execution_that_somebody_redrove_by_hand_is_not_followed_by_another[None]"
        ),
    ),
    Mutant(
        STARTS_ONCE,
        "comparing a longer sheet with all samples that have started",
        "functions/sluice/aws/tables/cohort_store.py",
        old="AND nextRow = :row AND askedAt",
        new="AND nextRow >= :row AND askedAt",
        provers=tests(TABLE, "test_a_cohort_gets_another_sheet_once[local-aws]"),
    ),
    Mutant(
        STARTS_ONCE,
        "starting anew what a Fail state ended",
        "functions/sluice/cohorts/redrives.py",
        old=" and not history.in_fail_state",
        new="",
        provers=tests(SERVICES, "test_what_cannot_go_on_starts_anew[ended by a Fail state]"),
    ),
    Mutant(
        STARTS_ONCE,
        "telling a throttled call from time that is up",
        "functions/sluice/cohorts/starter.py",
        old="except NoSlotError:",
        new="except Exception:",
        provers=tests(SERVICES, "test_a_table_that_throttles_ends_the_run_for_the_retry_with_its_pauses"),
    ),
    Mutant(
        COUNTS_ARE_RIGHT,
        "telling an end before a redrive from the one after it",
        "functions/sluice/aws/tables/cohort_items.py",
        old="endedBefore < :stopped",
        new="endedBefore <> :nobody",
        provers=tests(TABLE, "test_a_redriven_sample_runs_again_and_leaves_its_end_behind[local-aws]"),
    ),
    Mutant(
        COUNTS_ARE_RIGHT,
        "making a redrive that was noted only",
        "functions/sluice/cohorts/reconciler.py",
        old="if end is not None and is_end_before(sample, end):",
        new="if end is None and sample.redrives < 0:",
        provers=tests(SERVICES, "test_a_redrive_that_was_noted_only_is_made_by_the_reconciler"),
    ),
    Mutant(
        STARTS_ONCE,
        "an execution's name, which can be used once",
        "functions/sluice/cohorts/attempts.py",
        old="name = str(sample.execution_name)",
        new='name = f"{asked.until_us}"',
        provers=tests(SERVICES, "test_a_run_goes_on_where_the_time_was_up"),
    ),
    Mutant(
        STARTS_ONCE,
        "telling the samples that run of those that are over",
        "functions/sluice/aws/tables/cohort_store.py",
        old="running = [sample for sample in found if sample.status is SampleStatus.RUNNING]",
        new="running = list[Sample]()",
        provers=tests(
            TABLE, "test_a_repeated_start_counts_nothing_twice_and_tells_of_those_that_run[local-aws]"
        ),
    ),
    Mutant(
        STARTS_ONCE,
        "starting what was noted only",
        "functions/sluice/cohorts/reconciler.py",
        old="self._attempt(cohort, sample, Asked(cohort.wanted_at, until_us))",
        new="pass",
        provers=tests(SERVICES, "test_a_sample_that_was_noted_and_never_started_is_started"),
    ),
    Mutant(
        STARTS_ONCE,
        "retrying only what had failed when it was asked for",
        "functions/sluice/cohorts/blocks.py",
        old="sample.status in FAILURES and (sample.stopped_at or 0) <= as_of",
        new="sample.status in FAILURES",
        provers=tests(SERVICES, "test_a_repeated_retry_does_not_retry_what_failed_since_it_was_asked_for"),
    ),
    Mutant(
        STARTS_ONCE,
        "asking again for a start without an answer",
        "functions/sluice/cohorts/starter.py",
        old="UNCLEAR_TRIES: Final = 3",
        new="UNCLEAR_TRIES: Final = 1",
        provers=tests(SERVICES, "test_a_start_whose_answer_is_lost_is_made_again"),
    ),
    Mutant(
        STARTS_ONCE,
        "starting nothing of a cohort that was cancelled meanwhile",
        "functions/sluice/aws/tables/cohort_store.py",
        old="OR cancelledAt < :asof",
        new="OR cancelledAt >= :asof",
        provers=tests(TABLE, "test_a_cancelled_cohort_starts_nothing_until_somebody_asks_again[local-aws]"),
    ),
    Mutant(
        STARTS_ONCE,
        "letting a cancel count to the end of its second",
        "functions/sluice/aws/tables/cohort_store.py",
        old="* 1000 + 999",
        new="* 1000 - 1",
        provers=tests(
            TABLE,
            "test_a_cancel_counts_to_the_end_of_the_second_in_which_the_table_heard_of_it[local-aws]",
        ),
    ),
    Mutant(
        STARTS_ONCE,
        "refusing whoever is known to have asked before a cancel",
        "functions/sluice/cohorts/model.py",
        old="return max(now_ms, self.wanted_at)",
        new="return now_ms",
        provers=tests(
            TABLE,
            "test_a_cancel_refuses_whoever_is_known_to_have_asked_whatever_the_clocks_say[local-aws]",
            "test_a_cohort_that_was_reopened_can_be_cancelled_before_anything_started[local-aws]",
        ),
    ),
    Mutant(
        STARTS_ONCE,
        "keeping a cancel in mind when the cohort goes on for others",
        "functions/sluice/aws/tables/cohort_store.py",
        old='"SET reopenedAt = :at"',
        new='"SET reopenedAt = :at REMOVE cancelledAt"',
        provers=tests(
            TABLE, "test_who_asked_before_a_cancel_stays_cancelled_though_the_cohort_goes_on[local-aws]"
        ),
    ),
    Mutant(
        STARTS_ONCE,
        "looking for a cancel while a block's samples start",
        "functions/sluice/cohorts/attempts.py",
        old="            asked.check()\n",
        new="",
        provers=tests(
            SERVICES,
            "test_a_cancel_is_heeded_within_a_block_while_starts_are_throttled",
            "test_a_cancel_is_heeded_within_a_block_that_starts_slowly",
        ),
    ),
    Mutant(
        STARTS_ONCE,
        "leaving what a cancelled launch noted, also when the cohort goes on",
        "functions/sluice/cohorts/reconciler.py",
        old="if cohort.refuses(sample.started_at):",
        new="if cohort.is_cancelled:",
        provers=tests(SERVICES, "test_what_a_cancelled_launch_left_is_not_started_though_the_cohort_goes_on"),
    ),
    Mutant(
        STARTS_ONCE,
        "noting a sample never before it was asked for",
        "functions/sluice/cohorts/blocks.py",
        old="return max(now_ms if self.noted_before is None else self.noted_before, self.as_of)",
        new="return now_ms if self.noted_before is None else self.noted_before",
        provers=tests(TABLE, "test_a_sample_counts_as_noted_no_sooner_than_it_was_asked_for[local-aws]"),
    ),
    Mutant(
        COUNTS_ARE_RIGHT,
        "giving a sample up only when nobody can start it any more",
        "functions/sluice/cohorts/reconciler.py",
        old="if self.clock.now_ms() - asked_at >= GIVE_UP_SECONDS * 1000:",
        new="if asked_at:",
        provers=tests(
            SERVICES,
            "test_a_sample_is_given_up_only_when_nobody_can_start_it_any_more",
            "test_what_one_starts_late_of_a_cancelled_cohort_is_found_and_stopped",
        ),
    ),
    Mutant(
        COUNTS_ARE_RIGHT,
        "counting a sample once",
        "functions/sluice/aws/tables/cohort_items.py",
        old='put["ConditionExpression"] = "attribute_not_exists(cohort)"',
        new='put["ConditionExpression"] = "attribute_not_exists(nobody)"',
        provers=tests(
            TABLE, "test_a_repeated_start_counts_nothing_twice_and_tells_of_those_that_run[local-aws]"
        ),
    ),
    Mutant(
        COUNTS_ARE_RIGHT,
        "counting an end once",
        "functions/sluice/aws/tables/cohort_items.py",
        old="AND executionArn = :arn AND #status = :before AND {later}",
        new="AND executionArn = :arn AND NOT #status = :stopped AND {later}",
        provers=tests(TABLE, "test_an_end_is_counted_once[local-aws]"),
    ),
    Mutant(
        COUNTS_ARE_RIGHT,
        "passing over executions of others that have a sample's name",
        "functions/sluice/aws/tables/cohort_items.py",
        old="AND executionArn = :arn",
        new="AND NOT executionArn = :stopped",
        provers=tests(TABLE, "test_ends_of_others_change_nothing[local-aws]"),
    ),
    Mutant(
        COUNTS_ARE_RIGHT,
        "trying the others again without those that were refused",
        "functions/sluice/aws/tables/transactions.py",
        old='kept = [entry for entry, why in fates if why["Code"] != CONDITION_FAILED]',
        new="kept = []",
        provers=tests(
            TABLE,
            "test_of_ends_told_together_those_that_change_nothing_do_not_hold_up_the_others[local-aws]",
        ),
    ),
    Mutant(
        COUNTS_ARE_RIGHT,
        "counting the end of a redriven execution",
        "functions/sluice/aws/tables/cohort_store.py",
        old="for before in FAILURES:",
        new="for before in ():",
        provers=tests(TABLE, "test_an_execution_that_was_redriven_ends_once_more[local-aws-SUCCEEDED]"),
    ),
    Mutant(
        COUNTS_ARE_RIGHT,
        "delivering again what was not counted",
        "functions/sluice/cohorts/counter.py",
        old="            return ends\n",
        new="            return ()\n",
        provers=tests(SERVICES, "test_ends_that_cannot_be_counted_come_again"),
    ),
    Mutant(
        COUNTS_ARE_RIGHT,
        "asking about samples that have been running for long",
        "functions/sluice/cohorts/reconciler.py",
        old="self.store.note_ends([end]))",
        new="0)",
        provers=tests(SERVICES, "test_an_end_of_which_no_event_told_is_counted"),
    ),
    Mutant(
        COUNTS_ARE_RIGHT,
        "stopping what a cancelled cohort left running",
        "functions/sluice/cohorts/reconciler.py",
        old="self.executions.stop(sample.execution_arn, CANCELLED_ERROR)",
        new="pass",
        provers=tests(SERVICES, "test_a_cancelled_cohort_is_stopped_to_the_last_sample"),
    ),
)
