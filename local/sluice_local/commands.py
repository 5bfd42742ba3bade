"""Runs the command that was asked for, and turns what may go wrong into a sentence and an exit status."""

import argparse
import sys

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from sluice_local.demo.cohort import TooManySamplesError
from sluice_local.demo.command import demo
from sluice_local.demo.lowpass_runs import LowpassRunError
from sluice_local.demo.project import NotACheckoutError
from sluice_local.demo.settings import DemoSettings
from sluice_local.deploy import DeployError
from sluice_local.packaging import PackagingError
from sluice_local.server import LocalAwsError
from sluice_local.up import PortTakenError, UpSettings, up

_TOLD_ERRORS = (
    DeployError,
    LocalAwsError,
    LowpassRunError,
    NotACheckoutError,
    PackagingError,
    PortTakenError,
    TooManySamplesError,
)


def run(arguments: argparse.Namespace) -> int:
    """Run one command and return its exit status."""
    console = Console()
    try:
        return _demo(arguments, console) if arguments.command == "demo" else up(_served(arguments), console)
    except _TOLD_ERRORS as error:
        told = str(error)
    except (BotoCoreError, ClientError, OSError) as error:
        told = f"{error}\nIf Local AWS does not answer, its log under {arguments.output} says why."
    sys.stderr.write(f"sluice-local {arguments.command}: {told}\n")
    return 1


def _demo(arguments: argparse.Namespace, console: Console) -> int:
    settings = DemoSettings(
        samples=arguments.samples,
        seed=arguments.seed,
        depth=arguments.depth,
        quota_per_second=arguments.quota,
        job_slots=arguments.job_slots,
        output=arguments.output,
    )
    return demo(settings, console)


def _served(arguments: argparse.Namespace) -> UpSettings:
    return UpSettings(
        port=arguments.port,
        job_slots=arguments.job_slots,
        output=arguments.output,
        quotas=dict(arguments.quota),
        parameters=dict(arguments.parameter),
    )
