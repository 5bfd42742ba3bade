"""What Step Functions, Batch's lists, IAM and the quotas do."""

import json
import time
import uuid
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Final

from botocore.exceptions import ClientError

from accept.aws import Client, code_of, status_of
from accept.resources import POLICY_VERSION, later, make_caller_role
from accept.scene import Facts, Scene

LOOKS: Final = 5
STARTS: Final = 20
CALLS: Final = 200
"""Four seconds' worth of SubmitJob's quota, sent at once."""
CALLERS: Final = 50
IAM_SECONDS: Final = 180.0


def list_lag(scene: Scene) -> Facts:
    """How long after SubmitJob's answer ListJobs finds the job by its name."""
    batch, found = scene.aws.client("batch"), []
    for number in range(LOOKS):
        name = f"lag-{number}"
        job_id = scene.submit(name)
        began = time.monotonic()
        by_name = [{"name": "JOB_NAME", "values": [f"{scene.made.prefix}-{name}"]}]

        def seen(wanted: str = job_id, filters: list[dict[str, Any]] = by_name) -> bool:
            queue = scene.stack.outputs["JobQueueArn"]
            listed = batch.list_jobs(jobQueue=queue, filters=filters)["jobSummaryList"]
            return any(each["jobId"] == wanted for each in listed)

        scene.clock.until(seen, f"job {name} in ListJobs")
        found.append(time.monotonic() - began)
    return {"jobs": LOOKS, "mostSeconds": round(max(found), 3)}


def names(scene: Scene) -> Facts:
    """Whether a name of an execution can be used twice, and whether a new one can be described at once."""
    states, machine = scene.aws.client("stepfunctions"), scene.made.sample_machine_arn
    missing, longest_s, last, arn = 0, 0.0, "", ""
    for _ in range(STARTS):
        last = uuid.uuid4().hex
        arn = states.start_execution(stateMachineArn=machine, name=last, input="{}")["executionArn"]
        began = time.monotonic()
        if not _is_found(states, arn):
            missing += 1
            scene.clock.until(partial(_is_found, states, arn), "new execution in DescribeExecution")
            longest_s = max(longest_s, time.monotonic() - began)
    start_again = partial(states.start_execution, stateMachineArn=machine, name=last, input='{"other": true}')
    while_it_runs = _refusal(start_again)
    scene.end_of(arn)
    return {
        "started": STARTS,
        "notFoundAtOnce": missing,
        "mostSecondsUntilFound": round(longest_s, 1),
        "whileItRuns": while_it_runs,
        "afterItsEnd": _refusal(start_again),
    }


def _is_found(states: Client, arn: str) -> bool:
    """Whether an execution can be described; raises what else is refused, such as too many calls."""
    try:
        states.describe_execution(executionArn=arn)
    except states.exceptions.ExecutionDoesNotExist:
        return False
    return True


def tokens(scene: Scene) -> Facts:
    """How long an empty poll takes, and what is said of a token that has been used."""
    states = scene.aws.client("stepfunctions")
    began = time.monotonic()
    states.get_activity_task(activityArn=scene.made.activity_arn)
    empty = time.monotonic() - began
    state = {"Type": "Task", "Resource": scene.made.activity_arn, "End": True}
    made = states.create_state_machine(
        name=f"{scene.made.prefix}-tokens",
        definition=json.dumps({"StartAt": "Wait", "States": {"Wait": state}}),
        roleArn=scene.made.role_arn,
    )
    machine = made["stateMachineArn"]
    later(scene.undo, states.delete_state_machine, stateMachineArn=machine)
    execution = states.start_execution(stateMachineArn=machine)["executionArn"]
    token = states.get_activity_task(activityArn=scene.made.activity_arn)["taskToken"]
    states.send_task_success(taskToken=token, output="{}")
    scene.end_of(execution)
    return {
        "emptyPollSeconds": round(empty, 1),
        "isAws": scene.aws.is_real,
        "usedAgain": _refusal(lambda: states.send_task_success(taskToken=token, output="{}")),
        "heartbeatAfterwards": _refusal(lambda: states.send_task_heartbeat(taskToken=token)),
    }


def permissions(scene: Scene) -> Facts:
    """How long a new role, a new permission and one that is taken away take to be in force."""
    iam, name = scene.aws.client("iam"), f"{scene.made.prefix}-caller"
    role = make_caller_role(scene.aws, name, scene.undo)
    sts = scene.aws.impatient("sts")
    assumed, answer = _timed(scene, lambda: sts.assume_role(RoleArn=role, RoleSessionName="accept"))
    batch = scene.aws.as_role(answer["Credentials"], "batch")
    if _refusal(batch.describe_job_queues) is None:
        return {"newRoleSeconds": assumed, "isEnforced": False}
    allowed = [{"Effect": "Allow", "Action": "batch:DescribeJobQueues", "Resource": "*"}]
    policy = json.dumps({"Version": POLICY_VERSION, "Statement": allowed})
    iam.put_role_policy(RoleName=name, PolicyName="look", PolicyDocument=policy)
    later(scene.undo, iam.delete_role_policy, RoleName=name, PolicyName="look")
    given, _ = _timed(scene, batch.describe_job_queues)
    iam.delete_role_policy(RoleName=name, PolicyName="look")
    taken, _ = _timed(scene, lambda: _refusal(batch.describe_job_queues))
    return {
        "newRoleSeconds": assumed,
        "isEnforced": True,
        "permissionSeconds": given,
        "withdrawalSeconds": taken,
    }


def throttling(scene: Scene) -> Facts:
    """What Batch says to more SubmitJob than its quota; there is no such queue, so no job is made."""
    batch = scene.aws.impatient("batch")

    def submit(number: int) -> str:
        try:
            batch.submit_job(jobName=f"n{number}", jobQueue=scene.made.prefix, jobDefinition="none")
        except ClientError as error:
            return f"{code_of(error)} {status_of(error)}"
        return "accepted"

    began = time.monotonic()
    with ThreadPoolExecutor(CALLERS) as pool:
        answers = Counter(pool.map(submit, range(CALLS)))
    seconds = time.monotonic() - began
    return {"calls": CALLS, "seconds": round(seconds, 2), "answers": dict(answers)}


def _timed(scene: Scene, call: Callable[[], Any]) -> tuple[float, Any]:
    """Try until a call is answered with something; returns how many seconds that took, and the answer."""
    began = time.monotonic()

    def probe() -> Any:
        try:
            return call()
        except ClientError:
            return None

    answer = scene.clock.until(probe, "answer of IAM's change", IAM_SECONDS)
    return round(time.monotonic() - began, 2), answer


def _refusal(call: Callable[[], object]) -> str | None:
    try:
        call()
    except ClientError as error:
        return code_of(error)
    return None
