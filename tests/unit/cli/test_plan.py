"""The closed forms of `sluice plan` beside the project's simulation."""

from __future__ import annotations

import dataclasses
import heapq
import re
import typing
from dataclasses import dataclass

import pytest

from bench.cohort import JOBS_PER_SAMPLE
from bench.cohort import Cohort as BenchCohort
from bench.prices import cost
from bench.scale.outcome import POLICIES
from bench.scale.scenario import Scenario
from bench.scale.world import World
from sluice_cli.commands.plan import RATE_OF_QUOTA, Compute
from sluice_cli.plan.advice import MOST_OPEN_TASKS, VCPU_QUOTAS, advice
from sluice_cli.plan.estimate import WAKE_SECONDS, Cohort, Costs, costs
from sluice_cli.plan.prices import COMPUTE, ComputePrice
from sluice_cli.plan.walls import OPEN_TASKS, Room, Times, Wall, enough, slots_of, times
from sluice_local.live.walls import OPEN_TASKS_MAX
from sluice_local.packaging import read_template
from sluice_local.stack import find_project

TOLERANCE = 0.1


class EvenCohort(BenchCohort):
    """Samples whose jobs all take the same time."""

    def seconds(self, sample: str) -> tuple[float, float, float]:
        del sample
        return self.mean_seconds, self.mean_seconds, self.mean_seconds


@dataclass(frozen=True)
class Both:
    """What the simulation and the closed forms say of one cohort."""

    simulated_seconds: float
    simulated_usd: float
    times: Times
    costs: Costs


def both(cohort: BenchCohort, quota: float) -> Both:
    scenario = Scenario(cohort, quota)
    world = World(scenario)
    POLICIES["sluice"](world)
    longest = max(sum(cohort.seconds(name)) for name in cohort.sample_names()) / JOBS_PER_SAMPLE
    planned = Cohort(cohort.samples, JOBS_PER_SAMPLE, cohort.mean_seconds, longest)
    found = times(planned, Room(quota * RATE_OF_QUOTA))
    return Both(
        simulated_seconds=world.ledger.ended_at,
        simulated_usd=cost(world.ledger.usage()).total,
        times=found,
        costs=costs(planned, found.all_done, 0.0),
    )


CASES = [(100, 50, 30), (300, 50, 60), (1500, 50, 20), (600, 10, 300)]


@pytest.mark.parametrize(("samples", "quota", "seconds"), CASES)
@pytest.mark.parametrize("kind", [EvenCohort, BenchCohort])
def test_time_and_cost_are_those_of_the_simulation(
    kind: type[BenchCohort], samples: int, quota: float, seconds: float
) -> None:
    found = both(kind(samples, 1, seconds), quota)
    assert found.times.all_done == pytest.approx(found.simulated_seconds, rel=TOLERANCE)
    assert found.costs.sluice == pytest.approx(found.simulated_usd, rel=TOLERANCE)


def test_alike_jobs_of_an_hour_cost_no_more_than_planned_as_pollers_go_idle_between_them() -> None:
    found = both(EvenCohort(1500, 1, 3600), 50)
    assert found.times.all_done == pytest.approx(found.simulated_seconds, rel=TOLERANCE)
    assert found.simulated_usd <= found.costs.sluice <= 1.3 * found.simulated_usd


def scheduled_seconds(samples: int, jobs: int, seconds: float, slots: int) -> float:
    """How long chains of jobs take on so many slots, first come, first served."""
    free, ready = [0.0] * slots, [(0.0, sample, 0) for sample in range(samples)]
    ended = 0.0
    while ready:
        at, sample, step = heapq.heappop(ready)
        ended = max(at, heapq.heappop(free)) + seconds
        heapq.heappush(free, ended)
        if step + 1 < jobs:
            heapq.heappush(ready, (ended, sample, step + 1))
    return max(free)


@pytest.mark.parametrize(("samples", "slots"), [(1500, 512), (1500, 100), (1500, 700), (40, 7)])
def test_where_slots_are_few_they_decide(samples: int, slots: int) -> None:
    found = times(Cohort(samples, 3, 900.0, 900.0), Room(1e9, slots))
    assert found.by_wall[Wall.VCPUS] == pytest.approx(
        scheduled_seconds(samples, 3, 900.0, slots), rel=TOLERANCE
    )
    assert found.binding is Wall.VCPUS


def cohort_of(samples: int, seconds: float) -> Cohort:
    return Cohort(samples, 3, seconds, seconds)


@pytest.mark.parametrize(
    ("cohort", "room", "wall"),
    [
        (cohort_of(1500, 5), Room(49, 5000), Wall.SUBMIT),
        (cohort_of(1500, 5), Room(49, 5000, 20), Wall.LAUNCHES),
        (cohort_of(1500, 900), Room(49, 512, 20), Wall.VCPUS),
        (cohort_of(1500, 1), Room(1000, 5000, None, starts_per_second=10), Wall.STARTS),
        (cohort_of(1500, 900), Room(49, 5000, 20), Wall.JOBS),
        (cohort_of(1_000_000, 3600), Room(49, together=9), Wall.OPEN_TASKS),
        (cohort_of(50_000, 5), Room(49, together=20), Wall.STARTS),
        (cohort_of(50_000, 5), Room(49, starts_per_second=1000, together=20), Wall.TASKS),
    ],
)
def test_the_wall_that_binds_is_named(cohort: Cohort, room: Room, wall: Wall) -> None:
    assert times(cohort, room).binding is wall


def test_as_many_tasks_may_be_open_as_the_template_says() -> None:
    text = find_project().file("template.yaml").read_text(encoding="utf-8")
    parameter = read_template(text)["Parameters"]["MaxOpenTasks"]
    assert (parameter["Default"], parameter["MaxValue"]) == (OPEN_TASKS, MOST_OPEN_TASKS)
    assert OPEN_TASKS_MAX == OPEN_TASKS


def test_tasks_beyond_as_many_as_may_be_open_wait_for_others_to_end() -> None:
    found = times(cohort_of(150_000, 3600), Room(1e9, starts_per_second=1e9))
    assert found.by_wall[Wall.OPEN_TASKS] == pytest.approx(2 * 3 * 3600, rel=0.01)
    assert times(cohort_of(75_000, 3600), Room(1e9)).binding is Wall.JOBS


def test_where_fargate_binds_its_burst_is_taken_off() -> None:
    even = times(cohort_of(500, 1), Room(1000, 5000, 20, launches_at_once=100))
    assert even.by_wall[Wall.LAUNCHES] == pytest.approx(WAKE_SECONDS + (1500 - 100) / 20 + 2.2)


@pytest.mark.parametrize(
    ("cohort", "room"),
    [
        (cohort_of(1500, 5), Room(49, 5000)),
        (cohort_of(1500, 5), Room(49, 5000, 20)),
        (cohort_of(1500, 900), Room(49, 512, 20)),
        (cohort_of(1500, 1), Room(1000, 5000, None, starts_per_second=10)),
        (cohort_of(1_000_000, 3600), Room(49, together=9)),
    ],
)
def test_with_what_is_enough_something_else_decides_and_with_a_tenth_less_it_does_not(
    cohort: Cohort, room: Room
) -> None:
    before = times(cohort, room).binding
    asked = enough(cohort, room)
    assert asked is not None

    def given(amount: float) -> Room:
        fields = {
            Wall.SUBMIT: {"rate_per_second": amount},
            Wall.LAUNCHES: {"launches_per_second": amount},
            Wall.VCPUS: {"slots": int(amount)},
            Wall.STARTS: {"starts_per_second": amount},
            Wall.OPEN_TASKS: {"open_tasks": int(amount)},
        }
        return dataclasses.replace(room, **fields[before])  # type: ignore[arg-type] # each of its own type

    assert times(cohort, given(asked)).binding is not before
    assert times(cohort, given(asked * 0.9)).binding is before


def test_there_is_nothing_to_ask_for_where_the_jobs_themselves_decide() -> None:
    assert enough(cohort_of(1500, 900), Room(49, 5000, 20)) is None
    assert "No AWS quota" in advice(cohort_of(1500, 900), Room(49, 5000, 20), "ec2", 1)


def test_advice_names_the_quota_and_how_much_of_it() -> None:
    few = Room(49, 512, 20)
    said = advice(cohort_of(1500, 900), few, "fargate-spot", 2)
    assert "Fargate Spot vCPU resource count" in said
    assert f"{int(enough(cohort_of(1500, 900), few) or 0) * 2:,} vCPUs" in said
    assert "Spot task launches a second" in advice(cohort_of(1500, 5), Room(49, None, 20), "fargate-spot", 1)
    assert "on-demand task" in advice(cohort_of(1500, 5), Room(49, None, 20), "fargate", 1)
    assert "does not raise" in advice(cohort_of(1500, 5), Room(49), "ec2", 1)
    said = advice(cohort_of(1_000_000, 3600), Room(49, together=9), "ec2", 1)
    assert re.search(r"MaxOpenTasks=\d+ and ReconcileHeartbeatSeconds=\d+, .* HeartbeatSeconds of \d+", said)


def test_every_kind_of_compute_has_a_quota_of_vcpus() -> None:
    assert VCPU_QUOTAS.keys() == COMPUTE.keys()


def test_compute_is_paid_by_the_hour_of_every_job_its_start_included() -> None:
    cohort = Cohort(100, 3, 3540.0, 3540.0, start_seconds=60.0)
    assert costs(cohort, 3600.0, 2.0).compute == pytest.approx(600.0)


def test_memory_of_a_machine_comes_with_its_vcpus_and_fargate_s_is_apart() -> None:
    assert ComputePrice(0.048, 0.0, gib_a_vcpu=4.0).hour(1, 16) == pytest.approx(0.192)
    assert ComputePrice(0.048, 0.0, gib_a_vcpu=4.0).hour(2, 2) == pytest.approx(0.096)
    assert COMPUTE["fargate"].hour(1, 2) == pytest.approx(0.04937)


def test_jobs_of_one_call_count_as_one_submission() -> None:
    alone, together = (times(cohort_of(50_000, 5), Room(49, together=each)) for each in (1, 9))
    # what is left is waking up and a job's own length
    assert alone.by_wall[Wall.SUBMIT] > 8 * together.by_wall[Wall.SUBMIT]


def test_every_kind_of_compute_can_be_chosen() -> None:
    assert set(typing.get_args(Compute)) == {*COMPUTE, "none"}


@pytest.mark.parametrize(("vcpus", "each", "slots"), [(None, 1, None), (512, 1, 512), (10, 4, 2), (1, 2, 1)])
def test_slots_are_whole_jobs(vcpus: float | None, each: float, slots: int | None) -> None:
    assert slots_of(vcpus, each) == slots
