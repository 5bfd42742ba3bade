"""`sluice plan`."""

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.console import Console
from rich.table import Table

from sluice_cli.commands.plan_idle import show_idle
from sluice_cli.errors import WrongUsageError
from sluice_cli.plan.advice import advice
from sluice_cli.plan.estimate import Cohort, Costs, costs, job_hour
from sluice_cli.plan.prices import COMPUTE, ComputePrice
from sluice_cli.plan.walls import (
    BURST_SECONDS,
    LAUNCHES_PER_SECOND,
    Room,
    Times,
    slots_of,
    times,
)
from sluice_cli.terminal.durations import span
from sluice_cli.terminal.options import JsonOption
from sluice_cli.terminal.output import print_json, say, screen

RATE_OF_QUOTA = 0.98
"""Sluice's share of the quota, as template.yaml has it: 49 of 50 calls a second."""

Compute = Literal["fargate", "fargate-arm", "fargate-spot", "ec2", "none"]

_Samples = Annotated[int | None, typer.Option("--samples", min=1, metavar="N", help="Samples of the cohort.")]
_Jobs = Annotated[
    int, typer.Option("--jobs", min=1, metavar="N", help="Jobs of a sample, one after another.")
]
_Minutes = Annotated[
    float, typer.Option("--minutes", min=0.01, metavar="M", help="Mean run time of a job, in minutes.")
]
_Slowest = Annotated[
    float,
    typer.Option(
        "--slowest",
        min=1,
        metavar="X",
        help="Run time of the slowest sample's jobs, in multiples of the mean.",
    ),
]
_Start = Annotated[
    float, typer.Option("--start-seconds", min=0, metavar="S", help="Seconds to start a container.")
]
_Quota = Annotated[
    float, typer.Option("--quota", min=0.1, metavar="RATE", help="SubmitJob calls a second that AWS allows.")
]
_MaxVcpus = Annotated[
    float,
    typer.Option(
        "--max-vcpus",
        min=0.25,
        metavar="N",
        help="vCPUs of all compute environments together; by default twice MaxVcpus.",
    ),
]
_Launches = Annotated[
    float,
    typer.Option(
        "--fargate-launches",
        min=0.1,
        metavar="RATE",
        help="Tasks a second that Fargate starts, after a burst of five seconds' worth.",
    ),
]
_Together = Annotated[
    float,
    typer.Option(
        "--together",
        min=1,
        max=99,
        metavar="N",
        help="Jobs per SubmitJob call in a backlog, if tasks share arrays; EC2 only.",
    ),
]
_Vcpus = Annotated[float, typer.Option("--vcpus", min=0.25, metavar="N", help="vCPUs of a job.")]
_Gib = Annotated[float, typer.Option("--gib", min=0.5, metavar="N", help="Memory of a job in GiB.")]
_Compute = Annotated[
    Compute | None,
    typer.Option(
        "--compute",
        help="What the jobs run on: fargate-spot if left out, ec2 if prices are given. "
        "none leaves the price out.",
    ),
]
_VcpuUsd = Annotated[
    float | None,
    typer.Option(
        "--vcpu-usd", min=0, metavar="USD", help="Price of a vCPU-hour instead, such as EC2 Spot's."
    ),
]
_GibUsd = Annotated[
    float | None, typer.Option("--gib-usd", min=0, metavar="USD", help="Price of a GiB-hour instead.")
]
_Idle = Annotated[
    bool, typer.Option("--idle", help="What the stack costs in a month in which nothing happens.")
]
_Template = Annotated[Path, typer.Option("--template", metavar="FILE", help="Sluice's template, for --idle.")]
_Parameters = Annotated[
    list[str] | None,
    typer.Option("--parameter", metavar="NAME=VALUE", help="A parameter, for --idle; may be repeated."),
]


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(plan)


def plan(  # noqa: PLR0913 - each parameter is an option of the command line
    *,
    samples: _Samples = None,
    jobs: _Jobs = 3,
    minutes: _Minutes = 15.0,
    slowest: _Slowest = 2.0,
    start_seconds: _Start = 60.0,
    quota: _Quota = 50.0,
    fargate_launches: _Launches = LAUNCHES_PER_SECOND,
    together: _Together = 1.0,
    max_vcpus: _MaxVcpus = 512.0,
    vcpus: _Vcpus = 1.0,
    gib: _Gib = 2.0,
    compute: _Compute = None,
    vcpu_usd: _VcpuUsd = None,
    gib_usd: _GibUsd = None,
    idle: _Idle = False,
    template: _Template = Path("template.yaml"),
    parameter: _Parameters = None,
    as_json: JsonOption = False,
) -> None:
    """Estimate a cohort's time and cost, or what an idle stack costs, before anything runs.

    It names what holds the cohort back and what to ask AWS for, and makes no
    call to AWS. Prices are those of us-east-1, without free tiers. Times agree
    with runs on Local AWS, and Sluice's own costs with a simulation, to within
    a tenth. Neither covers how long Batch takes to find EC2 instances.

    \b
    Examples:
      sluice plan --samples 1500
      sluice plan --samples 1800 --minutes 40 --vcpus 4 --gib 16 --max-vcpus 4000
      sluice plan --samples 1500 --vcpu-usd 0.019 --gib-usd 0 --json
      sluice plan --idle --parameter ProbeMinutes=60
    """  # noqa: D301 - \b keeps Typer from joining the lines
    if idle:
        return show_idle(template, parameter or (), as_json=as_json)
    if samples is None:
        raise WrongUsageError("give --samples N for a cohort, or --idle for a stack without work.")
    compute = compute or ("fargate-spot" if vcpu_usd is gib_usd is None else "ec2")
    room = _room(quota, max_vcpus, vcpus, _launches(compute, fargate_launches), together)
    cohort = Cohort(samples, jobs, minutes * 60, minutes * 60 * slowest, start_seconds)
    price, ask_for = _price(compute, vcpu_usd, gib_usd), advice(cohort, room, compute, vcpus)
    _forecast(cohort, room, price, job_hour(price, vcpus, gib), ask_for).print(as_json=as_json)
    return None


def _launches(compute: Compute, per_second: float) -> float | None:
    return per_second if compute.startswith("fargate") else None


def _room(
    quota: float, max_vcpus: float, vcpus: float, fargate_launches: float | None, together: float
) -> Room:
    if together > 1 and fargate_launches is not None:
        raise WrongUsageError(
            f"--together is {together:g}: Sluice shares arrays with --compute ec2 alone, as Fargate starts "
            "fewer tasks a second than SubmitJob takes."
        )
    if vcpus > max_vcpus:
        raise WrongUsageError(
            f"--vcpus is {vcpus:g}: more than --max-vcpus, {max_vcpus:g}; no job could run."
        )
    return Room(
        quota * RATE_OF_QUOTA,
        slots_of(max_vcpus, vcpus),
        fargate_launches,
        BURST_SECONDS * (fargate_launches or 0),
        together=together,
    )


def _price(compute: Compute, vcpu_usd: float | None, gib_usd: float | None) -> ComputePrice | None:
    if vcpu_usd is not None or gib_usd is not None:
        return ComputePrice(vcpu_usd or 0.0, gib_usd or 0.0, note="prices as given")
    return None if compute == "none" else COMPUTE[compute]


@dataclass(frozen=True)
class _Forecast:
    """What is said of a cohort; `even` are its times if all jobs were alike."""

    cohort: Cohort
    even: Times
    found: Times
    bill: Costs
    price: ComputePrice | None
    ask_for: str

    def document(self) -> dict[str, Any]:
        found, usd = self.found, {**asdict(self.bill), "total": self.bill.total}
        return {
            "samples": self.cohort.samples,
            "jobs": self.cohort.all_jobs,
            "seconds": round(found.all_done, 1),
            "secondsIfJobsAreAlike": round(self.even.all_done, 1),
            "wall": found.binding.name,
            "heldBackBy": found.binding.value,
            "secondsByWall": {wall.name: round(seconds, 1) for wall, seconds in found.by_wall.items()},
            "usd": {name: round(amount, 4) for name, amount in usd.items()},
            "usdPerSample": round(self.bill.total / self.cohort.samples, 6),
            "askFor": self.ask_for,
        }

    def print(self, *, as_json: bool) -> None:
        if as_json:
            print_json(self.document())
            return
        console = screen()
        _show_times(console, self.cohort, (self.even, self.found), self.ask_for)
        _show_costs(console, self.cohort, self.bill, self.price)


def _forecast(
    cohort: Cohort, room: Room, price: ComputePrice | None, job_hour_usd: float, ask_for: str
) -> _Forecast:
    even, found = times(replace(cohort, longest_seconds=cohort.seconds), room), times(cohort, room)
    return _Forecast(cohort, even, found, costs(cohort, found.all_done, job_hour_usd), price, ask_for)


def _show_times(console: Console, cohort: Cohort, both: tuple[Times, Times], ask_for: str) -> None:
    even, found = both
    say(console, f"{cohort.samples:,} samples, {cohort.all_jobs:,} jobs: {span(found.all_done)}", "bold")
    say(console, f"  {span(even.all_done)} if all jobs were alike")
    say(console, f"  What decides: {found.binding}", "bold")
    say(console, f"  {ask_for}")
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column()
    table.add_column(justify="right")
    for wall, seconds in sorted(found.by_wall.items(), key=lambda pair: -pair[1]):
        table.add_row(f"  {wall}", span(seconds))
    say(console, "")
    say(console, "How long each alone would take", "bold")
    console.print(table)


def _show_costs(console: Console, cohort: Cohort, bill: Costs, price: ComputePrice | None) -> None:
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column()
    table.add_column(justify="right")
    table.add_column(style="dim")
    for name, usd, note in (
        ("Batch's compute", bill.compute, price.note if price else "left out"),
        ("Step Functions", bill.step_functions, "one transition a job and one a sample"),
        ("Lambda", bill.functions, ""),
        ("DynamoDB", bill.tables, ""),
        ("heartbeats", bill.heartbeats, "DynamoDB's for open tasks, a write each ten minutes"),
        ("SQS", bill.queues, ""),
    ):
        table.add_row(f"  {name}", _usd(usd), note)
    say(console, "")
    say(console, f"{_usd(bill.total)}, {_usd(bill.total / cohort.samples)} a sample", "bold")
    console.print(table)


def _usd(amount: float) -> str:
    """An amount to the cent, and small ones to a hundredth of one."""
    return f"{amount:,.2f} USD" if amount >= 0.1 or not amount else f"{amount:.4f} USD"
