"""What Batch has besides jobs: tags, scheduling policies, and definitions that Local AWS only describes."""

import json
from typing import Any

import pytest

from sluice_local.server import LocalAws
from tests.support.building import NEEDS, eventually, refused


@pytest.fixture
def batch(local_aws: LocalAws) -> Any:
    return local_aws.client("batch")


def make_queue(batch: Any, name: str, kind: str = "EC2", **fields: Any) -> str:
    resources = {"type": kind, "maxvCpus": 4, "subnets": ["subnet-1"], "securityGroupIds": ["sg-1"]}
    batch.create_compute_environment(computeEnvironmentName=name, type="MANAGED", computeResources=resources)
    order = [{"order": 1, "computeEnvironment": name}]
    made = batch.create_job_queue(jobQueueName=name, priority=1, computeEnvironmentOrder=order, **fields)
    return str(made["jobQueueArn"])


def make_definition(batch: Any, name: str, *command: str) -> str:
    container = {"image": "any", "command": list(command), "resourceRequirements": NEEDS}
    made = batch.register_job_definition(
        jobDefinitionName=name, type="container", containerProperties=container
    )
    return str(made["jobDefinitionArn"])


def test_every_kind_of_resource_can_be_tagged(batch: Any, unique: str) -> None:
    queue = make_queue(batch, unique)
    definition = make_definition(batch, unique, "true")
    job = batch.submit_job(jobName="j", jobQueue=unique, jobDefinition=unique, tags={"a": "0"})["jobArn"]
    policy = batch.create_scheduling_policy(name=unique)["arn"]
    (environment,) = batch.describe_compute_environments(computeEnvironments=[unique])["computeEnvironments"]
    for arn in (queue, definition, job, policy, environment["computeEnvironmentArn"]):
        batch.tag_resource(resourceArn=arn, tags={"a": "1", "b": "2"})
        batch.untag_resource(resourceArn=arn, tagKeys=["b"])
        assert batch.list_tags_for_resource(resourceArn=arn)["tags"] == {"a": "1"}
    (shown,) = batch.describe_job_queues(jobQueues=[unique])["jobQueues"]
    assert shown["tags"] == {"a": "1"}


def test_what_is_not_there_and_what_is_aws_s_is_not_tagged(batch: Any, unique: str) -> None:
    queue = make_queue(batch, unique)
    gone = f"{queue}-gone"
    assert refused(lambda: batch.list_tags_for_resource(resourceArn=gone)) == "ClientException"
    assert refused(lambda: batch.tag_resource(resourceArn=queue, tags={"aws:x": "1"})) == "ClientException"
    many = {f"k{number}": "" for number in range(50)}
    batch.tag_resource(resourceArn=queue, tags=many)
    assert refused(lambda: batch.tag_resource(resourceArn=queue, tags={"more": ""})) == "ClientException"


def test_a_fair_share_queue_needs_a_share_and_no_other_takes_one(batch: Any, unique: str) -> None:
    policy = batch.create_scheduling_policy(name=unique)["arn"]
    make_queue(batch, f"{unique}-fair", schedulingPolicyArn=policy)
    make_queue(batch, f"{unique}-fifo")
    make_definition(batch, unique, "true")

    def submit(queue: str, **fields: Any) -> Any:
        return batch.submit_job(jobName="j", jobQueue=queue, jobDefinition=unique, **fields)

    assert refused(lambda: submit(f"{unique}-fair")) == "ClientException"
    assert refused(lambda: submit(f"{unique}-fifo", shareIdentifier="lab")) == "ClientException"
    job_id = submit(f"{unique}-fair", shareIdentifier="lab")["jobId"]
    (described,) = batch.describe_jobs(jobs=[job_id])["jobs"]
    assert described["shareIdentifier"] == "lab"


def test_a_queue_s_policy_exists_and_is_not_added_later(batch: Any, unique: str) -> None:
    gone = f"arn:aws:batch:us-east-1:000000000000:scheduling-policy/{unique}-gone"
    assert refused(lambda: make_queue(batch, unique, schedulingPolicyArn=gone)) == "ClientException"
    make_queue(batch, f"{unique}-fifo")
    policy = batch.create_scheduling_policy(name=unique)["arn"]

    def add() -> Any:
        return batch.update_job_queue(jobQueue=f"{unique}-fifo", schedulingPolicyArn=policy)

    assert refused(add) == "ClientException"
    make_queue(batch, f"{unique}-fair", schedulingPolicyArn=policy)
    assert refused(lambda: batch.delete_scheduling_policy(arn=policy)) == "ClientException"


def test_a_queue_is_on_ec2_or_on_fargate(batch: Any, unique: str) -> None:
    for kind in ("EC2", "FARGATE"):
        make_queue(batch, f"{unique}-{kind}", kind)
    order = [
        {"order": number, "computeEnvironment": f"{unique}-{kind}"}
        for number, kind in enumerate(("EC2", "FARGATE"))
    ]

    def mix() -> Any:
        return batch.create_job_queue(jobQueueName=unique, priority=1, computeEnvironmentOrder=order)

    assert refused(mix) == "ClientException"


def test_multi_node_and_ecs_definitions_are_described_and_their_jobs_refused(batch: Any, unique: str) -> None:
    make_queue(batch, unique)
    container = {"image": "any", "resourceRequirements": NEEDS}
    nodes = {
        "numNodes": 2,
        "mainNode": 0,
        "nodeRangeProperties": [{"targetNodes": "0:1", "container": container}],
    }
    batch.register_job_definition(jobDefinitionName=f"{unique}-nodes", type="multinode", nodeProperties=nodes)
    task = {"containers": [{**container, "name": "main"}]}
    batch.register_job_definition(
        jobDefinitionName=f"{unique}-ecs", type="container", ecsProperties={"taskProperties": [task]}
    )
    for name, member in ((f"{unique}-nodes", "nodeProperties"), (f"{unique}-ecs", "ecsProperties")):
        (shown,) = batch.describe_job_definitions(jobDefinitionName=name)["jobDefinitions"]
        assert shown[member]

        def submit(definition: str = name) -> Any:
            return batch.submit_job(jobName="j", jobQueue=unique, jobDefinition=definition)

        assert refused(submit) == "ClientException"


PRINT = """
import json, os, urllib.request
uri = os.environ["ECS_CONTAINER_METADATA_URI_V4"]
told = {name: value for name, value in os.environ.items() if name.startswith(("AWS_BATCH", "AWS_EXEC"))}
told["container"] = json.load(urllib.request.urlopen(uri))
told["task"] = json.load(urllib.request.urlopen(uri + "/task"))["TaskARN"]
print(json.dumps(told))
"""


@pytest.mark.parametrize(("kind", "told"), [("EC2", "AWS_ECS_EC2"), ("FARGATE", "AWS_ECS_FARGATE")])
def test_a_job_knows_its_compute_environment_its_array_and_its_task(
    local_aws: LocalAws, batch: Any, unique: str, kind: str, told: str
) -> None:
    make_queue(batch, unique, kind)
    make_definition(batch, unique, "python", "-c", PRINT)
    array = batch.submit_job(jobName="j", jobQueue=unique, jobDefinition=unique, arrayProperties={"size": 3})

    def ended() -> Any:
        (job,) = batch.describe_jobs(jobs=[f"{array['jobId']}:1"])["jobs"]
        return job if job["status"] in {"SUCCEEDED", "FAILED"} else None

    job = eventually(ended)
    stream = job["container"]["logStreamName"]
    logs = local_aws.client("logs")
    (event,) = logs.get_log_events(logGroupName="/aws/batch/job", logStreamName=stream)["events"]
    seen = json.loads(event["message"])
    assert seen["AWS_BATCH_CE_NAME"] == seen["AWS_BATCH_JQ_NAME"] == unique
    assert (seen["AWS_BATCH_JOB_ARRAY_INDEX"], seen["AWS_BATCH_JOB_ARRAY_SIZE"]) == ("1", "3")
    assert seen["AWS_EXECUTION_ENV"] == told
    assert seen["task"] == job["container"]["taskArn"]
    assert seen["container"]["LogOptions"] == {
        "awslogs-group": "/aws/batch/job",
        "awslogs-region": "us-east-1",
        "awslogs-stream": stream,
    }
