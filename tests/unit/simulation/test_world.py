from __future__ import annotations

from tests.simulation.kernel.chance import Chance
from tests.simulation.kernel.threads import Lock, ThreadPoolExecutor
from tests.simulation.kernel.world import MICROSECONDS, Process
from tests.unit.simulation.building import acted, pass_time, world


def test_a_decision_depends_on_the_seed_and_its_place_alone() -> None:
    one, other = Chance("seed"), Chance("seed")
    one.draw("SubmitJob")
    assert one.draw("ListJobs") == other.draw("ListJobs")
    assert Chance("another").draw("ListJobs") != other.at("ListJobs", 0)


def test_a_trouble_can_be_switched_off_alone() -> None:
    chance = Chance("seed", off=frozenset({("call", 1)}))
    assert [chance.happens(chance.draw("call"), 1, "trouble") for _ in range(3)] == [True, False, True]
    assert [place for place, _ in chance.taken] == [("call", 0), ("call", 2)]


def test_actors_run_one_at_a_time_and_time_passes_only_when_all_wait() -> None:
    here = world()
    said: list[str] = []

    def act(name: str, seconds: float) -> None:
        said.append(f"{name} begins")
        here.sleep(seconds)
        said.append(f"{name} ends at {here.seconds:.0f}")

    acted(here, lambda: act("slow", 20))
    acted(here, lambda: act("quick", 10))
    pass_time(here, 60)
    assert said == ["slow begins", "quick begins", "quick ends at 10", "slow ends at 20"]


def test_what_is_killed_does_nothing_more_but_its_clean_up_runs() -> None:
    here = world()
    process = Process(here, "doomed")
    said: list[str] = []

    def act() -> None:
        try:
            here.sleep(10)
            said.append("went on")
        finally:
            said.append("cleaned up")

    results = acted(here, act, process)
    pass_time(here, 5)
    here.kill(process, "a test")
    pass_time(here, 60)
    assert (said, results) == (["cleaned up"], [])


def test_a_frozen_process_goes_on_later() -> None:
    here = world()
    process = Process(here, "frozen")

    def act() -> float:
        here.sleep(10)
        return here.seconds

    results = acted(here, act, process)
    pass_time(here, 1)
    here.freeze(process, 100)
    pass_time(here, 300)
    assert results == [101]


def test_a_lock_is_held_by_one_and_a_pool_has_so_many_actors() -> None:
    here = world()
    lock, inside, most = Lock(), [0], [0]

    def work(_: int) -> None:
        with lock:
            inside[0] += 1
            most[0] = max(most[0], inside[0])
            here.sleep(1)
            inside[0] -= 1

    def act() -> float:
        with ThreadPoolExecutor(3) as pool:
            list(pool.map(work, range(6)))
        return here.seconds

    results = acted(here, act)
    pass_time(here, 60)
    assert (most, results) == ([1], [6])


def test_no_sleep_goes_past_the_time_that_is_played() -> None:
    here = world()
    ended: list[float] = []

    def act() -> None:
        here.sleep(100)
        ended.append(here.seconds)

    acted(here, act)
    pass_time(here, 60)
    assert (ended, here.seconds) == ([], 60)
    pass_time(here, 60)
    assert ended == [100]


def test_it_is_asked_whether_it_is_enough_though_an_actor_alone_is_at_work() -> None:
    here = world()

    def act() -> None:
        for _ in range(1000):
            here.sleep(1)

    acted(here, act)
    assert here.run(here.now + 2000 * MICROSECONDS, lambda: here.seconds >= 100, every=64)
    assert 100 <= here.seconds < 200


def test_an_actor_whose_process_is_frozen_does_not_go_on_though_nothing_else_is_due() -> None:
    here = world()
    process = Process(here, "frozen")

    def act() -> float:
        here.freeze(process, 50)
        here.sleep(10)
        return here.seconds

    results = acted(here, act, process)
    pass_time(here, 100)
    assert results == [50]


def test_nothing_of_a_world_that_is_closed_waits_on() -> None:
    here = world()
    process = Process(here, "process")
    cleaned: list[str] = []

    def act() -> None:
        try:
            with ThreadPoolExecutor(2) as pool:
                pool.submit(here.park)
                pool.submit(lambda: here.sleep(1000))
        finally:
            cleaned.append("the pool's owner")

    acted(here, act, process)
    pass_time(here, 60)
    actors = list(process.actors)
    acted(here, lambda: None, Process(here, "not begun"))
    here.close()
    assert len(actors) == 3
    assert [actor.dead for actor in actors] == [True] * 3
    assert cleaned == ["the pool's owner"]


def test_a_process_may_be_killed_before_its_actor_begins_as_it_stood_still() -> None:
    here = world()
    process = Process(here, "frozen")
    here.freeze(process, 100)
    results = acted(here, lambda: "begun", process)
    here.after(10, here.kill, process, "its time is up")
    pass_time(here, 200)
    assert results == []
