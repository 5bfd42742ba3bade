"""The command `scale`: every policy with cohorts past one machine, in virtual time."""

import argparse
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from bench.cohort import Cohort
from bench.compare import RESULTS_FILE
from bench.report.table import number
from bench.results import write_json
from bench.scale.arrays import arrays
from bench.scale.outcome import POLICIES, Outcome, simulate
from bench.scale.scenario import Delays, Scenario
from bench.scale.validation import TOLERANCE, Comparison, validate

SCALE_FILE: Final = "scale.json"
SIZES: Final = (1_500, 15_000, 150_000, 1_000_000)
MEAN_SECONDS: Final = 300.0
"""Mean length of a job: minutes, as the steps of a low-pass sample take."""


ROWS: Final[Mapping[str, Callable[[Outcome], str]]] = {
    "samples finished": lambda it: number(it.succeeded),
    "samples failed": lambda it: number(it.failed),
    "HTTP 429": lambda it: number(it.throttled),
    "SubmitJob calls": lambda it: number(it.calls.get("Batch.SubmitJob")),
    "DescribeJobs calls": lambda it: number(it.calls.get("Batch.DescribeJobs")),
    "GetActivityTask calls": lambda it: number(it.calls.get("States.GetActivityTask")),
    "submit rate in a backlog ÷ quota": lambda it: number(it.backlog_rate_of_quota, 3),
    "seconds with a backlog": lambda it: number(it.backlog_seconds, 1),
    "makespan, hours": lambda it: number(it.makespan_seconds / 3600, 2),
    "makespan ÷ floor": lambda it: number(it.makespan_of_floor, 3),
    "makespan ÷ ideal": lambda it: number(it.makespan_of_ideal, 3),
    "state transitions": lambda it: number(it.transitions),
    "events of the longest history": lambda it: number(it.events_longest),
    "USD per 1,000 samples": lambda it: number(it.usd_per_thousand, 3),
    "USD per 1,000 finished": lambda it: number(it.usd_per_thousand_finished, 3),
}


def main(arguments: Sequence[str]) -> int:
    """Reads the command's own arguments and runs it; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m bench scale", description=__doc__)
    parser.add_argument("--samples", type=_sizes, default=SIZES, help="sizes, with commas (1500 to 1000000)")
    parser.add_argument("--quota", type=float, default=50.0, help="SubmitJob calls a second (50)")
    parser.add_argument("--seconds", type=float, default=MEAN_SECONDS, help="mean length of a job (300)")
    parser.add_argument("--seed", type=int, default=1, help="draws lengths and delays (1)")
    parser.add_argument(
        "--arrays", action="store_true", help="how long large cohorts take with and without arrays"
    )
    parser.add_argument("--output", type=Path, default=Path("out/bench"), help="folder of the results")
    given = parser.parse_args(arguments)
    if given.arrays:
        return arrays(given.output, Console())
    return scale(given.samples, given.quota, seed=given.seed, output=given.output, mean_seconds=given.seconds)


def scale(
    samples: Sequence[int], quota: float, *, seed: int, output: Path, mean_seconds: float = MEAN_SECONDS
) -> int:
    """Simulates every policy for every size, and checks the model against a measured run if there is one.

    Args:
        samples: sizes of the cohort.
        quota: SubmitJob calls a second.
        seed: gives the jobs' lengths and the jitter of retries.
        output: folder; `scale.json` is written there, and the results of `compare` are read from there.
        mean_seconds: mean length of a job.

    Returns:
        1 if Sluice was measured and its simulation is off by more than a tenth, otherwise 0.
    """
    console = Console()
    compared = _validated(output / RESULTS_FILE)
    if compared:
        console.print(_validation_table(compared))
    outcomes = []
    for size in samples:
        scenario = Scenario(Cohort(size, seed, mean_seconds), quota)
        found = [simulate(scenario, policy) for policy in POLICIES]
        console.print(outcome_table(found))
        outcomes += found
    conditions = {"quotaPerSecond": quota, "seed": seed, "meanSeconds": mean_seconds}
    write_json(output / SCALE_FILE, document(outcomes, compared, conditions))
    console.print(f"figures  {output / SCALE_FILE}", highlight=False)
    return int(any(each.policy == "sluice" and not each.agrees for each in compared))


def document(
    outcomes: Sequence[Outcome], compared: Sequence[Comparison], conditions: dict[str, Any]
) -> dict[str, Any]:
    """Write out everything: conditions, the check, and each outcome."""
    return {
        "conditions": {**conditions, "delays": asdict(Delays())},
        "validation": [
            {**asdict(each), "deviation": each.deviation, "agrees": each.agrees} for each in compared
        ],
        "outcomes": [asdict(outcome) for outcome in outcomes],
    }


def outcome_table(outcomes: Sequence[Outcome]) -> Table:
    """Make the table of one size: a row a figure, a column a policy."""
    title = f"{outcomes[0].samples:,} samples in virtual time"
    table = Table(title=title, title_justify="left", box=None, header_style="bold", pad_edge=False)
    table.add_column("")
    for outcome in outcomes:
        table.add_column(outcome.policy, justify="right")
    for row, cell in ROWS.items():
        table.add_row(row, *(cell(outcome) for outcome in outcomes))
    return table


def _validated(results: Path) -> list[Comparison]:
    return validate(json.loads(results.read_text(encoding="utf-8"))) if results.is_file() else []


def _validation_table(compared: Sequence[Comparison]) -> Table:
    table = Table(title=f"The model beside a measured run: within {TOLERANCE:.0%}?", box=None, pad_edge=False)
    for column in ("policy", "figure", "measured", "simulated", "deviation", ""):
        table.add_column(column, justify="left" if column in ("policy", "figure", "") else "right")
    for each in compared:
        verdict = "agrees" if each.agrees else "differs"
        figures = (number(each.measured, 3), number(each.simulated, 3), f"{each.deviation:+.1%}")
        table.add_row(each.policy, each.figure, *figures, verdict)
    return table


def _sizes(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(size) for size in text.split(","))
    except ValueError as error:
        raise argparse.ArgumentTypeError(
            f"{text!r}: give whole numbers with commas, such as 1500,15000"
        ) from error
