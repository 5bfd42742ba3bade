"""The arguments of `sluice-local`."""

import argparse
import os
from pathlib import Path
from typing import TypeAlias

from sluice_local.quotas import AWS_QUOTAS, Quota
from sluice_local.stack import quota_of

# argparse has no public name for it
Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001 - see above

_DEMO_EXAMPLES = """\
examples:
  sluice-local demo                           twelve samples
  sluice-local demo --samples 150 --quota 5   everybody, against a tenth of AWS's quota

exit status: 0 every sample succeeded, 1 some failed or the demo could not run, 130 ended by Ctrl-C"""

_UP_EXAMPLES = """\
examples:
  sluice-local up --port 4567
  sluice-local up --quota Batch.SubmitJob=5 --quota States.StartExecution=none --parameter PollerCount=2

exit status: 0 ended by Ctrl-C or SIGTERM, 1 it could not start or broke"""


def build_parser() -> argparse.ArgumentParser:
    """Build the parser of both commands."""
    parser = argparse.ArgumentParser(
        prog="sluice-local",
        description="Sluice on this machine: no AWS account, no Docker.",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    summary = "run low-pass samples of real people through Sluice, and report"
    _add_demo(_command(commands, "demo", summary, _DEMO_EXAMPLES))
    summary = "serve Local AWS with the stack deployed, until Ctrl-C"
    _add_up(_command(commands, "up", summary, _UP_EXAMPLES))
    return parser


def _command(commands: Commands, name: str, summary: str, examples: str) -> argparse.ArgumentParser:
    command = commands.add_parser(
        name,
        help=summary,
        description=f"{summary[0].upper()}{summary[1:]}.",
        epilog=examples,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument(
        "--project",
        type=Path,
        metavar="FOLDER",
        help="the checkout of Sluice to run (default: the one this is installed from, or the current folder)",
    )
    command.add_argument(
        "--job-slots",
        type=_whole_number,
        default=os.cpu_count() or 1,
        metavar="N",
        help="jobs that run at the same time (default: this machine's CPUs, %(default)s)",
    )
    command.add_argument(
        "--enforce-iam",
        action="store_true",
        help="let functions, state machines and jobs do only what the template's policies allow",
    )
    return command


def _add_demo(command: argparse.ArgumentParser) -> None:
    add = command.add_argument
    add("--samples", type=_whole_number, default=12, metavar="N", help="people (default: %(default)s)")
    add("--seed", type=_seed, default=1, metavar="N", help="chooses people and reads (default: %(default)s)")
    add("--depth", type=_positive, default=0.4, help="mean reads over a base (default: %(default)s)")
    add(
        "--quota",
        type=_positive,
        default=50.0,
        metavar="RATE",
        help="SubmitJob calls a second that Local AWS allows (default: AWS's %(default)g)",
    )
    add(
        "--output",
        type=Path,
        default=Path("out/demo"),
        metavar="FOLDER",
        help="for report.html, summary.json and logs (default: %(default)s)",
    )


def _add_up(command: argparse.ArgumentParser) -> None:
    add = command.add_argument
    add(
        "--port",
        type=_port,
        default=4566,
        metavar="N",
        help="on 127.0.0.1; 0 takes a free one (default: %(default)s)",
    )
    add(
        "--quota",
        type=_quota,
        action="append",
        default=[],
        metavar="API=RATE",
        help="calls a second that an API allows, such as Batch.SubmitJob=50; none lifts it; may be repeated",
    )
    add(
        "--parameter",
        type=_parameter,
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="a parameter of template.yaml; may be repeated",
    )
    add(
        "--output",
        type=Path,
        metavar="FOLDER",
        help="for outputs.json, cohort.csv and logs "
        "(default: out/local; at another port than 4566, out/local-PORT)",
    )


def _whole_number(text: str) -> int:
    return _integer(text, at_least=1)


def _seed(text: str) -> int:
    return _integer(text, at_least=0)


def _port(text: str) -> int:
    return _integer(text, at_least=0, at_most=65535)


def _integer(text: str, *, at_least: int, at_most: int | None = None) -> int:
    try:
        value = int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from None
    if value < at_least:
        raise argparse.ArgumentTypeError(f"{text} is below {at_least}, the least that makes sense")
    if at_most is not None and value > at_most:
        raise argparse.ArgumentTypeError(f"{text} is above {at_most}, the most that there is")
    return value


def _positive(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number") from None
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not above 0")
    return value


def _parameter(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not key or not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form KEY=VALUE")
    return key, value


def _quota(text: str) -> tuple[str, Quota | None]:
    api, rate = _parameter(text)
    if api not in AWS_QUOTAS:
        raise argparse.ArgumentTypeError(f"{api!r} has no quota here; there are {', '.join(AWS_QUOTAS)}")
    if rate == "none":
        return api, None
    return api, quota_of(_positive(rate))
