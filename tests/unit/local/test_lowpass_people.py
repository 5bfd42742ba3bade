"""Who is run."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluice.cohorts.sheet import SheetRules, parse_sheet
from sluice_cli.cohorts.own_workflow import OWN_WORKFLOW_NEEDS
from sluice_local.lowpass.people import Places, TooManySamplesError, choose_samples

names = st.lists(st.text(min_size=1), unique=True, min_size=1, max_size=30)


@given(names, st.integers(0), st.data())
def test_a_larger_cohort_holds_the_smaller_one(people: list[str], seed: int, data: st.DataObject) -> None:
    count = data.draw(st.integers(1, len(people)))
    chosen = choose_samples(people, count, seed=seed)
    assert len(set(chosen)) == count
    assert set(chosen) <= set(people)
    assert choose_samples(people, len(people), seed=seed)[:count] == chosen


@given(names, st.integers(0))
def test_the_order_of_the_file_does_not_matter(people: list[str], seed: int) -> None:
    assert choose_samples(people, 1, seed=seed) == choose_samples(people[::-1], 1, seed=seed)


def test_another_seed_chooses_other_people() -> None:
    people = [f"NA{number}" for number in range(100)]
    assert choose_samples(people, 10, seed=1) != choose_samples(people, 10, seed=2)


def test_asking_for_more_people_than_there_are_names_the_limit() -> None:
    with pytest.raises(
        TooManySamplesError, match=r"3 samples .* hold 2 people: use SAMPLES=2 \(--samples 2\) or fewer"
    ):
        choose_samples(["NA1", "NA2"], 3, seed=1)


def test_a_workflow_is_told_where_everything_lies() -> None:
    assert Places("data").workflow_input("NA1") == {
        "sample": "NA1",
        "reads": "s3://data/reads/NA1.fastq.gz",
        "reference": "s3://data/reference/reference.fa.gz",
        "panel": "s3://data/reference/panel.bcf",
        "geneticMap": "s3://data/reference/genetic_map.b37.tsv.gz",
        "output": "s3://data/results/NA1",
    }


def test_a_sheet_gives_each_workflow_what_it_is_told() -> None:
    places, people = Places("data"), ["NA1", "NA2"]
    rules = SheetRules("cohort", {}, OWN_WORKFLOW_NEEDS)
    rows = parse_sheet(places.sheet(people), fmt="csv", rules=rules).rows
    told = [{**places.workflow_input(name), "cohort": "cohort"} for name in people]
    assert [json.loads(row.input) for row in rows] == told
