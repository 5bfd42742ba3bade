"""Puts in place what runs executions."""

from sluice_local.engine.stepfunctions.running import history, machine, nested, parallel
from sluice_local.engine.stepfunctions.running.distributed_map import run_distributed


def install() -> None:
    """Replace how MiniStack walks through states, branches, items and children, and records their events."""
    history.install()
    machine.install()
    parallel.install(run_distributed)
    nested.install()
