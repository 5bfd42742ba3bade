"""The bench: `python -m bench compare | cpu | forecast | growth | limiter | scale | sharing | startup`."""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

from rich.console import Console

from bench.cohort import Cohort
from bench.compare import Comparison, compare
from bench.contenders.roster import CONTENDERS
from bench.cpu.measuring import CpuBenchError, Effort, cpu
from bench.forecast import forecast
from bench.growth import Growth, growth
from bench.limiter.measuring import LimiterBenchError, Pressure, limiter
from bench.measuring import Conditions
from bench.peers.programs import PeersMissingError
from bench.sharing import Sharing, SharingError, sharing
from bench.startup import startup
from sluice.rate.gcra import Limit

OUTPUT = Path("out/bench")
SIZES = "150,500,1500,3000"


def main() -> NoReturn:
    """Run the command line given to this process and exit with its status."""
    arguments = sys.argv[1:]
    if arguments[:1] == ["scale"]:
        from bench.scale.command import main as scale  # noqa: PLC0415 - only it needs SimPy

        sys.exit(scale(arguments[1:]))
    given = build_parser().parse_args(arguments)
    run: Callable[[argparse.Namespace], int] = given.run
    try:
        sys.exit(run(given))
    except KeyboardInterrupt:
        sys.exit("Stopped; nothing is left running.")


def build_parser() -> argparse.ArgumentParser:
    """Make the parser of all commands but `scale`, which reads its own arguments."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("scale", help="simulate cohorts past one machine in virtual time")
    _add_compare(commands.add_parser("compare", help="Sluice beside what people use today"))
    _add_cpu(commands.add_parser("cpu", help="CPU time of a task in submit_jobs and handle_job_status"))
    _add_forecast(
        commands.add_parser("forecast", help="`sluice plan` beside runs that three walls hold back")
    )
    _add_growth(commands.add_parser("growth", help="Sluice alone, with cohorts of several sizes"))
    _add_limiter(commands.add_parser("limiter", help="the shared limiter under many processes"))
    _add_sharing(commands.add_parser("sharing", help="two stacks and Snakemake on one quota"))
    _add_startup(commands.add_parser("startup", help="import time and memory of each function"))
    return parser


def _add_compare(command: argparse.ArgumentParser) -> None:
    command.add_argument("--samples", type=int, default=150, help="samples of three jobs each (150)")
    command.add_argument("--contenders", type=_names, default=tuple(CONTENDERS), help=", ".join(CONTENDERS))
    _add_conditions(command)
    command.set_defaults(run=_compare)


def _add_growth(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--sizes", type=_sizes, default=_sizes(SIZES), help=f"samples, with commas ({SIZES})"
    )
    _add_conditions(command)
    command.set_defaults(run=_growth)


def _add_cpu(command: argparse.ArgumentParser) -> None:
    command.add_argument("--runs", type=int, default=5, help="runs, of which the fastest counts (5)")
    command.add_argument("--tasks", type=int, default=600, help="tasks of each run (600)")
    command.add_argument("--keep", action="store_true", help="hold template.yaml against these figures")
    command.add_argument("--output", type=Path, default=OUTPUT, help="folder of the results")
    command.set_defaults(run=_cpu)


def _add_forecast(command: argparse.ArgumentParser) -> None:
    command.add_argument("--output", type=Path, default=OUTPUT, help="folder of the results")
    command.set_defaults(run=lambda given: forecast(given.output, Console()))


def _add_limiter(command: argparse.ArgumentParser) -> None:
    command.add_argument("--processes", type=int, default=8, help="that share the limiter (8)")
    command.add_argument("--threads", type=int, default=4, help="of each process (4)")
    command.add_argument("--seconds", type=float, default=30.0, help="of steady demand (30)")
    command.add_argument("--storm", type=float, default=60.0, help="seconds of a run with 429s; 0: none (60)")
    command.add_argument("--rate", type=float, default=49.0, help="calls a second (49)")
    command.add_argument("--burst", type=int, default=10, help="calls on top of the rate (10)")
    command.add_argument("--output", type=Path, default=OUTPUT, help="folder of the results")
    command.set_defaults(run=_limiter)


def _add_sharing(command: argparse.ArgumentParser) -> None:
    command.add_argument("--quota", type=float, default=10.0, help="SubmitJob calls a second (10)")
    command.add_argument("--seconds", type=float, default=60.0, help="in which all three submit (60)")
    command.add_argument("--output", type=Path, default=OUTPUT, help="folder of the results")
    command.set_defaults(run=_sharing)


def _add_startup(command: argparse.ArgumentParser) -> None:
    command.add_argument("--runs", type=int, default=10, help="cold starts of each function (10)")
    command.add_argument("--output", type=Path, default=OUTPUT, help="folder of the results")
    command.set_defaults(run=lambda given: startup(given.runs, given.output / "startup.json"))


def _add_conditions(command: argparse.ArgumentParser) -> None:
    command.add_argument("--runs", type=int, default=3, help="runs, of which the medians are shown (3)")
    command.add_argument("--quota", type=float, default=10.0, help="SubmitJob calls a second (10)")
    command.add_argument("--seconds", type=float, default=4.0, help="mean length of a job (4)")
    command.add_argument("--seed", type=int, default=1, help="draws the lengths of the jobs (1)")
    command.add_argument("--output", type=Path, default=OUTPUT, help="folder of the results")


def _compare(given: argparse.Namespace) -> int:
    conditions = _conditions(given, given.samples)
    return compare(Comparison(conditions, given.contenders, given.runs, given.output), Console())


def _growth(given: argparse.Namespace) -> int:
    return growth(
        Growth(_conditions(given, given.sizes[0]), given.sizes, given.runs, given.output), Console()
    )


def _limiter(given: argparse.Namespace) -> int:
    limit = Limit(given.rate, burst=given.burst)
    pressure = Pressure(limit, given.processes, given.threads, given.seconds, given.storm)
    try:
        return limiter(pressure, given.output / "limiter.json", Console())
    except LimiterBenchError as error:
        sys.exit(str(error))


def _sharing(given: argparse.Namespace) -> int:
    try:
        return sharing(Sharing(given.quota, given.seconds, given.output), Console())
    except (PeersMissingError, SharingError) as error:
        sys.exit(str(error))


def _cpu(given: argparse.Namespace) -> int:
    try:
        return cpu(Effort(given.runs, given.tasks), given.output / "cpu.json", Console(), keep=given.keep)
    except CpuBenchError as error:
        sys.exit(str(error))


def _conditions(given: argparse.Namespace, samples: int) -> Conditions:
    return Conditions(Cohort(samples, given.seed, given.seconds), given.quota)


def _names(text: str) -> Sequence[str]:
    names = tuple(text.split(","))
    if unknown := set(names) - set(CONTENDERS):
        raise argparse.ArgumentTypeError(
            f"{', '.join(sorted(unknown))}: the contenders are {', '.join(CONTENDERS)}"
        )
    return names


def _sizes(text: str) -> Sequence[int]:
    try:
        return tuple(int(size) for size in text.split(","))
    except ValueError as error:
        raise argparse.ArgumentTypeError(
            f"{text!r}: give whole numbers with commas, such as {SIZES}"
        ) from error


if __name__ == "__main__":
    main()
