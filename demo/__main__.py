"""`python -m demo`: signals, then the command."""

import sys

from sluice_local.terminal.signals import Interrupted, leave_at_once, raise_interrupted

# first of all, as there is nothing to clean up while modules are imported
leave_at_once()


def main() -> None:
    """Run the command line given to this process, and exit with its status."""
    from demo.command import app  # noqa: PLC0415 - see leave_at_once

    raise_interrupted()
    try:
        app()
    except Interrupted as interrupted:
        sys.stdout.write("Stopped; nothing is left running.\n")
        sys.exit(interrupted.exit_status)


if __name__ == "__main__":
    main()
