"""The command line of `sluice-local`: signals, commands and the exit status."""

import os
import signal
import sys
from types import FrameType
from typing import NoReturn

_ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupted(KeyboardInterrupt):
    """Raised in the main thread by SIGINT and SIGTERM."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.exit_status = 128 + number


def main() -> NoReturn:
    """Run the command line given to this process, and exit with its status."""
    # what the commands need takes a second to import, after the arguments are known to be right
    from sluice_local.cli import build_parser  # noqa: PLC0415

    arguments = build_parser().parse_args()
    try:
        from sluice_local import commands  # noqa: PLC0415
    except ModuleNotFoundError as error:
        from lowpass.errors import missing_extra  # noqa: PLC0415

        sys.exit(missing_extra(error, program="sluice-local", extra="local"))

    _on_signals(_interrupt)
    try:
        sys.exit(commands.run(arguments))
    except Interrupted as interrupted:
        sys.stdout.write("Stopped; nothing is left running.\n")
        # a server is there to be ended, a demo is not
        sys.exit(0 if arguments.command == "up" else interrupted.exit_status)


def _on_signals(handler: "signal._HANDLER") -> None:
    for number in _ENDING_SIGNALS:
        signal.signal(number, handler)


def _leave(number: int, _frame: FrameType | None) -> NoReturn:
    os._exit(128 + number)


def _interrupt(number: int, _frame: FrameType | None) -> NoReturn:
    _on_signals(signal.SIG_IGN)  # the clean-up is to finish
    raise Interrupted(number)


# While modules are imported nothing is there to clean up, and an exception could be lost in an import's own
# clean-up; so this comes first, as the console script imports this module outside of any `try`.
_on_signals(_leave)

if __name__ == "__main__":
    main()
