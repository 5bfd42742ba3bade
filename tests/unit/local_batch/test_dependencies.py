"""Who waits for whom."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from sluice_local.batch.dependencies import Waiting, awaited_ids
from sluice_local.batch.model import JobSpec
from sluice_local.batch.requests import array_child
from tests.unit.local_batch.building import a_job


def child(index: int, *depends_on: dict[str, str]) -> JobSpec:
    parent = a_job("p", arrayProperties={"size": 3}, dependsOn=list(depends_on))
    return array_child(parent, index, created_at_ms=0).spec


def test_a_job_waits_for_the_ids_that_it_names() -> None:
    assert awaited_ids(a_job(dependsOn=[{"jobId": "a"}, {"jobId": "b"}]).spec) == {"a", "b"}


def test_sequential_children_wait_for_the_one_before() -> None:
    assert awaited_ids(child(0, {"type": "SEQUENTIAL"})) == set()
    assert awaited_ids(child(2, {"type": "SEQUENTIAL"})) == {"p:1"}


def test_n_to_n_children_wait_for_the_same_index_of_the_other_array() -> None:
    assert awaited_ids(child(2, {"jobId": "other", "type": "N_TO_N"})) == {"other:2"}


def test_an_arrays_parent_waits_for_nothing_since_its_children_do() -> None:
    assert awaited_ids(a_job(arrayProperties={"size": 2}, dependsOn=[{"jobId": "a"}]).spec) == set()
    assert awaited_ids(child(1, {"jobId": "a"})) == {"a"}


@given(st.sets(st.sampled_from("abcdef"), min_size=1), st.randoms())
def test_a_job_is_set_free_by_the_last_of_its_dependencies_and_only_then(
    awaited: set[str], random: Random
) -> None:
    waiting = Waiting()
    waiting.add("job", awaited)
    order = sorted(awaited)
    random.shuffle(order)
    decided = [waiting.settle(one, succeeded=True) for one in order]
    assert decided == [()] * (len(order) - 1) + [("job",)]


def test_one_failed_dependency_decides_a_job_once() -> None:
    waiting = Waiting()
    waiting.add("job", {"a", "b"})
    assert waiting.settle("a", succeeded=False) == ("job",)
