"""The command line of `sluice-local`: signals, commands and the exit status."""

import argparse
import signal
import sys
from types import FrameType
from typing import NoReturn

from sluice_local.arguments import build_parser


class Interrupted(KeyboardInterrupt):
    """Raised in the main thread by SIGINT and SIGTERM."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.exit_status = 128 + number


def main() -> NoReturn:
    """Run the command line given to this process, and exit with its status."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    arguments = build_parser().parse_args()
    try:
        sys.exit(_run(arguments))
    except Interrupted as interrupted:
        sys.stdout.write("Stopped; nothing is left running.\n")
        # a server is there to be ended, a demo is not
        sys.exit(0 if arguments.command == "up" else interrupted.exit_status)


def _interrupt(number: int, _frame: FrameType | None) -> NoReturn:
    for again in (signal.SIGINT, signal.SIGTERM):
        signal.signal(again, signal.SIG_IGN)  # the clean-up is to finish
    raise Interrupted(number)


def _run(arguments: argparse.Namespace) -> int:
    # what the commands need takes a second to import: by now Ctrl-C ends it cleanly
    from sluice_local import commands  # noqa: PLC0415

    return commands.run(arguments)


if __name__ == "__main__":
    main()
