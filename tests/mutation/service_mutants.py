"""Guards of the rate, the pollers and the secrets."""

from __future__ import annotations

from typing import Final

from tests.mutation.mutant import Mutant, tests
from tests.mutation.promises import FEW_BLOCKED, IDLE, NEVER_ABOVE, NEVER_SILENT, NO_TASK_IS_LOST, SECRET

_UNSEEN: Final = "what logs and errors say is heard by no service"

SERVICE_MUTANTS: Final = (
    Mutant(
        NEVER_ABOVE,
        "losing unused time but for the burst",
        "functions/sluice/rate/gcra.py",
        old="start = earliest if ahead else max(state.arrival_us, earliest)",
        new="start = state.arrival_us",
        provers=tests(
            "unit/sluice/rate/test_gcra.py",
            "test_no_interval_holds_more_calls_than_rate_times_length_plus_burst_however_late_slots_are_used",
        ),
    ),
    Mutant(
        NEVER_ABOVE,
        "a slot that a wrong clock took far ahead",
        "functions/sluice/rate/gcra.py",
        old="ahead = state.arrival_us > horizon_us(now_us, state.rate_per_second)",
        new="ahead = False",
        provers=tests("functional/test_limiter.py", "test_a_clock_that_is_hours_ahead_keeps_nobody_waiting"),
    ),
    Mutant(
        NEVER_ABOVE,
        "taking no slot that nobody will use",
        "functions/sluice/aws/tables/rate_store.py",
        old="if until_us is not None and wanted.start_us > until_us:",
        new="if until_us == 0:",
        provers=tests(
            "contract/test_stores.py", "test_a_slot_that_falls_due_too_late_is_not_taken[local-aws]"
        ),
    ),
    Mutant(
        NEVER_ABOVE,
        "leaving a turn to the others who want slots",
        "functions/sluice/rate/limiter.py",
        old="return self._clock.now_us() < self._turn_us",
        new="return False",
        provers=tests(
            "functional/test_limiter.py",
            "test_whoever_wants_slots_gets_as_many_however_many_threads_others_have",
        ),
    ),
    Mutant(
        NO_TASK_IS_LOST,
        "heartbeats without the rate table",
        "functions/sluice/rate/limiter.py",
        old="        self._goes_on_alone, self._alone_until_us = goes_on_alone, 0",
        new="        self._goes_on_alone, self._alone_until_us = False, 0",
        provers=tests("functional/test_limiter.py", "test_a_rate_table_that_fails_stops_no_heartbeat"),
    ),
    Mutant(
        NEVER_ABOVE,
        "giving up a slot that comes too late",
        "functions/sluice/rate/limiter.py",
        old="if not self.is_late(due_us):",
        new="if due_us:",
        provers=tests(
            "functional/test_limiter.py",
            "test_a_caller_that_was_held_up_gives_its_slot_up_and_takes_another",
            "test_a_slot_that_was_left_over_too_long_is_thrown_away",
        ),
    ),
    Mutant(
        NEVER_ABOVE,
        "waiting until the slot falls due",
        "functions/sluice/rate/limiter.py",
        old="self._clock.sleep((due_us - self._clock.now_us()) / MICROSECONDS)",
        new="pass",
        provers=tests("functional/test_limiter.py", "test_nobody_returns_before_the_slot_is_due")
        + tests("functional/test_submitter.py", "test_submissions_keep_to_the_rate"),
    ),
    Mutant(
        NEVER_ABOVE,
        "lowering the rate after a 429",
        "functions/sluice/tasks/submitter.py",
        old="self.submit_limiter.back_off()",
        new="pass",
        provers=tests(
            "functional/test_submitter.py",
            "test_a_throttled_submission_waits_at_a_lower_rate_and_is_not_lost",
        ),
    ),
    Mutant(
        NEVER_ABOVE,
        "lowering the other APIs' rates after a 429",
        "functions/sluice/rate/limiter.py",
        old="                self.back_off()",
        new="                continue",
        provers=tests(
            "functional/test_reconciler.py",
            "test_a_throttled_heartbeat_lowers_the_shared_rate_and_is_sent_again",
        ),
    ),
    Mutant(
        NEVER_SILENT,
        "one execution of a slot at a time",
        "functions/sluice/pollers/chain.py",
        old='is_running = status == "RUNNING"',
        new="is_running = False",
        provers=tests(
            "functional/test_pollers.py",
            "test_a_slot_without_a_poller_gets_one",
            "test_a_chain_that_went_on_by_itself_is_followed_and_not_doubled",
        ),
    ),
    Mutant(
        NEVER_SILENT,
        "giving way to whoever used the name first",
        "functions/sluice/pollers/chain.py",
        old="""\
        except AlreadyExistsError:
            return False
""",
        new="""\
        except AlreadyExistsError:
            return self._start(slot, number + 1, probe=probe)
""",
        provers=tests("functional/test_pollers.py", "test_of_two_that_find_the_chain_ended_one_starts_it"),
    ),
    Mutant(
        NEVER_SILENT,
        "finding the end of a long chain in few looks",
        "functions/sluice/pollers/chain.py",
        old="step = step * 2 if doubling else step // 2",
        new="step = 1 if doubling else 0",
        provers=tests(
            "functional/test_pollers.py",
            "test_a_slot_whose_number_is_lost_finds_the_end_of_its_chain_in_few_looks",
        ),
    ),
    Mutant(
        NEVER_SILENT,
        "passing over names of which nobody can tell",
        "functions/sluice/pollers/chain.py",
        old="for hop in range(MAX_HOPS if may_pass else 0):",
        new="for hop in range(0):",
        provers=tests(
            "functional/test_pollers.py", "test_names_of_an_older_stack_are_passed_over_after_a_while"
        ),
    ),
    Mutant(
        NEVER_SILENT,
        "waiting before a name is passed over",
        "functions/sluice/pollers/chain.py",
        old="now_ms - taken_at >= TAKEN_SECONDS * 1000",
        new="now_ms >= taken_at",
        provers=tests(
            "functional/test_pollers.py", "test_names_of_an_older_stack_are_passed_over_after_a_while"
        ),
    ),
    Mutant(
        NEVER_SILENT,
        "knowing of which name it is known that it is taken",
        "functions/sluice/pollers/chain.py",
        old="seen.taken_at if seen.number == number else None",
        new="seen.taken_at",
        provers=tests(
            "functional/test_pollers.py",
            "test_an_execution_that_cannot_be_described_yet_is_not_passed_over",
        ),
    ),
    Mutant(
        NEVER_SILENT,
        "one alone passing over names",
        "functions/sluice/aws/pollers.py",
        old='f"{known} AND {marked}"',
        new="known",
        provers=tests(
            "contract/test_stores.py", "test_of_those_that_saw_a_slot_alike_one_marks_it[local-aws]"
        ),
    ),
    Mutant(
        NEVER_SILENT,
        "the last long poll well before the deadline",
        "functions/sluice/pollers/pool.py",
        old="spare_seconds=LAST_POLL_SECONDS",
        new="spare_seconds=0",
        provers=tests("functional/test_pollers.py", "test_the_last_long_poll_ends_before_the_function_does"),
    ),
    Mutant(
        NEVER_SILENT,
        "hearing a wake-up before going to rest",
        "functions/sluice/aws/pollers.py",
        old='"attribute_not_exists(wokenAt) OR wokenAt < :since"',
        new='"attribute_not_exists(nothing) OR wokenAt < :since"',
        provers=tests(
            "contract/test_stores.py", "test_a_slot_that_was_woken_since_does_not_go_to_rest[local-aws]"
        ),
    ),
    Mutant(
        NEVER_SILENT,
        "starting the next link beside one that rests",
        "functions/sluice/pollers/chain.py",
        old='status == "RUNNING" and newest != seen.resting',
        new='status == "RUNNING"',
        provers=tests(
            "functional/test_idleness.py",
            "test_who_wakes_a_slot_whose_poller_has_gone_to_rest_starts_the_next_one_while_it_still_runs",
        ),
    ),
    Mutant(
        NEVER_SILENT,
        "an execution that rested before another one of its slot",
        "functions/sluice/pollers/idleness.py",
        old="resting is not None and asked.number <= resting",
        new="asked.number == resting",
        provers=tests(
            "functional/test_idleness.py",
            "test_an_execution_that_rested_does_not_go_on_when_the_next_one_has_gone_to_rest_as_well",
        ),
        unseen="its function must stand still until it is ended, in the very call by which it goes to rest",
    ),
    Mutant(
        NEVER_SILENT,
        "going on after a poll of which nobody knows what became",
        "functions/sluice/pollers/pool.py",
        old="return not self.tasks and not self.failed_polls",
        new="return not self.tasks",
        provers=tests(
            "functional/test_pollers.py",
            "test_a_poll_of_which_nobody_knows_what_became_makes_no_empty_round",
        ),
    ),
    Mutant(
        NEVER_SILENT,
        "holding no more than can be submitted in time",
        "functions/sluice/pollers/hand.py",
        old="jobs <= self._rate() * seconds_left",
        new="jobs > 0",
        provers=tests(
            "functional/test_hand.py", "test_as_many_polls_are_open_as_can_be_answered_for[0.1-120-12]"
        ),
    ),
    Mutant(
        FEW_BLOCKED,
        "keeping polls open while tasks are held",
        "functions/sluice/pollers/hand.py",
        old="self._in_hand < self._room_for",
        new="not self._in_hand",
        provers=tests(
            "functional/test_pollers.py", "test_polls_stay_open_while_every_submitting_thread_is_busy"
        ),
    ),
    Mutant(
        NEVER_SILENT,
        "asking the Activity when its metrics cannot be had",
        "functions/sluice/pollers/look.py",
        old="            return False\n",
        new="            return True\n",
        provers=tests(
            "functional/test_probes.py",
            "test_a_look_without_an_answer_asks_the_activity_and_says_so[error0]",
        ),
    ),
    Mutant(
        NEVER_SILENT,
        "asking the Activity when its metrics show tasks",
        "functions/sluice/pollers/chain.py",
        old="range(0 if is_look(event) and found_nothing() else 1)",
        new="range(0 if is_look(event) else 1)",
        provers=tests(
            "functional/test_probes.py", "test_a_look_starts_a_probe_if_tasks_came_and_nothing_otherwise"
        ),
    ),
    Mutant(
        IDLE,
        "looking at metrics before the Activity is asked",
        "functions/sluice/pollers/chain.py",
        old="range(0 if is_look(event) and found_nothing() else 1)",
        new="range(1)",
        provers=tests(
            "functional/test_probes.py", "test_a_look_starts_a_probe_if_tasks_came_and_nothing_otherwise"
        ),
    ),
    Mutant(
        IDLE,
        "going home when nothing comes",
        "functions/sluice/pollers/chain.py",
        old="return 1 if probe else settings.max_empty_rounds",
        new="return None",
        provers=tests(
            "functional/test_pollers.py",
            "test_a_running_poller_heeds_the_parameters_of_the_latest_deployment",
        ),
    ),
    Mutant(
        SECRET,
        "cleaning errors of the token",
        "functions/sluice/aws/errors.py",
        old='text = text.replace(secret, "<taskToken>")',
        new="pass",
        provers=tests(
            "functional/test_aws_errors.py", "test_a_token_is_blotted_out_and_botocores_error_is_not_kept"
        ),
        unseen=_UNSEEN,
    ),
    Mutant(
        SECRET,
        "naming a task by a digest",
        "functions/sluice/runtime/telemetry.py",
        old="return (key if _KEY.fullmatch(key) else hashlib.sha256(key.encode()).hexdigest())[:16]",
        new="return key[:16]",
        provers=tests("unit/sluice/tasks/test_submission.py", "test_a_log_name_tells_nothing_of_the_token"),
        unseen=_UNSEEN,
    ),
)
