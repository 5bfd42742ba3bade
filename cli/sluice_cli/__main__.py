"""The console script `sluice`."""

from sluice_cli.app import app


def main() -> None:
    """Runs the command line given to this process, and exits with its status."""
    app()


if __name__ == "__main__":
    main()
