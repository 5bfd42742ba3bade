"""Runs all probes on a stack, from nothing to the table; what it made is gone afterwards."""

import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Final

from botocore.exceptions import ClientError

from accept.assumptions import ALONE, ASSUMPTIONS, Assumption, Probe
from accept.aws import Aws
from accept.clock import Clock
from accept.errors import AcceptError, StoppedError
from accept.events import Events
from accept.leftovers import end_jobs
from accept.resources import Made, Maker
from accept.scene import Facts, Scene
from accept.stack import Stack
from accept.table import Row

_logger: Final = logging.getLogger(__name__)
LOOK_SECONDS: Final = 2.0
LOOK_SECONDS_LOCALLY: Final = 0.2


@dataclass(frozen=True)
class Tried:
    """What came of a probe: its facts, or what went wrong."""

    facts: Facts | None = None
    trouble: str | None = None


@dataclass(frozen=True)
class Size:
    """How large a run is: samples of the cohort, and tasks that are launched at once."""

    samples: int
    launches: int


def run(aws: Aws, stack: Stack, prefix: str, size: Size, tell: Callable[[str], None]) -> list[Row]:
    """Try every assumption, and return the rows of the table in their order.

    Raises:
        AcceptError: what the run needs cannot be made.
    """
    clock = Clock(LOOK_SECONDS if aws.is_real else LOOK_SECONDS_LOCALLY)
    with ExitStack() as undo:
        undo.callback(tell, "Everything that the run made is taken away.")
        made = _make(Maker(aws, stack, prefix, undo))
        events = Events(aws.client("sqs"), made.queue_url, clock)
        undo.callback(end_jobs, aws, made, stack.queues)
        undo.callback(clock.end)
        scene = Scene(aws, stack, made, events, clock, undo, size.samples, size.launches, tell)
        tried = _try_all(scene, ASSUMPTIONS, tell)
    return [_row(assumption, tried) for assumption in ASSUMPTIONS]


def _make(maker: Maker) -> Made:
    try:
        return maker.make()
    except ClientError as error:
        raise AcceptError(
            f"What the run needs cannot be made: {error}\ndocs/acceptance.md has the permissions it takes."
        ) from error


def _row(assumption: Assumption, tried: Mapping[Probe, Tried]) -> Row:
    found = tried[assumption.probe] if assumption.probe else Tried()
    return Row(assumption, found.facts, found.trouble)


def _try_all(
    scene: Scene, assumptions: Sequence[Assumption], tell: Callable[[str], None]
) -> dict[Probe, Tried]:
    """Try each probe once: those that disturb nobody side by side, then the others in their order."""
    probes = {each.probe: each.name for each in assumptions if each.probe and each.name not in ALONE}
    alone = {each.name: each.probe for each in assumptions if each.probe and each.name in ALONE}
    tried: dict[Probe, Tried] = {}
    pool = ThreadPoolExecutor(len(probes), "probe")
    try:
        futures = {pool.submit(_try, probe, scene): probe for probe in probes}
        for future in as_completed(futures):
            tried[futures[future]] = future.result()
            tell(probes[futures[future]])
        for name in ALONE:
            tried[alone[name]] = pool.submit(_try, alone[name], scene).result()
            tell(name)
    finally:
        scene.clock.end()
        pool.shutdown(cancel_futures=True)
    return tried


def _try(probe: Probe, scene: Scene) -> Tried:
    try:
        return Tried(probe(scene))
    except StoppedError:
        return Tried(trouble="the run was ended")
    except Exception as error:  # a probe that breaks is a row of the table, and breaks no other
        _logger.debug("Probe %s", probe.__name__, exc_info=True)
        return Tried(trouble=f"{type(error).__name__}: {error}")
