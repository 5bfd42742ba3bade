"""What the end of a process means."""

import pytest

from sluice_local.batch.running.exits import (
    OUT_OF_MEMORY,
    OVER_MEMORY,
    OVER_TIME,
    TERMINATED,
    TIMED_OUT,
    Ending,
    Limits,
    cannot_start,
    describe_exit,
    verdict,
)


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        (Limits(), None),
        (Limits(memory_mib=100, deadline_seconds=11), None),
        (Limits(memory_mib=99), OVER_MEMORY),
        (Limits(deadline_seconds=10), OVER_TIME),
        (Limits(memory_mib=99, deadline_seconds=10), OVER_MEMORY),
    ],
)
def test_a_program_is_ended_when_it_is_above_a_limit(limits: Limits, expected: Ending | None) -> None:
    assert verdict(limits, memory_mib=100, now_seconds=10) == expected


def test_a_program_that_ends_by_itself_keeps_its_exit_code() -> None:
    exit_ = describe_exit(3, None)
    assert (exit_.exit_code, exit_.reason, exit_.status_reason) == (
        3,
        None,
        "Essential container in task exited",
    )


def test_a_kill_from_outside_is_what_the_kernel_does_when_memory_runs_out() -> None:
    exit_ = describe_exit(-9, None)
    assert (exit_.exit_code, exit_.reason) == (137, OUT_OF_MEMORY)


def test_a_kill_after_too_much_memory_says_so() -> None:
    assert describe_exit(-9, OVER_MEMORY).reason == OUT_OF_MEMORY


def test_a_timeout_says_so_whatever_the_program_answers() -> None:
    exit_ = describe_exit(0, OVER_TIME)
    assert (exit_.timed_out, exit_.status_reason, exit_.succeeded) == (True, TIMED_OUT, False)


def test_a_terminated_program_is_not_out_of_memory() -> None:
    assert describe_exit(-9, TERMINATED).reason is None


def test_a_program_that_cannot_start_is_told_apart_by_its_exit_code() -> None:
    assert cannot_start("aligner", FileNotFoundError(2, "No such file")).exit_code == 127
    refused = cannot_start("aligner", PermissionError(13, "Permission denied"))
    assert refused.exit_code == 126
    assert refused.reason == 'CannotStartContainerError: exec: "aligner": Permission denied'
