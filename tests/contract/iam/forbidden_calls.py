"""What each role must not do: a call of another's work or data, with the arguments that name it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.contract.iam.scene import Scene

Arguments = dict[str, Any]
Call = tuple[str, str, "Callable[[Scene], Arguments]"]
"""Service, operation, and what makes the arguments."""


def submit(scene: Scene) -> Arguments:
    definition = scene.stack.job_definition("true", "true")
    return {"jobName": "x", "jobQueue": scene.stack.outputs["JobQueueArn"], "jobDefinition": definition}


def submit_elsewhere(scene: Scene) -> Arguments:
    queue = scene.stack.outputs["JobQueueArn"].replace("job-queue/", "job-queue/other-")
    return {**submit(scene), "jobQueue": queue}


def submit_theirs(scene: Scene) -> Arguments:
    definition = scene.stack.job_definition("theirs", "true")
    return {**submit(scene), "jobDefinition": definition}


def submit_theirs_by_name(scene: Scene) -> Arguments:
    return {**submit_theirs(scene), "jobDefinition": "theirs"}


def submit_another_stack_s(scene: Scene) -> Arguments:
    # its name begins like the stack's own
    return {**submit(scene), "jobDefinition": scene.stack.job_definition("sluice-test-align", "true")}


def tag_theirs(scene: Scene) -> Arguments:
    return {"resourceArn": scene.stack.job_definition("theirs", "true"), "tags": {"project": "x"}}


def their_workflow(scene: Scene) -> Arguments:
    machine = scene.stack.outputs["WorkflowArn"].rpartition(":")[0]
    return {"stateMachineArn": f"{machine}:theirs", "name": "cohort.1.sample", "input": "{}"}


def their_definition(scene: Scene) -> Arguments:
    return {"stateMachineArn": their_workflow(scene)["stateMachineArn"]}


def bounds(name: str) -> Callable[[Scene], Arguments]:
    def arguments(scene: Scene) -> Arguments:
        return {"Name": scene.physical(name)}

    arguments.__name__ = name
    return arguments


def widened(scene: Scene) -> Arguments:
    return {"Name": scene.physical("JobDefinitionBounds"), "Value": "*", "Overwrite": True}


def any_job(_scene: Scene) -> Arguments:
    return {"jobId": "job", "reason": "x"}


def list_jobs(scene: Scene) -> Arguments:
    return {"jobQueue": scene.stack.outputs["JobQueueArn"], "jobStatus": "RUNNING"}


def describe_jobs(_scene: Scene) -> Arguments:
    return {"jobs": ["job"]}


def register(_scene: Scene) -> Arguments:
    return {"jobDefinitionName": "x", "type": "container"}


def poller(scene: Scene) -> Arguments:
    return {"stateMachineArn": scene.stack.outputs["ActivityPollerArn"], "input": "{}"}


def workflow(scene: Scene) -> Arguments:
    return {"stateMachineArn": scene.stack.outputs["WorkflowArn"], "input": "{}"}


def execution(scene: Scene) -> Arguments:
    machine = scene.stack.outputs["WorkflowArn"]
    return {"executionArn": f"{machine.replace(':stateMachine:', ':execution:')}:x"}


def sample(scene: Scene) -> Arguments:
    return {"executionArn": f"{execution(scene)['executionArn'][:-1]}cohort.1.sample"}


def cohort(scene: Scene) -> Arguments:
    key = {"cohort": {"S": "cohort"}, "entry": {"S": "#"}}
    return {"TableName": scene.physical("CohortTable"), "Key": key}


def samples(scene: Scene) -> Arguments:
    return {
        "TableName": scene.physical("CohortTable"),
        "KeyConditionExpression": "cohort = :x",
        "ExpressionAttributeValues": {":x": {"S": "cohort"}},
    }


def activity(scene: Scene) -> Arguments:
    return {"activityArn": scene.stack.outputs["ActivityArn"]}


def other_activity(scene: Scene) -> Arguments:
    return {"activityArn": f"{scene.stack.outputs['ActivityArn']}-other"}


def success(_scene: Scene) -> Arguments:
    return {"taskToken": "token", "output": "{}"}


def token(_scene: Scene) -> Arguments:
    return {"taskToken": "token"}


def task(scene: Scene) -> Arguments:
    return {"TableName": scene.physical("TaskTable"), "Key": {"taskToken": {"S": "token"}}}


def task_item(scene: Scene) -> Arguments:
    return {"TableName": scene.physical("TaskTable"), "Item": {"taskToken": {"S": "token"}}}


def tokens(scene: Scene) -> Arguments:
    keys = [{"taskToken": {"S": "token"}}]
    return {"RequestItems": {scene.physical("TaskTable"): {"Keys": keys}}}


def rate(scene: Scene) -> Arguments:
    return {"TableName": scene.physical("RateTable"), "Key": {"name": {"S": "SubmitJob"}}}


def other_table(scene: Scene) -> Arguments:
    name = f"{scene.physical('TaskTable')}-other"
    return {"TableName": name, "Key": {"taskToken": {"S": "token"}}}


def all_tasks(scene: Scene) -> Arguments:
    return {"TableName": scene.physical("TaskTable")}


def by_execution(scene: Scene) -> Arguments:
    return {
        "TableName": scene.physical("TaskTable"),
        "IndexName": "ByExecution",
        "KeyConditionExpression": "executionArn = :x",
        "ExpressionAttributeValues": {":x": {"S": "x"}},
    }


def open_by_execution(scene: Scene) -> Arguments:
    return {
        **by_execution(scene),
        "IndexName": "OpenByExecution",
        "KeyConditionExpression": "openExecution = :x",
    }


def queue(name: str) -> Callable[[Scene], Arguments]:
    def arguments(scene: Scene) -> Arguments:
        return {"QueueUrl": scene.physical(name)}

    arguments.__name__ = name
    return arguments


def message(name: str) -> Callable[[Scene], Arguments]:
    def arguments(scene: Scene) -> Arguments:
        return {"QueueUrl": scene.physical(name), "MessageBody": "{}"}

    arguments.__name__ = name
    return arguments


def function(name: str) -> Callable[[Scene], Arguments]:
    def arguments(scene: Scene) -> Arguments:
        return {"FunctionName": scene.physical(f"{name}Function")}

    arguments.__name__ = name
    return arguments


def own_object(scene: Scene) -> Arguments:
    return {"Bucket": scene.stack.outputs["DataBucketName"], "Key": "reads"}


def other_object(_scene: Scene) -> Arguments:
    return {"Bucket": "sluice-local-artifacts", "Key": "template"}


def other_role(scene: Scene) -> Arguments:
    return {"RoleName": scene.physical("SubmitJobsRole")}


EVERYBODY: Final = (
    "SubmitJobsRole",
    "HandleJobStatusRole",
    "CancelJobsRole",
    "EnsurePollersRole",
    "ReconcileTasksRole",
    "StartSamplesRole",
    "CountSamplesRole",
    "ReconcileSamplesRole",
    "ActivityPollerRole",
    "CohortMachineRole",
    "WorkflowRole",
    "JobRole",
    "JobExecutionRole",
    "ReconcileTasksFunctionEveryMinuteRole",
    "ReconcileSamplesFunctionEveryFiveMinutesRole",
)

NEVER: Final[dict[str, tuple[Call, ...]]] = {
    "SubmitJobsRole": (
        ("stepfunctions", "start_execution", poller),
        ("stepfunctions", "start_execution", workflow),
        ("stepfunctions", "get_activity_task", other_activity),
        ("batch", "submit_job", submit_elsewhere),
        ("batch", "submit_job", submit_theirs),
        ("batch", "submit_job", submit_theirs_by_name),
        ("batch", "submit_job", submit_another_stack_s),
        ("batch", "tag_resource", tag_theirs),
        ("ssm", "get_parameter", bounds("WorkflowBounds")),
        ("batch", "describe_jobs", describe_jobs),
        ("batch", "cancel_job", any_job),
        ("dynamodb", "query", by_execution),
        ("dynamodb", "batch_get_item", tokens),
        ("sqs", "receive_message", queue("JobEventsQueue")),
    ),
    "HandleJobStatusRole": (
        ("batch", "submit_job", submit),
        ("batch", "list_jobs", list_jobs),
        ("batch", "describe_jobs", describe_jobs),
        ("stepfunctions", "get_activity_task", activity),
        ("stepfunctions", "send_task_heartbeat", token),
        ("dynamodb", "put_item", task_item),
        ("dynamodb", "get_item", rate),
        ("sqs", "receive_message", queue("CancellationsQueue")),
        ("sqs", "receive_message", queue("JobEventsDeadLetters")),
    ),
    "CancelJobsRole": (
        ("dynamodb", "batch_get_item", tokens),
        ("batch", "submit_job", submit),
        ("batch", "list_jobs", list_jobs),
        ("stepfunctions", "send_task_success", success),
        ("stepfunctions", "send_task_failure", token),
        ("dynamodb", "put_item", task_item),
        ("sqs", "receive_message", queue("JobEventsQueue")),
    ),
    "EnsurePollersRole": (
        ("dynamodb", "batch_get_item", tokens),
        ("batch", "submit_job", submit),
        ("batch", "terminate_job", any_job),
        ("stepfunctions", "start_execution", workflow),
        ("stepfunctions", "describe_execution", execution),
        ("stepfunctions", "send_task_success", success),
        ("dynamodb", "get_item", task),
        ("dynamodb", "update_item", task),
        ("sqs", "receive_message", queue("JobEventsQueue")),
    ),
    "ReconcileTasksRole": (
        ("batch", "submit_job", submit_elsewhere),
        ("batch", "submit_job", submit_theirs),
        ("batch", "submit_job", submit_theirs_by_name),
        ("batch", "submit_job", submit_another_stack_s),
        ("batch", "tag_resource", tag_theirs),
        ("ssm", "get_parameter", bounds("JobDefinitionBounds")),
        ("stepfunctions", "get_activity_task", activity),
        ("stepfunctions", "start_execution", poller),
        ("dynamodb", "put_item", task_item),
        ("dynamodb", "query", by_execution),
        ("sqs", "receive_message", queue("JobEventsQueue")),
    ),
    "StartSamplesRole": (
        ("stepfunctions", "stop_execution", sample),
        ("stepfunctions", "start_execution", their_workflow),
        ("stepfunctions", "describe_state_machine", their_definition),
        ("stepfunctions", "start_execution", poller),
        ("stepfunctions", "describe_execution", execution),
        ("stepfunctions", "send_task_success", success),
        ("stepfunctions", "get_activity_task", activity),
        ("s3", "get_object", other_object),
        ("s3", "put_object", own_object),
        ("batch", "submit_job", submit),
        ("dynamodb", "get_item", task),
        ("sqs", "receive_message", queue("SampleEndsQueue")),
    ),
    "CountSamplesRole": (
        ("stepfunctions", "start_execution", workflow),
        ("stepfunctions", "describe_execution", sample),
        ("dynamodb", "get_item", cohort),
        ("dynamodb", "update_item", rate),
        ("dynamodb", "update_item", task),
        ("s3", "get_object", own_object),
        ("sqs", "receive_message", queue("CancellationsQueue")),
        ("sqs", "receive_message", queue("SampleEndsDeadLetters")),
    ),
    "ReconcileSamplesRole": (
        ("stepfunctions", "start_execution", their_workflow),
        ("stepfunctions", "start_execution", poller),
        ("stepfunctions", "describe_execution", execution),
        ("stepfunctions", "send_task_success", success),
        ("s3", "get_object", own_object),
        ("batch", "submit_job", submit),
        ("dynamodb", "query", samples),
        ("dynamodb", "get_item", task),
        ("sqs", "receive_message", queue("SampleEndsQueue")),
    ),
    "CohortMachineRole": (
        ("lambda", "invoke", function("SubmitJobs")),
        ("stepfunctions", "start_execution", workflow),
        ("dynamodb", "get_item", cohort),
        ("s3", "get_object", own_object),
    ),
    "ActivityPollerRole": (
        ("lambda", "invoke", function("HandleJobStatus")),
        ("stepfunctions", "start_execution", workflow),
        ("stepfunctions", "get_activity_task", activity),
        ("batch", "submit_job", submit),
        ("dynamodb", "get_item", task),
    ),
    "WorkflowRole": (
        ("batch", "submit_job", submit),
        ("lambda", "invoke", function("SubmitJobs")),
        ("stepfunctions", "send_task_success", success),
        ("dynamodb", "get_item", task),
    ),
    "JobRole": (
        ("s3", "get_object", other_object),
        ("s3", "delete_object", own_object),
        ("batch", "submit_job", submit),
        ("stepfunctions", "send_task_success", success),
        ("dynamodb", "get_item", task),
    ),
    "JobExecutionRole": (("s3", "get_object", own_object), ("batch", "submit_job", submit)),
    "ReconcileTasksFunctionEveryMinuteRole": (
        ("lambda", "invoke", function("SubmitJobs")),
        ("dynamodb", "get_item", task),
    ),
    "ReconcileSamplesFunctionEveryFiveMinutesRole": (
        ("lambda", "invoke", function("ReconcileTasks")),
        ("dynamodb", "get_item", cohort),
    ),
}
"""What would be another's work, or another's data."""

NOBODY: Final[tuple[Call, ...]] = (
    ("dynamodb", "get_item", other_table),
    ("dynamodb", "update_item", other_table),
    ("dynamodb", "scan", all_tasks),
    ("dynamodb", "delete_item", task),
    ("dynamodb", "delete_table", all_tasks),
    ("stepfunctions", "stop_execution", execution),
    ("batch", "register_job_definition", register),
    ("sqs", "send_message", message("JobEventsQueue")),
    ("sqs", "purge_queue", queue("JobEventsQueue")),
    ("lambda", "get_function", function("SubmitJobs")),
    ("iam", "list_role_policies", other_role),
    ("ssm", "put_parameter", widened),
)
"""What no role of the stack may do at all."""

FORBIDDEN: Final = [
    *((role, *must) for role, musts in NEVER.items() for must in musts),
    *((role, *must) for role in EVERYBODY for must in NOBODY),
]
