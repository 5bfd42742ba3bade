"""Guards of tasks that share an array."""

from __future__ import annotations

from typing import Final

from tests.mutation.mutant import Mutant, tests
from tests.mutation.promises import (
    COMPLETED_ONCE,
    NEVER_ABOVE,
    NEVER_TWICE,
    NO_EVENT_IS_LOST,
    NO_TASK_IS_LOST,
)

SENDER: Final = "functions/sluice/arrays/sender.py"
MEMBERS: Final = "functions/sluice/arrays/members.py"
STORE: Final = "functions/sluice/aws/tables/array_store.py"

ARRAY_MUTANTS: Final = (
    Mutant(
        NEVER_TWICE,
        "the seal before the submission of an array",
        SENDER,
        old="self.store.seal(array_id, in_time, now_us // 1000) if len(in_time) > 1 else in_time",
        new="list(in_time)",
        provers=tests(
            "functional/test_arrays.py",
            "test_an_arrays_members_stand_in_the_table_before_batch_hears_of_it",
            "test_an_array_whose_id_was_lost_is_looked_up_once_for_all_its_tasks",
        ),
    ),
    Mutant(
        NEVER_TWICE,
        "another look at the one that is left of an array",
        SENDER,
        old="        if len(held) <= 1:",
        new="""\
        if len(held) == 1:
            return answers | {held[0]: Turn.SLOT}
        if not held:""",
        provers=tests(
            "functional/test_arrays.py",
            "test_who_is_left_of_an_array_waits_for_a_slot_of_its_own_which_takes_another_look",
        ),
        unseen="all but one of those that wait have to end at once, as in one round in hundreds",
    ),
    Mutant(
        NEVER_TWICE,
        "leaving those out of an array that are not their owner's any more",
        STORE,
        old="#state = :open AND heartbeatAt = :seen",
        new="#state = :open AND heartbeatAt >= :seen",
        provers=tests(
            "contract/test_array_store.py",
            "test_members_that_are_not_their_owners_any_more_are_left_out[local-aws]",
        ),
        unseen="the next owner comes when the time of the one before is over, which is looked at as well",
    ),
    Mutant(
        NEVER_TWICE,
        "one array under an id",
        STORE,
        old='"ConditionExpression": f"attribute_not_exists({KEY})",',
        new='"ConditionExpression": f"attribute_not_exists({KEY}) OR attribute_exists({KEY})",',
        provers=tests("contract/test_array_store.py", "test_an_array_is_sealed_once[local-aws]"),
        unseen="an id is made of a task and a time in microseconds: no two arrays have the same",
    ),
    Mutant(
        NEVER_TWICE,
        "looking an array up by its name before a task of it is submitted alone",
        "functions/sluice/tasks/job_finder.py",
        old="if record.place is None:",
        new="if True:",
        provers=tests(
            "functional/test_arrays.py",
            "test_an_array_whose_id_was_lost_is_looked_up_once_for_all_its_tasks",
        ),
    ),
    Mutant(
        NEVER_TWICE,
        "one decision about an array for all of its tasks",
        STORE,
        old='attribute_not_exists(jobId)"\n            " AND attribute_not_exists(dissolved)"',
        new='attribute_exists(jobQueue)"',
        provers=tests(
            "contract/test_array_store.py",
            "test_the_first_word_about_an_arrays_job_stays[local-aws-None-job-7]",
            "test_the_first_word_about_an_arrays_job_stays[local-aws-job-7-job-8]",
        ),
        unseen="owners see different lists only where lists lag, and there copies are a class of their own",
    ),
    Mutant(
        NEVER_TWICE,
        "heeding that an array was given up",
        MEMBERS,
        old="if array is None or array.dissolved:",
        new="if array is None:",
        provers=tests(
            "functional/test_arrays.py",
            "test_what_was_decided_of_an_array_holds_for_a_task_that_asks_later",
        ),
        unseen="an array is listed so late only where lists lag, and there copies are a class of their own",
    ),
    Mutant(
        NEVER_TWICE,
        "leaving all tasks of an array after an unclear answer",
        SENDER,
        old="return {member: _unanswered(member, error) for member in held}",
        new="return {}",
        provers=tests(
            "functional/test_arrays.py", "test_after_an_unclear_answer_all_are_left_to_their_next_owner"
        ),
    ),
    Mutant(
        NEVER_TWICE,
        "the age of the decision to submit an array",
        SENDER,
        old="return self.clock.now_us() <= until_us",
        new="return True",
        provers=tests(
            "functional/test_arrays.py",
            "test_an_array_is_not_submitted_when_the_time_of_one_of_its_tasks_is_over",
        ),
        unseen="a function has to stand still just between a seal and its submission, as once in many rounds",
    ),
    Mutant(
        NEVER_ABOVE,
        "giving up the slot of an array that took long to seal",
        SENDER,
        old="if self.limiter.is_late(due_us) and not self.limiter.wait(until_us):",
        new="if due_us < 0:",
        provers=tests(
            "functional/test_arrays.py",
            "test_an_array_that_took_too_long_to_seal_is_not_submitted_in_its_old_slot",
        ),
        unseen="a function has to stand still just between a slot and its submission, as once in many rounds",
    ),
    Mutant(
        NO_TASK_IS_LOST,
        "submitting alone what Batch refused as an array",
        SENDER,
        old="        return Turn.ALONE\n    return _unanswered(member, error)",
        new="        return Turn.LEFT\n    return _unanswered(member, error)",
        provers=tests("functional/test_arrays.py", "test_what_batch_refuses_to_all_each_tries_alone"),
        unseen="Batch refuses no array in a round",
    ),
    Mutant(
        NO_EVENT_IS_LOST,
        "asking about the children of an array that has ended",
        "functions/sluice/tasks/reconciliation.py",
        old="overdue = age_ms >= policy.overdue_seconds * 1000 or array_ended",
        new="overdue = age_ms >= policy.overdue_seconds * 1000",
        provers=tests(
            "functional/test_arrays.py",
            "test_after_an_arrays_end_batch_is_asked_about_the_children_of_which_no_event_came",
        ),
    ),
    Mutant(
        COMPLETED_ONCE,
        "telling an array's end from a child's",
        "functions/sluice/tasks/job_event.py",
        old='    if "index" not in array:\n        return EndedArray(array_id)\n    index = array["index"]',
        new='    index = array.get("index", 0)',
        provers=tests("functional/test_arrays.py", "test_an_arrays_end_ends_no_task"),
    ),
    Mutant(
        COMPLETED_ONCE,
        "keeping apart what differs in more than what varies",
        "functions/sluice/arrays/shape.py",
        old="text = json.dumps([job.name, varying, task.like_sync, common], sort_keys=True)",
        new="text = json.dumps([job.name, varying])",
        provers=(
            "unit/sluice/arrays/test_shape.py::test_any_other_difference_is_another_shape",
            "unit/sluice/arrays/test_shape.py::test_the_short_form_and_the_long_one_share_no_array",
        ),
    ),
)
