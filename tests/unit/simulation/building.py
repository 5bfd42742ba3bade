"""Worlds of the simulation for tests of its models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.simulation.aws.batch import Batch, Fate
from tests.simulation.kernel.chance import Chance
from tests.simulation.kernel.world import MICROSECONDS, Process, World

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def world() -> World:
    return World(Chance("seed"), traced=True)


def pass_time(here: World, seconds: float) -> None:
    here.run(here.now + round(seconds * MICROSECONDS), lambda: False)


def acted(here: World, act: Callable[[], Any], process: Process | None = None) -> list[Any]:
    """Lets an actor act; its result comes into the list when it is over."""
    results: list[Any] = []
    here.spawn(
        process or Process(here, "process"), act, lambda result, error: results.append(error or result)
    )
    return results


def batch(here: World, events: list[Mapping[str, Any]], *, lag: float = 0, seconds: float = 60) -> Batch:
    return Batch(here, fate=lambda _: Fate(seconds), lag=lambda: lag, emit=events.append)
