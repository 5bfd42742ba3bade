"""What submit_jobs does, and the poller that runs it."""

from __future__ import annotations

import itertools
import json
import time
from typing import TYPE_CHECKING, Any, Final

from sluice_local.faults.plan import Fault, FaultKind, FaultPlan
from tests.contract.iam.ending_probes import running_job, was_stopped
from tests.contract.iam.probe import Probe, first_wrong
from tests.contract.iam.scene import Handed, within
from tests.e2e.stack.stack import make_impatient
from tests.support.building import eventually

if TYPE_CHECKING:
    from tests.contract.iam.scene import Scene

ROUND: Final = {"slot": 0, "probe": True}
ASKING: Final = ("batch:DescribeJobQueues", "batch:DescribeComputeEnvironments")
_NUMBERS = itertools.count(1_000_000, 10)


def _job_id(scene: Scene, execution: str, job: str) -> str | None:
    return next((task.jobs[job].job_id for task in scene.stack.tasks(execution)), None)


def submits(scene: Scene) -> str | None:
    """A job with tags is submitted by a limiter that nobody has used yet, and its id is noted."""
    scene.forget_rate("SubmitJob")
    definition = scene.stack.job_definition("sleep", "sleep", "600")
    execution = scene.start(scene.stack.job("tagged", definition, tags={"project": "x"}))
    failed, _ = scene.invoke("SubmitJobs", ROUND)
    return failed or first_wrong(
        (bool(scene.stack.tasks(execution)), "the task is refused or has no item"),
        (_job_id(scene, execution, "tagged") is not None, "the job has no id in its task's item"),
    )


def asks_what_queues_run_on(scene: Scene) -> str | None:
    """Before a task goes with others it is asked whether its queue is Fargate's."""
    definition = scene.stack.job_definition("sleep", "sleep", "600")
    job = scene.stack.job("alike", definition, parameters={"sample": "x"})
    machines = scene.machines()
    given = {
        "executionArn.$": "$$.Execution.Id",
        "stateName.$": "$$.State.Name",
        "jobs": [job],
        "vary": ["sample"],
    }
    resource = scene.stack.outputs["ActivityArn"]
    execution = machines.start(machines.of_one_task(resource, Parameters=given, HeartbeatSeconds=600))
    asked = len(scene.decisions())
    failed, _ = scene.invoke("SubmitJobs", ROUND)
    of_queues = [each for each in scene.decisions()[asked:] if each["action"] in ASKING]
    return failed or first_wrong(
        (_job_id(scene, execution, "alike") is not None, "the job has no id in its task's item"),
        (all(each["allowed"] for each in of_queues), "nobody can say what the queue runs on"),
    )


def tells_the_sender(scene: Scene) -> str | None:
    """A task that is wrong fails in its workflow."""
    execution = scene.start()
    failed, _ = scene.invoke("SubmitJobs", ROUND)
    status = scene.stack.states.describe_execution(executionArn=execution)["status"]
    return failed or first_wrong((status == "FAILED", "the workflow does not hear that its input is wrong"))


def refuses_queues(scene: Scene) -> str | None:
    """A job to a queue of which no event would tell is refused at once."""
    stray = scene.stack.job("stray", scene.stack.job_definition("true", "true"), jobQueue="nobody-watches-it")
    execution = scene.start(stray)
    failed, _ = scene.invoke("SubmitJobs", ROUND)
    ended = scene.stack.states.describe_execution(executionArn=execution)
    told = "no job queue that this stack watches" in ended.get("cause", "")
    return failed or first_wrong((told, "a job to a queue that is not watched is not refused by Sluice"))


def refuses_definitions(scene: Scene) -> str | None:
    """A job of a definition that the stack may not use is refused at once."""
    theirs = scene.stack.job("theirs", scene.stack.job_definition("theirs", "true"))
    execution = scene.start(theirs)
    failed, _ = scene.invoke("SubmitJobs", ROUND)
    ended = scene.stack.states.describe_execution(executionArn=execution)
    told = "no job definition that this stack may use" in ended.get("cause", "")
    return failed or first_wrong((told, "a job of a definition out of bounds is not refused by Sluice"))


def looks_up(scene: Scene) -> str | None:
    """A job whose submission was answered with an error is found by its name."""
    after_effect = Fault(FaultKind.SERVER_ERROR_AFTER_EFFECT, "Batch.SubmitJob", count=1)
    scene.aws.inject(FaultPlan(seed=1, faults=(after_effect,)))
    execution = scene.start(scene.stack.job("lost", scene.stack.job_definition("sleep", "sleep", "600")))
    failed, _ = scene.invoke("SubmitJobs", ROUND)
    found = _job_id(scene, execution, "lost") is not None
    return failed or first_wrong((found, "a job whose answer was lost is not found by its name"))


def completes(scene: Scene) -> str | None:
    """A task whose job ends before its id is noted is completed, though the handler died after its note."""
    slow = Fault(FaultKind.SLOW_ANSWER, "Batch.SubmitJob", count=1, seconds=3)
    killed = Fault(
        FaultKind.FUNCTION_KILLED_AFTER_CALL,
        "DynamoDB.UpdateItem",
        count=1,
        caller="HandleJobStatusFunction",
    )
    scene.aws.inject(FaultPlan(seed=1, faults=(slow, killed)))
    execution = scene.start(scene.stack.job("brief", scene.stack.job_definition("true", "true")))
    with scene.listening("HandleJobStatus"):
        failed, _ = scene.invoke("SubmitJobs", ROUND)
    status = scene.stack.states.describe_execution(executionArn=execution)["status"]
    return failed or first_wrong((status == "SUCCEEDED", "a task whose jobs have ended is not completed"))


def stops_siblings(scene: Scene) -> str | None:
    """When Batch refuses a job for good, the jobs of its task that were submitted before are stopped."""
    scene.forget_rate("TerminateJob")
    name = f"sleeper{next(_NUMBERS)}"
    sleeper = scene.stack.job(name, scene.stack.job_definition("sleep", "sleep", "600"))
    scene.start(sleeper, scene.stack.job("refused", "true:999"))
    failed, _ = scene.invoke("SubmitJobs", ROUND)
    ended = within(2, lambda: bool(scene.stack.ended_job(scene.stack.job_called(name))))
    return failed or first_wrong((ended, "a job runs on whose sibling was refused"))


def ends_earlier_try(scene: Scene) -> str | None:
    """A state that is tried again has the jobs of its first try stopped."""
    execution = scene.start(scene.stack.job("again", scene.stack.job_definition("sleep", "sleep", "600")))
    earlier, job_id = Handed(f"token-{time.time_ns()}", execution), running_job(scene)
    scene.put_task(earlier, scene.stack.job("again", "any:1"), ids={"again": job_id})
    failed, _ = scene.invoke("SubmitJobs", ROUND)
    return failed or first_wrong((was_stopped(scene, job_id), "the job of an earlier try runs on"))


def continues(scene: Scene) -> str | None:
    """A poller runs a round and continues as a new execution."""
    number = next(_NUMBERS)
    poller_input = {"slot": 0, "number": number, "probe": False, "emptyRounds": 0}
    execution = scene.stack.states.start_execution(
        stateMachineArn=scene.stack.outputs["ActivityPollerArn"],
        name=f"slot-0-{number}",
        input=json.dumps(poller_input),
    )["executionArn"]
    error = eventually(lambda: _end(scene, execution))
    return first_wrong((error == "none", f"the poller's round ends with {error}"))


def _end(scene: Scene, execution: str) -> str | None:
    """How a poller's execution ended or first failed: an error's name, or "none"."""
    events: list[dict[str, Any]] = scene.stack.states.get_execution_history(executionArn=execution)["events"]
    failures = [event["taskFailedEventDetails"]["error"] for event in events if event["type"] == "TaskFailed"]
    ended = any(event["type"] == "ExecutionSucceeded" for event in events)
    return next(iter(failures), "none" if ended else None)


def counts_open(scene: Scene) -> str | None:
    """A poller that is new counts the open tasks before it takes one."""
    make_impatient(scene.aws, scene.physical("SubmitJobsFunction"), {"NEW": str(next(_NUMBERS))})
    failed, answer = scene.invoke("SubmitJobs", ROUND)
    counted = "OpenTasksUncounted" not in answer
    return failed or first_wrong((counted, "nobody can say how many tasks are open"))


PROBES: Final = (
    Probe("open tasks are counted", counts_open, about="dynamodb:Query"),
    Probe("a tagged job is submitted", submits),
    Probe("a queue is asked about", asks_what_queues_run_on, about="batch:Describe"),
    Probe("a wrong input is refused", tells_the_sender),
    Probe("an unwatched queue is refused", refuses_queues, about="events:"),
    Probe("a definition out of bounds is refused", refuses_definitions, about="ssm:"),
    Probe("a lost answer is looked up", looks_up),
    Probe("a refused job's siblings stop", stops_siblings),
    Probe("a task is completed by its poller", completes),
    Probe("an earlier try is ended", ends_earlier_try, about="states:SendTaskHeartbeat"),
    Probe("a poller continues", continues),
)
