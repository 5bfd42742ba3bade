from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from tests.simulation.aws.machines import Poller
from tests.simulation.kernel.world import Process
from tests.unit.simulation.building import world


def poller(resting: int | None, links: list[Any]) -> Poller:
    """A poller whose slot 0 has these links, and whose function never answers."""
    executions = {link.arn: link for link in links}
    here: Any = SimpleNamespace(world=world(), executions=executions)
    function: Any = SimpleNamespace(invoke=lambda *_: Process(here.world, "SubmitJobs#2"))
    made = Poller(here, function, function, 1, lambda _: resting)
    made.at_work[0] = {link.arn for link in links[:1]}
    return made


def link(number: int, **memory: Any) -> Any:
    at = {"slot": 0, "number": number, "probe": False, "emptyRounds": 0}
    return SimpleNamespace(arn=f"arn-{number}", name=f"slot-0-{number}", running=True, memory=at | memory)


@pytest.mark.parametrize(("resting", "forks"), [(16, 1), (None, 1), (17, 0)])
def test_a_link_that_rests_may_end_beside_the_next_one(resting: int | None, forks: int) -> None:
    links = [link(17), link(18)]
    made = poller(resting, links)
    made._round(links[1])
    assert len(made.forks) == forks


@pytest.mark.parametrize(("resting", "forks"), [(17, 0), (16, 1)])
def test_a_link_that_does_not_know_that_it_rests_may_begin_a_round(resting: int, forks: int) -> None:
    links = [link(18), link(17)]
    made = poller(resting, links)
    made._round(links[1])
    assert len(made.forks) == forks


@pytest.mark.parametrize(
    ("resting", "forks"),
    [(17, ["slot-0-17 polls though it rests"]), (18, ["slot-0-17 polls though it rests"]), (16, [])],
)
def test_a_link_that_rests_must_not_poll(resting: int, forks: list[str]) -> None:
    process = Process(world(), "SubmitJobs#1")
    made = poller(resting, [link(17, process=process)])
    made.polled(Process(world(), "SubmitJobs#2"))
    made.polled(process)
    assert made.forks == forks
