"""Run `python -m lowpass`: the same program as the `lowpass` command."""

from lowpass.cli import main

main()
