"""`sluice plan --idle`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table

from sluice_cli.errors import WrongUsageError
from sluice_cli.plan.idle import LEAN, idle_costs, stray_poller
from sluice_cli.plan.template import Deployment, read_template
from sluice_cli.terminal.output import print_json, say, screen

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from sluice_cli.plan.idle import IdleCost


def show_idle(template: Path, parameters: Sequence[str], *, as_json: bool) -> None:
    """Says what a stack without work costs a month, as its parameters are and in the lean setting.

    Args:
        template: Sluice's template.yaml.
        parameters: those that differ from their defaults, as NAME=VALUE.
        as_json: whether to print JSON.
    """
    given = dict(_pair(each) for each in parameters)
    try:
        read = read_template(template.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no text in UTF-8"
        says = f"--template is {template}: {why}. Give the template.yaml of a checkout of Sluice."
        raise WrongUsageError(says) from None
    full, lean = (idle_costs(Deployment(read, each)) for each in (given, {**given, **LEAN}))
    stray = stray_poller(Deployment(read, given))
    if as_json:
        more = {"usdAMonthOfStrayPollers": round(stray.usd, 4)} if stray else {}
        print_json({"usdAMonth": _document(full), "usdAMonthLean": _document(lean), **more})
    else:
        _show(full, lean, "as given" if given else "everything on", stray)


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise WrongUsageError(f"--parameter is {text!r}; give NAME=VALUE, such as ProbeMinutes=60.")
    return name, value


def _document(costs: Sequence[IdleCost]) -> Mapping[str, float]:
    return {each.what: round(each.usd, 4) for each in costs} | {"total": round(_total(costs), 4)}


def _total(costs: Sequence[IdleCost]) -> float:
    return sum(each.usd for each in costs)


def _show(full: Sequence[IdleCost], lean: Sequence[IdleCost], title: str, stray: IdleCost | None) -> None:
    console = screen()
    table = Table(box=None, pad_edge=False)
    table.add_column("USD a month, without work")
    table.add_column(title, justify="right")
    table.add_column("lean", justify="right")
    table.add_column("", style="dim")
    for one, other in zip(full, lean, strict=True):
        table.add_row(one.what, f"{one.usd:.2f}", f"{other.usd:.2f}", one.note)
    table.add_row("in all", f"{_total(full):.2f}", f"{_total(lean):.2f}", "", style="bold")
    console.print(table)
    say(console, f"lean: {' '.join(f'{name}={value}' for name, value in LEAN.items())}")
    if stray:
        way_out = "ServedWorkflowArns says whose executions count"
        say(console, f"{stray.what}: {stray.usd:.2f} more, {stray.note}; {way_out}")
