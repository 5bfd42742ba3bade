"""Which permissions a call needs: pure, by the service authorization reference.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsbatch.html and
https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsstepfunctions.html tell the
resources of each action. An action that knows none is asked for on `*`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sluice_local.batch.model import Document, Scope

EVERYTHING = "*"
OF_MANY_JOBS = frozenset({"TerminateJobs", "CancelJobs"})
"""They need the permission of the single call for each job, and report a job that it is missing for.

https://docs.aws.amazon.com/batch/latest/APIReference/API_TerminateJobs.html
"""
_SDK = ":aws-sdk:"
# What Step Functions calls the services whose actions IAM knows by another prefix.
_IAM_PREFIXES = {"sfn": "states"}
# Members of a Step Functions request that name what it acts on.
_STATES_MEMBERS = ("StateMachineArn", "ExecutionArn", "ActivityArn")


@dataclass(frozen=True)
class Need:
    """One permission: an IAM action such as `batch:SubmitJob`, on one resource or `*`."""

    action: str
    resource: str


def batch_needs(operation: str, request: Document, scope: Scope) -> tuple[Need, ...]:
    """Return what a call of Batch needs; all of it must be allowed, but for a call on many jobs.

    SubmitJob acts on a job queue and on a job definition. With tags it needs TagResource too: on the job, and
    on the job definition, as AWS's refusals say (https://github.com/wri/gfw-data-api/pull/175).

    Args:
        operation: such as `SubmitJob`.
        request: the request, members in camelCase.
        scope: the caller's account and Region.
    """
    action = f"batch:{operation}"
    if operation == "SubmitJob":
        queue = _batch_arn("job-queue", request.get("jobQueue", ""), scope)
        definition = _batch_arn("job-definition", request.get("jobDefinition", ""), scope)
        tagged = (definition, scope.arn(f"job/{EVERYTHING}")) if request.get("tags") else ()
        tags = tuple(Need("batch:TagResource", each) for each in tagged)
        return (Need(action, queue), Need(action, definition), *tags)
    if operation in {"TerminateJob", "CancelJob"}:
        return (Need(action, _batch_arn("job", request.get("jobId", ""), scope)),)
    if operation in OF_MANY_JOBS:
        jobs = [str(each) for each in request.get("jobs") or ()]
        return tuple(Need(action.removesuffix("s"), _batch_arn("job", each, scope)) for each in jobs)
    return (Need(action, EVERYTHING),)


def state_needs(resource: str, arguments: Mapping[str, Any], scope: Scope) -> tuple[Need, ...]:
    """Return what a Task state needs of its state machine's role; an activity needs nothing.

    What `.sync` needs besides the call itself, to listen and to stop, is left out.

    Args:
        resource: the state's `Resource`.
        arguments: the state's evaluated `Arguments` or `Parameters`.
        scope: the execution's account and Region.
    """
    if ":activity:" in resource:
        return ()
    if ":function:" in resource:
        return (Need("lambda:InvokeFunction", resource),)
    service, operation = _called(resource)
    by_service: dict[str, Callable[[], tuple[Need, ...]]] = {
        "lambda": lambda: _lambda_needs(arguments, scope),
        "states": lambda: (Need(f"states:{operation}", _states_resource(arguments)),),
        "dynamodb": lambda: (Need(f"dynamodb:{operation}", _table_arn(arguments, scope)),),
        "batch": lambda: batch_needs(operation, _camel_case(arguments), scope),
    }
    return by_service.get(service, lambda: (Need(f"{service}:{operation}", EVERYTHING),))()


def denial_error(resource: str) -> str:
    """Return the error of a Task state whose role was refused, such as `Lambda.AWSLambdaException`.

    https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
    """
    if ":function:" in resource:
        return "Lambda.AWSLambdaException"
    given = resource.rpartition(_SDK if _SDK in resource else ":::")[2].partition(":")[0]
    optimised = {
        "lambda": "Lambda.AWSLambdaException",
        "states": "StepFunctions.AWSStepFunctionsException",
        "batch": "Batch.AWSBatchException",
        "dynamodb": "DynamoDB.AmazonDynamoDBException",
    }
    if _SDK not in resource and given in optimised:
        return optimised[given]
    return f"{given.capitalize()}.{given.capitalize()}Exception"


def _called(resource: str) -> tuple[str, str]:
    """Return the IAM prefix and the operation, such as `states` and `StartExecution`."""
    service, operation = resource.rpartition(_SDK if _SDK in resource else ":::")[2].split(":")[:2]
    name = operation.partition(".")[0]
    return _IAM_PREFIXES.get(service, service), name[:1].upper() + name[1:]


def _batch_arn(kind: str, name: str, scope: Scope) -> str:
    return name if name.startswith("arn:") else scope.arn(f"{kind}/{name}")


def _lambda_needs(arguments: Mapping[str, Any], scope: Scope) -> tuple[Need, ...]:
    name = str(arguments.get("FunctionName", ""))
    arn = (
        name if name.startswith("arn:") else f"arn:aws:lambda:{scope.region}:{scope.account}:function:{name}"
    )
    return (Need("lambda:InvokeFunction", arn),)


def _states_resource(arguments: Mapping[str, Any]) -> str:
    return next((str(arguments[name]) for name in _STATES_MEMBERS if name in arguments), EVERYTHING)


def _table_arn(arguments: Mapping[str, Any], scope: Scope) -> str:
    name = str(arguments.get("TableName", ""))
    return (
        name if name.startswith("arn:") else f"arn:aws:dynamodb:{scope.region}:{scope.account}:table/{name}"
    )


def _camel_case(arguments: Mapping[str, Any]) -> dict[str, Any]:
    return {name[:1].lower() + name[1:]: value for name, value in arguments.items()}
