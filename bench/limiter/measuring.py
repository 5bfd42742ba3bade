"""The shared limiter under many processes, on Amazon's DynamoDB Local: is the rate kept, and is it used?

Each process has the deployed limiter, store, client and clock, and threads that want slot after slot. In a
second run the API answers every call with 429 for two seconds.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from bench.limiter.figures import Demand, Kept, kept, seconds_to_recover
from bench.limiter.process import Press, Trace, press_limiter
from bench.machine import describe_machine
from bench.results import write_json
from sluice.rate.gcra import MICROSECONDS, Limit
from sluice_local.deploy import create_table
from sluice_local.dynamodb_local import DynamoDbLocal, what_is_missing
from sluice_local.packaging import read_template

ROOT: Final = Path(__file__).parents[2]
INSTALLED: Final = ROOT / ".dynamodb-local"
GOAL: Final = 0.97
"""The share of the rate that must be used while there is demand."""
STORM: Final = (10, 12)
"""When, in seconds since its start, the second run's calls are answered with 429."""


class LimiterBenchError(Exception):
    """Raised when this machine lacks what the measurement needs."""


@dataclass(frozen=True)
class Pressure:
    """What is measured: so many processes on one limit, and a storm of 429s in a run of its own."""

    limit: Limit
    processes: int
    threads: int
    seconds: float
    storm_seconds: float


@dataclass(frozen=True)
class Measured:
    """One run in figures."""

    kept: Kept
    writes_per_slot: float
    conflicts: int
    throttled: int


def limiter(pressure: Pressure, output: Path, console: Console) -> int:
    """Measure, print and write the results; 0 if the rate was never exceeded and was used to the goal.

    Raises:
        LimiterBenchError: DynamoDB Local cannot be started here.
    """
    missing = what_is_missing(INSTALLED)
    if missing is not None:
        raise LimiterBenchError(missing)
    with DynamoDbLocal(INSTALLED) as server:
        steady = measure(server, pressure, pressure.seconds)
        storm = measure(server, pressure, pressure.storm_seconds, STORM) if pressure.storm_seconds else None
    runs = {"steady": steady} | ({"storm": storm} if storm else {})
    write_json(output, document(pressure, runs))
    _print(console, pressure, runs)
    return 0 if is_good(pressure.limit, steady, storm) else 1


def measure(
    server: DynamoDbLocal, pressure: Pressure, seconds: float, storm: tuple[float, float] = (0.0, 0.0)
) -> Measured:
    """Press a fresh rate table for so long."""
    template = read_template((ROOT / "template.yaml").read_text(encoding="utf-8"))
    name = f"rates-{'storm' if any(storm) else 'steady'}"
    table = create_table(server.client(), template, "RateTable", name=name)
    press = Press(server.endpoint, table, pressure.limit, seconds, pressure.threads, storm)
    return summed_up(press, press_limiter(press, pressure.processes))


def summed_up(press: Press, traces: Sequence[Trace]) -> Measured:
    """Put the processes' traces together."""
    begin_us = max(trace.begin_us for trace in traces)
    end_us = min(trace.begin_us for trace in traces) + round(press.seconds * MICROSECONDS)
    times_us = [at_us for trace in traces for at_us in trace.times_us]
    return Measured(
        kept=kept(times_us, press.limit, Demand(begin_us, end_us)),
        writes_per_slot=sum(trace.writes for trace in traces) / max(1, len(times_us)),
        conflicts=sum(trace.conflicts for trace in traces),
        throttled=sum(trace.throttled for trace in traces),
    )


def is_good(limit: Limit, steady: Measured, storm: Measured | None) -> bool:
    """Say whether the rate was never exceeded, and was used to the goal while nothing stood in the way."""
    runs = [steady] if storm is None else [steady, storm]
    held = all(run.kept.most_above_rate <= limit.burst for run in runs)
    return held and steady.kept.share_of_rate >= GOAL


def document(pressure: Pressure, runs: dict[str, Measured]) -> dict[str, Any]:
    """Write out everything."""
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "conditions": asdict(pressure) | {"stormBetweenSeconds": STORM},
        "machine": describe_machine(),
        **{name: asdict(run) for name, run in runs.items()},
    }


def _print(console: Console, pressure: Pressure, runs: dict[str, Measured]) -> None:
    limit = pressure.limit
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("")
    for name in runs:
        table.add_column(name, justify="right")
    for title, cells in _rows(limit, list(runs.values())):
        table.add_row(title, *cells)
    pressing = f"{pressure.processes} processes of {pressure.threads} threads"
    console.print(f"{pressing}, {limit.rate_per_second:g} calls a second")
    console.print(table)
    if storm := runs.get("storm"):
        console.print(_told(storm.kept.per_second, limit))


def _rows(limit: Limit, runs: Sequence[Measured]) -> list[tuple[str, list[str]]]:
    bound = f"most calls above rate x time, of all intervals (bound {limit.burst})"
    return [
        ("slots used", [f"{run.kept.calls:,}" for run in runs]),
        (bound, [f"{run.kept.most_above_rate:.2f}" for run in runs]),
        (f"share of the rate (goal {GOAL})", [f"{run.kept.share_of_rate:.3f}" for run in runs]),
        ("DynamoDB writes a slot", [f"{run.writes_per_slot:.2f}" for run in runs]),
        ("DynamoDB conflicts", [f"{run.conflicts:,}" for run in runs]),
        ("calls answered with 429", [f"{run.throttled:,}" for run in runs]),
    ]


def _told(per_second: Sequence[int], limit: Limit) -> str:
    begin, end = STORM
    seconds = seconds_to_recover(per_second, after_second=end, at_least=GOAL * limit.rate_per_second)
    recovered = "not in this run" if seconds is None else f"{seconds} s after it"
    return (
        f"429s from second {begin} to {end}; at {GOAL:.0%} of the rate again: {recovered}\n"
        f"calls in each second of the storm's run: {' '.join(map(str, per_second))}"
    )
