"""The long chaos run: `python -m tests.chaos --rounds 50 --seed 7`, or one of its rounds: `--round 12`."""

from __future__ import annotations

import argparse
import json
import platform
import random
import sys
from contextlib import ExitStack, contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from sluice_local.server import LocalAws
from tests.chaos.results import Command, document, shown, summary, verdict
from tests.chaos.rig import LOCAL_SETTINGS, build_rig
from tests.chaos.rounds import play
from tests.chaos.scenarios import alone, drawn

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.chaos.results import Played
    from tests.chaos.rig import Rig
    from tests.chaos.scenarios import Scenario

OUTPUT = Path("out/chaos")
PACKAGES = ("sluice", "ministack", "boto3", "botocore")


def main(arguments: Sequence[str]) -> int:
    """Plays the rounds that were asked for; 1 if any invariant broke, else 0."""
    given = _parser().parse_args(arguments)
    seed = random.SystemRandom().randrange(10**6) if given.seed is None else given.seed
    command, scenarios = Command(seed), _scenarios(given, seed)
    _say(f"seed {seed}, {len(scenarios)} rounds")
    given.output.mkdir(parents=True, exist_ok=True)
    played: dict[int, Played] = {}
    try:
        with _running_rig(given.output / "server.log") as rig:
            for number, scenario in scenarios.items():
                played[number] = _play(rig, command, number, scenario)
                _keep_log(given.output / f"round-{number}.log", played[number], always=len(scenarios) == 1)
    except KeyboardInterrupt:
        _say("Stopped; nothing is left running.")
    result = document(command, played, _versions())
    (given.output / "results.json").write_text(json.dumps(result, indent=2) + "\n")
    _say(*summary(result), f"result: {given.output / 'results.json'}")
    return 1 if result["broken"] or len(played) < len(scenarios) else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--rounds", type=int, default=50, help="rounds to play (50)")
    parser.add_argument("--seed", type=int, help="draws the troubles of the rounds (a new one each time)")
    parser.add_argument("--round", type=int, help="play only the round of this number")
    parser.add_argument(
        "--trouble", help="play one round with this trouble alone, such as killed-after-submit"
    )
    parser.add_argument("--output", type=Path, default=OUTPUT, help="folder of the result (out/chaos)")
    return parser


def _scenarios(given: argparse.Namespace, seed: int) -> dict[int, Scenario]:
    if given.trouble is not None:
        return {1: alone(given.trouble, seed=seed)}
    numbers = [given.round] if given.round is not None else range(1, given.rounds + 1)
    return {number: drawn(seed, number) for number in numbers}


@contextmanager
def _running_rig(log_path: Path) -> Iterator[Rig]:
    log_path.unlink(missing_ok=True)
    with ExitStack() as open_until_end:
        aws = open_until_end.enter_context(LocalAws(LOCAL_SETTINGS, log_path=log_path))
        rig = build_rig(aws)
        for schedule in rig.schedules():
            open_until_end.enter_context(schedule)
        yield rig


def _play(rig: Rig, command: Command, number: int, scenario: Scenario) -> Played:
    _say(f"round {number}: {shown(scenario)}")
    played = play(rig, scenario, f"r{number}")
    _say(*verdict(command, number, played))
    return played


def _keep_log(path: Path, played: Played, *, always: bool) -> None:
    """Keeps what the functions logged in a round that broke something, or in the only one."""
    if played.broken or always:
        path.write_text("\n".join(played.log) + "\n")


def _versions() -> dict[str, str]:
    return {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}}


def _say(*lines: str) -> None:
    for line in lines:
        print(line, flush=True)  # noqa: T201 - what a person watches


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
