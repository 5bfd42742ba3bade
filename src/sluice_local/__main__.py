"""The console script `sluice-local`: signals, then the command."""

import sys

from sluice_local.terminal.signals import Interrupted, leave_at_once, raise_interrupted

# first of all, as the console script imports this module outside of any `try`
leave_at_once()


def main() -> None:
    """Run the command line given to this process, and exit with its status."""
    from sluice_local.cli import app  # noqa: PLC0415 - see leave_at_once

    raise_interrupted()
    try:
        app()
    except ModuleNotFoundError as error:
        from lowpass.errors import missing_extra  # noqa: PLC0415 - likewise

        sys.exit(missing_extra(error, program="sluice-local", extra="local"))
    except Interrupted:
        sys.stdout.write("Stopped; nothing is left running.\n")
        sys.exit(0)  # a server is there to be ended


if __name__ == "__main__":
    main()
