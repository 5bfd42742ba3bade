"""Conditions of DynamoDB's, proved on Local AWS."""

from __future__ import annotations

from typing import Final

from sluice.aws.tables.task_items import ROOMY_INPUT
from tests.mutation.mutant import Mutant, tests
from tests.mutation.promises import (
    COMPLETED_ONCE,
    NEVER_ABOVE,
    NEVER_TWICE,
    NO_EVENT_IS_LOST,
    NO_TASK_IS_LOST,
)

_FORMER: Final = "no round has a task of a former version"

TABLE_MUTANTS: Final = (
    Mutant(
        NEVER_TWICE,
        "an intent is written once",
        "functions/sluice/aws/tables/task_store.py",
        old='f"attribute_not_exists({KEY})",\n            task.token',
        new='"attribute_not_exists(nothing)",\n            task.token',
        provers=tests("contract/test_stores.py", "test_an_intent_is_written_once[local-aws]"),
    ),
    Mutant(
        NO_TASK_IS_LOST,
        "an intent that the SDK repeats is still its writer's",
        "functions/sluice/aws/tables/task_store.py",
        old='return written or (item is not None and from_item(item).get("writer") == writer)',
        new="return written",
        provers=tests(
            "contract/test_store_conflicts.py", "test_an_intent_that_was_sent_twice_is_its_senders[local-aws]"
        ),
    ),
    Mutant(
        NEVER_TWICE,
        "the id of a job that has one",
        "functions/sluice/aws/tables/task_store.py",
        old="if_not_exists(#j.#{index}.#i,:{index})",
        new="if_not_exists(#j.#{index}.other,:{index})",
        provers=tests("contract/test_stores.py", "test_the_id_of_a_job_that_has_one_stays[local-aws]"),
    ),
    Mutant(
        NEVER_TWICE,
        "of two reconcilers one gets a task",
        "functions/sluice/aws/tables/task_store.py",
        old="(heartbeatAt = :seen OR writer = :writer)",
        new="(heartbeatAt = :seen OR NOT writer = :writer)",
        provers=tests("contract/test_stores.py", "test_of_two_reconcilers_one_gets_a_task[local-aws]"),
    ),
    Mutant(
        NO_EVENT_IS_LOST,
        "the status condition of note_job",
        "functions/sluice/aws/tables/task_store.py",
        old="NOT jobs.#name.#status IN (:succeeded, :failed)",
        new="jobs.#name.#status IN (:succeeded, :failed)",
        provers=tests("contract/test_stores.py", "test_an_ended_job_never_changes_again[local-aws]"),
        unseen="Batch says the same of an ended job however often it tells of it",
    ),
    Mutant(
        NO_EVENT_IS_LOST,
        "the same-job condition of note_job",
        "functions/sluice/aws/tables/task_store.py",
        old="OR jobs.#name.jobId = :id",
        new="OR NOT jobs.#name.jobId = :id",
        provers=tests(
            "contract/test_stores.py",
            "test_a_foreign_note_changes_nothing[local-aws-token-align-a-copy-True]",
        ),
    ),
    Mutant(
        COMPLETED_ONCE,
        "a closed task never changes its state",
        "functions/sluice/aws/tables/task_store.py",
        old='"#state = :was OR (#state = :state AND begins_with(#open, :open))"',
        new='"#state = :was OR NOT (#state = :state AND begins_with(#open, :open))"',
        provers=tests(
            "contract/test_stores.py",
            "test_a_closed_task_stays_as_it_was_closed_and_leaves_the_open_ones[local-aws]",
        ),
    ),
    Mutant(
        NO_EVENT_IS_LOST,
        "keeping little of jobs beside a large input",
        "functions/sluice/aws/tables/task_store.py",
        old='f"(attribute_not_exists({BRIEF}) AND attribute_exists(#token))"',
        new='f"(attribute_not_exists(nothing) AND attribute_exists(#token))"',
        provers=tests(
            "contract/test_stores.py",
            f"test_a_job_is_kept_whole_where_there_is_room_for_it[local-aws-{ROOMY_INPUT}-False]",
        ),
        unseen="it depends on the size of an item alone, and on no order of events",
    ),
    Mutant(
        NO_EVENT_IS_LOST,
        "keeping no more of a former task's jobs than its item has room for",
        "functions/sluice/aws/tables/task_store.py",
        old='f"(attribute_not_exists({BRIEF}) AND attribute_exists(#token))"',
        new='f"(attribute_not_exists({BRIEF}) AND NOT #token = :id)"',
        provers=tests(
            "contract/test_former_tasks.py",
            "test_it_gets_its_heartbeats_and_stays_under_its_key[local-aws]",
        ),
        unseen=_FORMER,
    ),
    Mutant(
        NO_EVENT_IS_LOST,
        "telling the jobs of a former version by its key",
        "functions/sluice/aws/tables/task_items.py",
        old="keyed_by_token=TOKEN not in values",
        new="keyed_by_token=False",
        provers=tests(
            "contract/test_former_tasks.py",
            "test_it_gets_its_heartbeats_and_stays_under_its_key[local-aws]",
        ),
        unseen=_FORMER,
    ),
    Mutant(
        NEVER_ABOVE,
        "the rate condition of a reservation",
        "functions/sluice/aws/tables/rate_store.py",
        old="ratePerSecond = :seen_rate AND changedUs = :seen_changed",
        new="ratePerSecond <= :seen_rate AND changedUs >= :seen_changed",
        provers=tests(
            "contract/test_store_conflicts.py",
            "test_a_lower_rate_is_never_overlooked_by_a_process_that_knew_the_old_one[local-aws]",
        ),
    ),
    Mutant(
        NEVER_ABOVE,
        "the arrival condition after a pause",
        "functions/sluice/aws/tables/rate_store.py",
        old='f" AND arrivalUs {as_seen} :bound"',
        new='" AND NOT arrivalUs = :bound"',
        provers=tests(
            "contract/test_store_conflicts.py",
            "test_two_processes_that_wake_after_a_pause_share_no_slot[local-aws]",
        ),
    ),
    Mutant(
        NEVER_ABOVE,
        "asking again for a slot that lies ahead of who stood still",
        "functions/sluice/aws/tables/rate_store.py",
        old="if tries and raised.arrival_us > horizon_us:",
        new="if tries < 0:",
        provers=tests(
            "contract/test_store_conflicts.py",
            "test_a_process_that_stood_still_gives_nobody_a_second_burst[local-aws-True]",
            "test_a_process_that_stood_still_gives_nobody_a_second_burst[local-aws-False]",
        ),
    ),
)
