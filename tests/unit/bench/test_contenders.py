"""The state machines of the contenders."""

import json
from typing import Any

from bench.contenders import job_poller, sluice, sync
from bench.contenders.roster import CONTENDERS
from bench.contenders.sleep_jobs import SleepJob
from sluice_local.stack import find_project

JOB = SleepJob("arn:queue", "arn:definition")


def targets(state: dict[str, Any]) -> set[str]:
    choices = {choice["Next"] for choice in state.get("Choices", ())}
    return choices | {state[name] for name in ("Next", "Default") if name in state}


def test_every_contender_answers_to_the_name_it_is_chosen_by() -> None:
    assert {name: make().name for name, make in CONTENDERS.items()} == {name: name for name in CONTENDERS}


def test_the_poller_loops_over_each_of_three_jobs_with_the_sample_s_waiting_time() -> None:
    states = job_poller.definition(JOB, job_poller.WAIT_SECONDS)["States"]
    assert len(states) == 3 * 5 + 1
    assert set().union(*(targets(state) for state in states.values())) | {"Submit Job 1"} == states.keys()
    assert states["Wait X Seconds 2"]["Seconds"] == 60
    assert states["Job Complete? 2"]["Default"] == "Wait X Seconds 2"
    assert states["Get Final Job Status 1"]["Next"] == "Submit Job 2"
    assert states["Get Final Job Status 3"]["End"]


def test_the_poller_tries_again_as_often_as_the_sample_does_and_no_more() -> None:
    states = job_poller.definition(JOB, 60)["States"]
    retries = [state["Retry"] for state in states.values() if state["Type"] == "Task"]
    assert retries == [job_poller.RETRY] * 9
    assert job_poller.RETRY[0]["MaxAttempts"] == 3


def test_sync_waits_for_each_job_and_retries_only_if_told_to() -> None:
    bare, patient = sync.without_retry(), sync.with_retry()
    states = sync.definition(JOB, bare.retry)["States"]
    assert [state["Resource"] for state in states.values()] == ["arn:aws:states:::batch:submitJob.sync"] * 3
    assert all("Retry" not in state for state in states.values())
    retried = sync.definition(JOB, patient.retry)["States"]
    assert retried["Job 2"]["Retry"] == [sync.METAFLOW_RETRY]


def test_sluice_runs_the_project_s_own_workflow_with_jobs_that_sleep() -> None:
    text = find_project().file("statemachines/workflow.asl.json").read_text()
    filled = sluice.definition(text, "arn:activity", JOB)
    steps = [filled["States"][name] for name in ("Align", "Likelihoods", "Impute")]
    assert {step["Resource"] for step in steps} == {"arn:activity"}
    jobs = [step["Arguments"]["jobs"][0] for step in steps]
    assert {(job["jobQueue"], job["jobDefinition"]) for job in jobs} == {("arn:queue", "arn:definition")}
    assert [job["parameters"]["seconds"] for job in jobs] == [
        f"{{% $states.input.seconds[{number}] %}}" for number in range(3)
    ]
    assert "${" not in json.dumps(filled)
    assert all("Retry" in step and step["HeartbeatSeconds"] == 900 for step in steps)
