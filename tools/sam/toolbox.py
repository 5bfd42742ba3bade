"""The SAM CLI and the Docker engine that `make sam-setup` has prepared."""

import json
import os
import platform
import subprocess
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]
_ARCHITECTURES = {"x86_64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}


class NotSetUpError(RuntimeError):
    """Raised when `make sam-setup` has not been run."""


class ToolError(RuntimeError):
    """Raised when a tool ends with another status than 0; the message has all that it said."""


@dataclass(frozen=True)
class Toolbox:
    """Runs `sam` and `docker`.

    Attributes:
        venv: the environment that has the SAM CLI; its Python 3.13 is the one that `sam build` takes.
        docker_host: address of the Docker engine.
        home: stands in for the person's home, so that no settings of theirs and no cache count.
    """

    venv: Path
    docker_host: str
    home: Path

    @property
    def architecture(self) -> str:
        """This machine's processor architecture as Lambda calls it: only such functions run here."""
        return _ARCHITECTURES[platform.machine()]

    @property
    def runtime_image(self) -> str:
        """The image by which the SAM CLI runs the functions."""
        return f"public.ecr.aws/lambda/python:3.13-{self.architecture}"

    def environment(self, aws: Mapping[str, str]) -> dict[str, str]:
        """Return the variables to run `sam` with; `aws` are those that lead to an AWS endpoint.

        Nothing else of AWS is taken over from this process, so that no command can reach a real account.
        """
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SAM_"))}
        return {
            **kept,
            **aws,
            "DOCKER_HOST": self.docker_host,
            "HOME": str(self.home),
            "NO_COLOR": "1",
            "PATH": f"{self.venv / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "SAM_CLI_TELEMETRY": "0",
        }

    def sam_command(self, *arguments: str) -> list[str]:
        """Return the command line of a `sam` command."""
        return [str(self.venv / "bin" / "sam"), *arguments]

    @property
    def architecture_parameter(self) -> str:
        """The template's parameter that lets the functions run here."""
        return f"Architecture={self.architecture}"

    def build_command(self) -> list[str]:
        """Return the command line of `sam build` for functions that run here."""
        return self.sam_command("build", "--parameter-overrides", self.architecture_parameter)

    def container_gateway(self) -> str:
        """Return this machine's address as containers see it."""
        answer = self.docker("network", "inspect", "bridge", "--format", "{{json .IPAM.Config}}")
        return gateway_of(json.loads(answer)[0])

    def is_stand_in(self) -> bool:
        """Say whether the runtime image was made here instead of by AWS."""
        label = '{{index .Config.Labels "stand-in"}}'
        return bool(self.docker("image", "inspect", "--format", label, self.runtime_image).strip())

    @contextmanager
    def image_for(self, endpoint: str) -> Iterator[str]:
        """Give, inside the `with` block, the runtime image with an AWS endpoint in its environment.

        The SAM CLI hands a container no variable that the template does not declare, and deployed functions
        have no use for an endpoint.
        """
        # the SAM CLI keeps its own layer under the image's name with another tag
        name = f"sluice-sam-{uuid.uuid4().hex[:12]}"
        recipe = f"FROM {self.runtime_image}\nENV AWS_ENDPOINT_URL={endpoint}\n"
        self.docker("build", "--quiet", "--tag", f"{name}:local", "-", given=recipe)
        try:
            yield f"{name}:local"
        finally:
            images = self.docker("image", "ls", "--quiet", name).split()
            self.docker("image", "rm", "--force", *images)

    def docker(self, *arguments: str, given: str | None = None) -> str:
        """Run a `docker` command and return what it writes.

        Raises:
            ToolError: it failed.
        """
        # BuildKit would ask a registry for an image that is here only
        environment = {**os.environ, "DOCKER_HOST": self.docker_host, "DOCKER_BUILDKIT": "0"}
        return run(["docker", *arguments], environment=environment, given=given)


def run(
    command: Sequence[str],
    *,
    environment: Mapping[str, str],
    folder: Path | None = None,
    given: str | None = None,
) -> str:
    """Run a program to its end and return its standard output.

    Raises:
        ToolError: it ended with another status than 0.
    """
    ended = subprocess.run(  # noqa: S603 - the programs are sam and docker
        command, env=environment, cwd=folder, input=given, capture_output=True, text=True, check=False
    )
    if ended.returncode != 0:
        raise ToolError(f"{' '.join(command)} ended with {ended.returncode}:\n{ended.stdout}\n{ended.stderr}")
    return ended.stdout


def gateway_of(network: Mapping[str, str]) -> str:
    """Return the host's address on a container network; where none was chosen it is the subnet's first."""
    chosen = network.get("Gateway")
    return chosen or str(next(ip_network(network["Subnet"]).hosts()))


def prepared_toolbox() -> Toolbox:
    """Return what `make sam-setup` prepared in this checkout.

    Raises:
        NotSetUpError: it did not, or not to the end.
    """
    venv, folder = _ROOT / ".venv-sam", _ROOT / "build" / "sam"
    docker_host = folder / "docker-host"
    if not (venv / "bin" / "sam").exists() or not docker_host.exists():
        raise NotSetUpError(f"{venv} or {docker_host} is not there: run `make sam-setup` first.")
    home = folder / "home"
    home.mkdir(exist_ok=True)
    return Toolbox(venv, docker_host.read_text(encoding="utf-8").strip(), home)
