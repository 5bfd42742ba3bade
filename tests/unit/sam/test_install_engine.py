"""What is installed is what is missing, by the packages that the distribution has."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.unit.sam.machine import Machine

DAEMON = ("dockerd", "containerd", "runc")
TRIXIE = {"docker.io": DAEMON, "docker-cli": ("docker",), "busybox-static": ("busybox",)}
BOOKWORM = {"docker.io": ("docker", *DAEMON), "busybox-static": ("busybox",)}


def new_packages(machine: Machine) -> list[str]:
    return (machine.engine / "packages").read_text().split()


def test_where_the_client_has_a_package_of_its_own_both_are_installed(machine: Machine) -> None:
    machine.offer(TRIXIE, recommended="docker-cli")
    ended = machine.run("install-engine")
    assert ended.returncode == 0, ended.stderr
    assert new_packages(machine) == ["busybox-static", "docker-cli", "docker.io"]


def test_where_docker_io_has_the_client_no_other_package_is_asked_for(machine: Machine) -> None:
    machine.offer(BOOKWORM, recommended="git")
    ended = machine.run("install-engine")
    assert ended.returncode == 0, ended.stderr
    assert new_packages(machine) == ["busybox-static", "docker.io"]


def test_only_what_is_missing_is_installed(machine: Machine) -> None:
    machine.install_engine("exit 0")
    (machine.programs / "docker").unlink()
    machine.offer(TRIXIE, recommended="docker-cli")
    assert machine.run("install-engine").stdout.startswith("installing docker from")
    assert new_packages(machine) == ["docker-cli"]


def test_where_nothing_is_missing_apt_is_left_alone(machine: Machine) -> None:
    machine.install_engine("exit 0")
    ended = machine.run("install-engine")
    assert (ended.returncode, ended.stdout) == (0, "")


def test_what_apt_cannot_install_is_named_with_its_reason(machine: Machine) -> None:
    machine.offer({"docker.io": DAEMON}, recommended="docker-cli")
    ended = machine.run("install-engine")
    assert ended.returncode == 1
    assert "apt-get could not install busybox-static docker-cli docker.io." in ended.stderr
    assert "E: Unable to locate package busybox-static" in ended.stderr


def test_a_program_that_is_missing_after_all_is_named(machine: Machine) -> None:
    machine.offer({**TRIXIE, "docker-cli": ("docker-compose",)}, recommended="docker-cli")
    ended = machine.run("install-engine")
    assert ended.returncode == 1
    assert ended.stderr.endswith("not on PATH: docker\n")
