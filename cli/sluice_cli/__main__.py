"""The console script `sluice`."""

import signal

from sluice_cli.app import app


def main() -> None:
    """Runs the command line given to this process, and exits with its status."""
    # a shell starts its background jobs with SIGINT ignored; a script must be able to interrupt this one too
    signal.signal(signal.SIGINT, signal.default_int_handler)
    app()


if __name__ == "__main__":
    main()
