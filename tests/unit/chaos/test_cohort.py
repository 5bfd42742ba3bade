"""The cohort of a round, and its state machines."""

from __future__ import annotations

import json

from tests.chaos.cohort import COHORT, Arns, Program, Stop, runs, state_machine

ARNS = Arns("activity", "queue", {program: f"definition-{program}" for program in Program})


def test_a_cohort_names_each_of_its_executions_once() -> None:
    names = [run.name for run in runs("r1")]
    assert len(set(names)) == len(names) == sum(workflow.copies for workflow in COHORT)
    assert all(name.startswith("r1-") for name in names)


def test_a_cohort_has_stopped_failing_dependent_and_array_jobs_and_states_in_sequence() -> None:
    jobs = [job for workflow in COHORT for state in workflow.states for job in state.jobs]
    assert {workflow.stop for workflow in COHORT} == set(Stop)
    assert any(job.needs for job in jobs)
    assert any(job.size for job in jobs)
    assert {job.program for job in jobs} == set(Program)
    assert {state.fail_fast for workflow in COHORT for state in workflow.states} == {True, False}
    assert max(len(workflow.states) for workflow in COHORT) == 3


def test_a_state_machine_goes_through_its_states_and_names_its_dependencies() -> None:
    sequence = next(workflow for workflow in COHORT if workflow.name == "sequence")
    states = state_machine(sequence, ARNS)["States"]
    assert [state.get("Next") for state in states.values()] == ["Likelihoods", "Impute", None]
    dependent = next(workflow for workflow in COHORT if workflow.name == "dependent")
    text = json.dumps(state_machine(dependent, ARNS))
    assert '"dependsOn": [{"jobName": "left"}, {"jobName": "right"}]' in text
