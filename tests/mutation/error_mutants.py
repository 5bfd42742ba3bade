"""Guards of what a failed job is called."""

from __future__ import annotations

from typing import Final

from tests.mutation.mutant import Mutant, tests
from tests.mutation.promises import NAMED_RIGHT

_ERRORS: Final = "functions/sluice/tasks/job_errors.py"
_TESTS: Final = "unit/sluice/tasks/test_job_errors.py"
_WORDS: Final = "unit/sluice/tasks/test_job_error_words.py"
_UNSEEN: Final = "a failure's name depends on one answer of Batch alone, and on no order of events"
_SPEAKS: Final = tests(_TESTS, "test_the_container_that_ended_the_job_speaks")

ERROR_MUTANTS: Final = (
    Mutant(
        NAMED_RIGHT,
        "essential containers before the others",
        _ERRORS,
        old='return not failed, container.get("essential") is False, _just_killed(container)',
        new="return not failed, False, _just_killed(container)",
        provers=_SPEAKS,
        unseen=_UNSEEN,
    ),
    Mutant(
        NAMED_RIGHT,
        "a container's own end before a mere kill",
        _ERRORS,
        old='return not failed, container.get("essential") is False, _just_killed(container)',
        new='return not failed, container.get("essential") is False, False',
        provers=_SPEAKS,
        unseen=_UNSEEN,
    ),
    Mutant(
        NAMED_RIGHT,
        "init containers",
        _ERRORS,
        old='kinds = ("initContainers", "containers")',
        new='kinds = ("containers",)',
        provers=_SPEAKS,
        unseen=_UNSEEN,
    ),
    Mutant(
        NAMED_RIGHT,
        "no second start where it cannot help",
        _ERRORS,
        old=" and not any(map(WRONG_FOR_GOOD.search, reasons))",
        new="",
        provers=tests(_TESTS, "test_what_another_start_would_meet_again_is_an_ordinary_failure"),
        unseen=_UNSEEN,
    ),
    Mutant(
        NAMED_RIGHT,
        "what has run is not called unstarted",
        _ERRORS,
        old='if container.get("exitCode") not in (None, NO_START) and not _just_killed(container):',
        new="if not container and reasons == ():",
        provers=tests(_TESTS, "test_what_has_run_or_could_not_run_is_no_hiccup"),
        unseen=_UNSEEN,
    ),
    Mutant(
        NAMED_RIGHT,
        "calling a guess a guess",
        _ERRORS,
        old="told.append(GUESS)",
        new="pass",
        provers=tests(_TESTS, "test_an_exit_code_of_137_without_a_word_is_said_to_be_a_guess"),
        unseen=_UNSEEN,
    ),
    Mutant(
        NAMED_RIGHT,
        "no guess against a reason that is given",
        _ERRORS,
        old='container.get("exitCode") == KILLED and SAYS_NOTHING.issuperset(reasons)',
        new='container.get("exitCode") == KILLED',
        provers=tests(_WORDS, "test_an_exit_code_of_137_contradicts_no_reason"),
        unseen=_UNSEEN,
    ),
    Mutant(
        NAMED_RIGHT,
        "a node's memory is not a container's",
        _ERRORS,
        old='r"OutOfMemory|(?i:due to memory usage',
        new='r"(?i:OutOfMemory|due to memory usage',
        provers=tests(_WORDS, "test_what_is_said_of_the_container_has_its_name"),
        unseen=_UNSEEN,
    ),
    Mutant(
        NAMED_RIGHT,
        "no second start of a job that was cancelled by hand",
        _ERRORS,
        old='r"^.*JobStateTimeLimit action .*: *CAPACITY:"',
        new='r"CAPACITY:"',
        provers=tests(_WORDS, "test_what_is_said_of_the_job_has_its_name"),
        unseen=_UNSEEN,
    ),
    Mutant(
        NAMED_RIGHT,
        "reading the last attempt",
        _ERRORS,
        old="shown, noted = _listed(detail), _listed(_last_attempt(detail))",
        new="shown, noted = _listed(detail), _listed({})",
        provers=tests(_TESTS, "test_what_only_the_last_attempt_tells_is_read_too"),
        unseen=_UNSEEN,
    ),
)
