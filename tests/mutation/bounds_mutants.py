"""Guards of what tasks and cohorts may use, and of the key that jobs have in place of a token."""

from __future__ import annotations

from typing import Final

from tests.mutation.mutant import Mutant, tests
from tests.mutation.promises import NO_TASK_IS_LOST, SECRET, WITHIN_BOUNDS

ITEMS: Final = "functions/sluice/aws/tables/task_items.py"
ASKED: Final = "functions/sluice/aws/bounds/asked.py"
SUBMISSION: Final = "functions/sluice/tasks/submission.py"
_WITHIN: Final = "every job and workflow of a round is within the bounds of the stack"

BOUNDS_MUTANTS: Final = (
    Mutant(
        SECRET,
        "the key in a job's parameters",
        SUBMISSION,
        old="own = {key: task.key, JOB: job.name, **form}",
        new="own = {key: task.token, JOB: job.name, **form}",
        provers=tests("unit/sluice/tasks/test_submission.py", "test_a_job_has_the_key_and_not_the_token"),
    ),
    Mutant(
        SECRET,
        "a key of which no token can be made",
        "functions/sluice/tasks/model.py",
        old="return hashlib.sha256(token.encode()).hexdigest()[:KEY_DIGITS]",
        new="return token",
        provers=tests("unit/sluice/tasks/test_submission.py", "test_a_job_has_the_key_and_not_the_token"),
    ),
    Mutant(
        SECRET,
        "the key of a task's item",
        ITEMS,
        old="        KEY: task.key,\n        TOKEN: task.token,\n",
        new="        KEY: task.token,\n        TOKEN: task.token,\n",
        provers=tests(
            "contract/test_former_tasks.py",
            "test_a_task_of_this_version_is_told_by_its_key_alone[local-aws]",
        ),
    ),
    Mutant(
        WITHIN_BOUNDS,
        "refusing a job of a definition that is out of bounds",
        "functions/sluice/tasks/contract.py",
        old="if definitions := self.definitions.instead_of(definition):",
        new="if definitions := ():",
        provers=tests(
            "functional/test_submitter.py",
            "test_a_job_of_a_definition_that_the_stack_may_not_use_is_refused_before_any_is_submitted",
        ),
        unseen=_WITHIN,
    ),
    Mutant(
        WITHIN_BOUNDS,
        "a revision that was not given",
        "functions/sluice/arns.py",
        old="return not has_revision and matches(",
        new="return matches(",
        provers=tests("unit/sluice/test_arns.py", "test_a_job_definition_is_known_by_each_of_its_names"),
        unseen=_WITHIN,
    ),
    Mutant(
        WITHIN_BOUNDS,
        "asking again for what a deployment may have added",
        ASKED,
        old="            if not self._is_fresh():\n",
        new="            if not self._known:\n",
        provers=(
            *tests(
                "unit/sluice/aws/bounds/test_definitions.py",
                "test_one_that_a_deployment_added_is_found_by_a_poller_that_is_older",
            ),
            *tests(
                "unit/sluice/aws/bounds/test_queues.py",
                "test_a_queue_that_a_deployment_added_is_found_by_a_poller_that_is_older",
            ),
        ),
        unseen=_WITHIN,
    ),
    Mutant(
        NO_TASK_IS_LOST,
        "refusing nothing while nobody can say what is within bounds",
        ASKED,
        old="return () if not self._is_answered or self.has(name, self._known) else self._known",
        new='return () if self.has(name, self._known) else self._known or ("nothing",)',
        provers=(
            *tests(
                "unit/sluice/aws/bounds/test_queues.py",
                "test_nothing_is_refused_while_nobody_can_say[rule0]",
            ),
            *tests(
                "unit/sluice/aws/bounds/test_asked.py",
                "test_what_was_known_before_an_outage_refuses_nothing_meanwhile",
            ),
        ),
    ),
    Mutant(
        NO_TASK_IS_LOST,
        "an intent that waits for one question, not for a hundred",
        ASKED,
        old="        with self._lock:\n",
        new="        if self._lock:\n",
        provers=tests("unit/sluice/aws/bounds/test_asked.py", "test_of_many_threads_one_asks"),
    ),
    Mutant(
        NO_TASK_IS_LOST,
        "an intent that does not wait again for who gave no answer",
        ASKED,
        old="            self._is_answered = False\n",
        new="            self._is_answered = False\n            return\n",
        provers=tests(
            "unit/sluice/aws/bounds/test_asked.py", "test_that_nobody_could_say_is_remembered_for_a_while"
        ),
    ),
    Mutant(
        NO_TASK_IS_LOST,
        "an intent that waits for a brief question",
        "functions/sluice/aws/clients.py",
        old='return _client("events", _ONCE, connect_timeout_seconds=1, read_timeout_seconds=2)',
        new='return _client("events", _PATIENTLY, read_timeout_seconds=10)',
        provers=tests(
            "functional/test_aws_errors.py", "test_what_an_intent_waits_for_is_asked_once_and_briefly"
        ),
    ),
    Mutant(
        WITHIN_BOUNDS,
        "refusing a cohort whose workflow is out of bounds",
        "functions/sluice/cohorts/starter.py",
        old="if not matches(workflow_arn, self.allowed):",
        new="if not self.allowed:",
        provers=tests(
            "functional/test_cohorts.py",
            "test_a_workflow_that_the_stack_may_not_start_leaves_no_cohort_behind",
            "test_a_cohort_whose_workflow_is_out_of_bounds_by_now_is_not_retried",
        ),
        unseen=_WITHIN,
    ),
)
