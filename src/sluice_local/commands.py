"""Runs the command that was asked for, and turns what may go wrong into a sentence and an exit status."""

import argparse
import sys
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from sluice_local.demo.command import demo
from sluice_local.demo.settings import DemoSettings
from sluice_local.deploy import DeployError
from sluice_local.lowpass.people import TooManySamplesError
from sluice_local.lowpass.runs import LowpassRunError
from sluice_local.output import OutputFolderError
from sluice_local.packaging import PackagingError
from sluice_local.project import NotACheckoutError, find_project
from sluice_local.server import LocalAwsError
from sluice_local.stack import UnknownParameterError
from sluice_local.up import PortTakenError, UpSettings, free_port, output_folder, up

_TOLD_ERRORS = (
    DeployError,
    LocalAwsError,
    LowpassRunError,
    NotACheckoutError,
    OutputFolderError,
    PackagingError,
    PortTakenError,
    TooManySamplesError,
    UnknownParameterError,
)


def run(arguments: argparse.Namespace) -> int:
    """Run one command and return its exit status."""
    console = Console()
    output = arguments.output
    try:
        if arguments.command == "demo":
            return demo(_demo_settings(arguments), console)
        port = free_port(arguments.port)
        output = output or output_folder(port)
        up(_up_settings(arguments, port, output), console)
    except _TOLD_ERRORS as error:
        told = str(error)
    except (BotoCoreError, ClientError, OSError) as error:
        told = f"{error}\nIf Local AWS does not answer, its log under {output} says why."
    sys.stderr.write(f"sluice-local {arguments.command}: {told}\n")
    return 1


def _demo_settings(arguments: argparse.Namespace) -> DemoSettings:
    return DemoSettings(
        project=find_project(arguments.project),
        samples=arguments.samples,
        seed=arguments.seed,
        depth=arguments.depth,
        quota_per_second=arguments.quota,
        job_slots=arguments.job_slots,
        output=arguments.output,
        enforce_iam=arguments.enforce_iam,
    )


def _up_settings(arguments: argparse.Namespace, port: int, output: Path) -> UpSettings:
    return UpSettings(
        project=find_project(arguments.project),
        port=port,
        job_slots=arguments.job_slots,
        output=output,
        quotas=dict(arguments.quota),
        parameters=dict(arguments.parameter),
        enforce_iam=arguments.enforce_iam,
    )
