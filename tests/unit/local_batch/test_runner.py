"""Programs as real processes."""

import os
import select
import signal
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sluice_local.batch.model import Exit, Job, Placement
from sluice_local.batch.running.exits import OUT_OF_MEMORY, TIMED_OUT
from sluice_local.batch.running.runner import Runner, RunnerSettings, job_command, log_path
from tests.unit.local_batch.building import a_job

PLACEMENT = Placement("arn:aws:ecs:us-east-1:000000000000:task/spot/1", "align/default/1")


@pytest.fixture
def settings(tmp_path: Path) -> RunnerSettings:
    return RunnerSettings(tmp_path, "http://127.0.0.1:4566", grace_seconds=0.05, check_seconds=0.02)


@pytest.fixture
def runner(settings: RunnerSettings) -> Iterator[Runner]:
    runner = Runner(settings)
    yield runner
    runner.close()


def shell(script: str, **spec: Any) -> Job:
    """A placed job that runs a shell script."""
    job = replace(a_job(), placement=PLACEMENT)
    return replace(job, spec=replace(job.spec, command=("sh", "-c", script), **spec))


def log(settings: RunnerSettings) -> str:
    return (settings.folder / "logs/align/default/1.log").read_text()


def run(runner: Runner, job: Job) -> Exit:
    return runner.run(job, lambda: None)


def await_output(settings: RunnerSettings, expected: str) -> None:
    """Wait until a program has written this."""
    path, deadline = settings.folder / "logs/align/default/1.log", time.monotonic() + 10
    while not path.exists() or path.read_text() != expected:
        assert time.monotonic() < deadline, "the program wrote nothing"
        time.sleep(0.01)


class Waits:
    """Runs a job on a thread, so that the test can stop it."""

    def __init__(self, runner: Runner, job: Job) -> None:
        self.started = threading.Event()
        self.exits: list[Exit] = []
        self._thread = threading.Thread(target=lambda: self.exits.append(runner.run(job, self.started.set)))
        self._thread.start()

    def exit(self) -> Exit:
        self._thread.join(10)
        return self.exits[0]


def test_a_programs_output_and_exit_code_are_kept(runner: Runner, settings: RunnerSettings) -> None:
    assert run(runner, shell("echo out; echo err >&2; exit 3")) == Exit(3)
    assert log(settings) == "out\nerr\n"


def test_a_program_starts_in_an_empty_folder_that_is_gone_afterwards(
    runner: Runner, settings: RunnerSettings
) -> None:
    run(runner, shell('touch made; pwd; ls; test "$HOME" = "$PWD" -a "$TMPDIR" = "$PWD" && echo home'))
    folder, *rest = log(settings).splitlines()
    assert rest == ["made", "home"]
    assert not Path(folder).exists()


def test_a_program_gets_batchs_variables_and_none_of_ours(settings: RunnerSettings) -> None:
    job = replace(shell(""), attempts=())
    environment = job_command(job, settings, settings.folder).environment
    assert environment["AWS_BATCH_JOB_ID"] == "job-1"
    assert environment["AWS_BATCH_JQ_NAME"] == "spot"
    assert environment["AWS_BATCH_JOB_ATTEMPT"] == "1"
    assert environment["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4566"
    assert environment["A"] == "1"


def test_a_program_has_a_python_of_its_own_in_a_clean_environment(
    runner: Runner, settings: RunnerSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "secret")
    run(runner, shell("python -c 'import sys, pytest; print(sys.prefix)'; command -v pytest; env"))
    prefix, program, *environment = log(settings).splitlines()
    assert Path(prefix).parent == settings.folder / "scratch"
    assert Path(program) == Path(sys.executable).with_name("pytest")
    names = {line.partition("=")[0] for line in environment}
    assert names - set(job_command(shell(""), settings, settings.folder).environment) <= {
        *("PATH", "HOME", "TMPDIR", "LANG", "OMP_NUM_THREADS", "VIRTUAL_ENV"),
        *("PWD", "OLDPWD", "SHLVL", "_"),  # the shell's own
    }


def test_what_a_program_installs_is_gone_for_the_next(runner: Runner, settings: RunnerSettings) -> None:
    packages = "python -c 'import sysconfig; print(sysconfig.get_path(\"purelib\"))'"
    run(runner, shell(f'touch "$({packages})/left.py" && python -c "import left" && echo here'))
    assert log(settings) == "here\n"
    run(runner, shell('python -c "import left" 2>/dev/null || echo gone'))
    assert log(settings) == "gone\n"


@pytest.mark.parametrize(
    "prefix",
    [
        *(
            "../../..",
            "..",
            ".",
            "",
            "/",
            "/etc/cron.d",
            "a/../../b",
            "a//b",
            "a/./b",
            "./a",
            "~root",
            "\0",
            "\n",
        ),
        *(".hidden", "a b", "ä", "%2e%2e", "a" * 300, "a/" * 300),
    ],
)
def test_a_log_stays_in_its_folder_whatever_the_stream_is_called(tmp_path: Path, prefix: str) -> None:
    logs = tmp_path / "logs"
    path = log_path(tmp_path, f"{prefix}/default/1")
    assert path.resolve().is_relative_to(logs.resolve())
    path.parent.mkdir(parents=True)
    path.write_text("a line")
    assert path != log_path(tmp_path, f"{prefix}/default/2")


def test_a_log_is_called_after_its_stream(tmp_path: Path) -> None:
    expected = tmp_path / "logs/low-pass_1.0/align/default/1.log"
    assert log_path(tmp_path, "low-pass_1.0/align/default/1") == expected


def test_a_program_that_is_not_there_ends_with_127(runner: Runner) -> None:
    job = shell("")
    exit_ = run(runner, replace(job, spec=replace(job.spec, command=("no-such-program",))))
    assert exit_.exit_code == 127
    assert str(exit_.reason).startswith("CannotStartContainerError")


def test_a_job_without_any_command_cannot_start(runner: Runner) -> None:
    job = shell("")
    assert run(runner, replace(job, spec=replace(job.spec, command=()))).exit_code == 127


def test_a_stopped_program_ends_by_sigterm(runner: Runner) -> None:
    waits = Waits(runner, shell("sleep 60"))
    waits.started.wait(10)
    runner.stop("job-1")
    assert waits.exit().exit_code == 128 + signal.SIGTERM


def test_a_program_that_ignores_sigterm_is_killed_with_all_its_children(
    runner: Runner, settings: RunnerSettings
) -> None:
    waits = Waits(runner, shell("trap '' TERM; sleep 60 & echo ready; wait; sleep 60"))
    await_output(settings, "ready\n")
    runner.stop("job-1")
    exit_ = waits.exit()
    assert (exit_.exit_code, exit_.reason) == (128 + signal.SIGKILL, None)


def test_a_stop_that_comes_before_the_program_ends_it_as_it_starts(runner: Runner) -> None:
    runner.stop("job-1")
    assert run(runner, shell("sleep 60")).exit_code == 128 + signal.SIGTERM


def test_what_a_program_leaves_running_ends_with_it(runner: Runner, tmp_path: Path) -> None:
    # GIVEN a pipe that is open for writing as long as what the program leaves behind runs
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reading = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    # WHEN the program ends
    run(runner, shell(f"exec 3>{pipe}; echo open >&3; sleep 60 &"))
    assert os.read(reading, 10) == b"open\n"
    # THEN so does what it left; a pipe that nobody writes to can be read to its end
    ended, _, _ = select.select([reading], [], [], 10)
    assert ended, "it still runs"
    assert os.read(reading, 10) == b""
    os.close(reading)


def test_a_program_that_exceeds_its_timeout_is_ended(runner: Runner) -> None:
    exit_ = run(runner, shell("sleep 60", timeout_seconds=0))
    assert (exit_.status_reason, exit_.timed_out) == (TIMED_OUT, True)


def test_a_program_that_exceeds_its_memory_is_killed(runner: Runner) -> None:
    script = "python -c 'import time; held = bytearray(200 << 20); time.sleep(60)'"
    exit_ = run(runner, shell(script, memory_mib=100))
    assert (exit_.exit_code, exit_.reason) == (137, OUT_OF_MEMORY)


def test_memory_that_a_fork_shares_counts_once(runner: Runner, settings: RunnerSettings) -> None:
    script = """python -c '
import os, time
held = bytearray(60 << 20)
children = [os.fork() for _ in range(2) if True]
time.sleep(0.3)
print("alive")
'"""
    exit_ = run(runner, shell(script, memory_mib=120))
    assert exit_.exit_code == 0
    assert "alive" in log(settings)


def test_a_program_that_something_else_kills_is_reported_as_out_of_memory(runner: Runner) -> None:
    assert run(runner, shell("kill -9 $$")).reason == OUT_OF_MEMORY


def test_closing_ends_every_program(runner: Runner) -> None:
    waits = Waits(runner, shell("sleep 60"))
    waits.started.wait(10)
    runner.close()
    assert waits.exit().status_reason == "Local AWS was stopped"
