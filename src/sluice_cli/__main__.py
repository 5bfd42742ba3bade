"""The console script `sluice`: signals, then the commands."""

import os
import signal
from types import FrameType
from typing import NoReturn


def main() -> None:
    """Runs the command line given to this process, and exits with its status."""
    from sluice_cli.app import Terminated, app  # noqa: PLC0415 - see _leave

    def terminate(_number: int, _frame: FrameType | None) -> NoReturn:
        raise Terminated

    # a shell starts its background jobs with SIGINT ignored; a script must be able to interrupt this one too
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, terminate)
    app()


def _leave(number: int, _frame: FrameType | None) -> NoReturn:
    """End quietly: while modules are imported nothing is there to clean up, nor to catch an exception."""
    os._exit(128 + number)


signal.signal(signal.SIGINT, _leave)

if __name__ == "__main__":
    main()
