"""An engine that answers, or the true reason why there is none and nothing left behind."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.support.building import eventually
from tests.unit.sam.machine import LIMIT_SECONDS, SAM, SERVE, WAIT, Machine

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator
    from pathlib import Path


def docker_host(machine: Machine) -> str:
    return (machine.engine / "docker-host").read_text().strip()


@contextmanager
def left_behind(machine: Machine, folder: Path, daemon: str = "dockerd") -> Iterator[subprocess.Popen[str]]:
    """Run a daemon as an earlier try would have left it."""
    with machine.start(machine.programs / daemon, "--exec-root", folder / "exec") as left:
        eventually((machine.engine / "waits").exists)
        yield left


def test_an_engine_that_runs_is_used_as_it_is(machine: Machine) -> None:
    machine.install("docker", '[ "$2" = unix:///var/run/docker.sock ]')
    assert machine.run("start-engine").returncode == 0
    assert docker_host(machine) == "unix:///var/run/docker.sock"


def test_an_engine_of_its_own_serves_until_it_is_stopped(machine: Machine) -> None:
    machine.install_engine(SERVE)
    assert machine.run("start-engine").returncode == 0
    assert docker_host(machine) == f"unix://{machine.engine}/docker.sock"
    (daemon,) = machine.daemons()
    assert machine.run("start-engine").stdout == ""
    assert machine.daemons() == [daemon]
    assert machine.run("stop-engine").returncode == 0
    assert machine.daemons() == []


def test_a_user_without_a_client_is_told_so(machine: Machine) -> None:
    machine.install("id", "echo 1000")
    ended = machine.run("start-engine")
    assert ended.returncode == 1
    assert "There is no program called docker on PATH." in ended.stderr


def test_a_user_whom_the_engine_refuses_is_told_so(machine: Machine) -> None:
    machine.install("id", "echo 1000")
    machine.install("docker", "echo 'permission denied on the socket' >&2; exit 1")
    ended = machine.run("start-engine")
    assert ended.returncode == 1
    assert "No Docker engine answers at unix:///var/run/docker.sock: permission denied" in ended.stderr


def test_of_a_daemon_that_ends_the_log_is_shown(machine: Machine) -> None:
    machine.install_engine("echo 'failed to start daemon: no space left' >&2; exit 1")
    ended = machine.run("start-engine")
    assert ended.returncode == 1
    assert "dockerd ended before it answered." in ended.stderr
    assert "failed to start daemon: no space left" in ended.stderr
    assert not (machine.engine / "docker-host").exists()


def test_a_daemon_that_does_not_answer_in_time_is_ended(machine: Machine) -> None:
    machine.install_engine(WAIT)
    ended = machine.run("start-engine", "0")
    assert ended.returncode == 1
    assert "dockerd runs, but has not answered within 0 seconds." in ended.stderr
    assert machine.daemons() == []


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_ends_the_daemon_too(machine: Machine, sent: signal.Signals) -> None:
    machine.install_engine(WAIT)
    with machine.start(SAM / "start-engine", machine.engine) as started:
        eventually((machine.engine / "waits").exists)
        started.send_signal(sent)
        assert started.wait(LIMIT_SECONDS) == 128 + sent
    assert machine.daemons() == []


def test_the_try_after_a_failure_works(machine: Machine) -> None:
    machine.install_engine(WAIT)
    assert machine.run("start-engine", "0").returncode == 1
    machine.install_engine(SERVE)
    assert machine.run("start-engine").returncode == 0


def test_a_daemon_that_does_not_answer_makes_way(machine: Machine) -> None:
    machine.install_engine(WAIT)
    with left_behind(machine, machine.engine) as left:
        machine.install_engine(SERVE)
        assert machine.run("start-engine").returncode == 0
        assert left.wait(LIMIT_SECONDS) == -signal.SIGTERM


def test_a_daemon_that_only_lacked_a_client_is_used(machine: Machine) -> None:
    machine.install_engine(SERVE)
    (machine.programs / "docker").unlink()
    machine.offer({"docker-cli": ("docker",)}, recommended="docker-cli")
    with left_behind(machine, machine.engine) as left:
        assert machine.run("start-engine").returncode == 0
        assert left.poll() is None


def test_only_its_own_engine_is_stopped(machine: Machine, tmp_path: Path) -> None:
    machine.install_engine(WAIT)
    with left_behind(machine, tmp_path / "another") as others:
        assert machine.run("stop-engine").returncode == 0
        assert others.poll() is None


def test_what_a_daemon_that_was_killed_has_left_is_ended(machine: Machine) -> None:
    machine.install("containerd", WAIT)
    with left_behind(machine, machine.engine, daemon="containerd") as left:
        assert machine.run("stop-engine").returncode == 0
        assert left.wait(LIMIT_SECONDS) == -signal.SIGTERM


def test_an_engine_does_not_outlive_the_failure_of_the_setup_that_started_it(machine: Machine) -> None:
    machine.install_engine(SERVE)
    with machine.start(SAM / "setup", machine.folder / "no-venv", machine.engine) as setup:
        assert setup.wait(LIMIT_SECONDS) != 0
    assert docker_host(machine) == f"unix://{machine.engine}/docker.sock"
    assert machine.daemons() == []


def test_an_engine_that_ran_before_a_setup_outlives_its_failure(machine: Machine) -> None:
    machine.install_engine(SERVE)
    machine.run("start-engine")
    running = machine.daemons()
    with machine.start(SAM / "setup", machine.folder / "no-venv", machine.engine) as setup:
        assert setup.wait(LIMIT_SECONDS) != 0
    assert machine.daemons() == running
    assert running
