"""Deploying a SAM template that has one of each resource type that Sluice uses."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from sluice_local.deploy import DeployError, deploy
from sluice_local.server import LocalAws
from tests.support.building import eventually

SAMPLE = Path(__file__).parent / "deploy_sample"


@pytest.fixture
def template_path(tmp_path: Path) -> Path:
    """A copy of the sample that a test may change."""
    shutil.copytree(SAMPLE, tmp_path / "sample")
    return tmp_path / "sample" / "template.yaml"


class Stack:
    """One stack of the sample."""

    def __init__(self, aws: LocalAws, name: str, template_path: Path) -> None:
        self.name = name
        self.cloudformation, self.s3 = aws.client("cloudformation"), aws.client("s3")
        self._template_path = template_path

    def deploy(self, **parameters: str) -> dict[str, str]:
        given = {"ActivityName": self.name, **parameters}
        path = self._template_path
        return deploy(self.cloudformation, self.s3, path, stack_name=self.name, parameters=given)

    def statuses(self) -> dict[str, str]:
        resources = self.cloudformation.describe_stack_resources(StackName=self.name)["StackResources"]
        return {resource["LogicalResourceId"]: resource["ResourceStatus"] for resource in resources}

    def delete(self) -> None:
        self.cloudformation.delete_stack(StackName=self.name)
        self.cloudformation.get_waiter("stack_delete_complete").wait(
            StackName=self.name, WaiterConfig={"Delay": 1}
        )


@pytest.fixture
def stack(local_aws: LocalAws, unique: str, template_path: Path) -> Stack:
    return Stack(local_aws, unique, template_path)


@pytest.fixture(scope="session")
def batch(local_aws: LocalAws) -> Any:
    return local_aws.client("batch")


def describe_definition(batch: Any, arn: str) -> Any:
    return batch.describe_job_definitions(jobDefinitions=[arn])["jobDefinitions"][0]


def test_every_resource_is_made_and_the_outputs_name_them(stack: Stack, batch: Any, unique: str) -> None:
    outputs = stack.deploy()
    assert set(stack.statuses().values()) == {"CREATE_COMPLETE"}
    assert outputs["ActivityArn"].endswith(f":activity:{unique}")
    assert outputs["ActivityName"] == unique
    assert "BucketName" not in outputs
    (queue,) = batch.describe_job_queues(jobQueues=[outputs["JobQueueArn"]])["jobQueues"]
    (entry,) = queue["computeEnvironmentOrder"]
    environments = batch.describe_compute_environments(computeEnvironments=[entry["computeEnvironment"]])
    assert environments["computeEnvironments"][0]["computeResources"]["type"] == "FARGATE_SPOT"


def test_the_users_words_in_a_job_definition_stay_as_they_are(stack: Stack, batch: Any) -> None:
    definition = describe_definition(batch, stack.deploy()["JobDefinitionArn"])
    assert definition["parameters"] == {"Sample": "NA0", "camelCase": "kept"}
    assert definition["tags"] == {"Part": "sample"}
    container = definition["containerProperties"]
    assert container["environment"][0]["name"] == "TABLE"
    assert container["logConfiguration"]["options"] == {"awslogs-group": "/sample"}


def test_the_packaged_function_and_state_machine_run(stack: Stack, states: Any) -> None:
    arn = states.start_execution(stateMachineArn=stack.deploy()["StateMachineArn"])["executionArn"]
    done = eventually(lambda: finished(states, arn))
    assert json.loads(done["output"]) == {"answer": {"batchItemFailures": []}}


def finished(states: Any, arn: str) -> Any:
    execution = states.describe_execution(executionArn=arn)
    return execution if execution["status"] != "RUNNING" else None


def test_a_finished_job_reaches_the_function_through_the_rule_and_the_queue(
    local_aws: LocalAws, stack: Stack, batch: Any
) -> None:
    outputs = stack.deploy()
    sqs, queue_url = local_aws.client("sqs"), outputs["StatusQueueUrl"]
    batch.submit_job(
        jobName="poison", jobQueue=outputs["JobQueueArn"], jobDefinition=outputs["JobDefinitionArn"]
    )
    # the function refuses what holds "poison", so the message stays in flight
    name = "ApproximateNumberOfMessagesNotVisible"
    eventually(
        lambda: sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=[name])["Attributes"][name] == "1"
    )


def test_the_same_template_again_changes_nothing(stack: Stack) -> None:
    first, second = stack.deploy(), stack.deploy()
    assert first == second
    assert set(stack.statuses().values()) == {"CREATE_COMPLETE"}


def test_a_change_updates_the_stack_and_makes_a_new_revision(stack: Stack, batch: Any) -> None:
    before = stack.deploy()
    after = stack.deploy(KeepTables="yes", JobMemoryMib="4096")
    assert "BucketName" in after
    assert after["JobQueueArn"] == before["JobQueueArn"]
    old, new = (describe_definition(batch, one["JobDefinitionArn"]) for one in (before, after))
    assert (old["status"], new["status"], new["revision"]) == ("INACTIVE", "ACTIVE", 2)
    requirements = new["containerProperties"]["resourceRequirements"]
    assert {"type": "MEMORY", "value": "4096"} in requirements


def test_a_revision_that_is_not_to_be_deregistered_takes_jobs_after_an_update(
    stack: Stack, batch: Any, template_path: Path
) -> None:
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-batch-jobdefinition-resourceretentionpolicy.html
    keeping = "Type: container\n      ResourceRetentionPolicy: {SkipDeregisterOnUpdate: true}\n"
    template_path.write_text(template_path.read_text().replace("Type: container\n", keeping))
    before = stack.deploy()
    after = stack.deploy(JobMemoryMib="4096")
    arns = [each["JobDefinitionArn"] for each in (before, after)]
    assert [describe_definition(batch, arn)["revision"] for arn in arns] == [1, 2]
    queue = after["JobQueueArn"]
    assert all(batch.submit_job(jobName="kept", jobQueue=queue, jobDefinition=arn) for arn in arns)
    # a stack that goes takes its latest revision alone
    stack.delete()
    assert [describe_definition(batch, arn)["status"] for arn in arns] == ["ACTIVE", "INACTIVE"]


@pytest.mark.parametrize(
    "case",
    [
        ("true", "MaxvCpus: 16", "MaxvCpus: 32", True),
        ("true", "Subnets: [subnet-1]", "Subnets: [subnet-2]", False),
        ("false", "Subnets: [subnet-1]", "Subnets: [subnet-2]", True),
        ("false", "SecurityGroupIds: [sg-1]", "SecurityGroupIds: [sg-2]", True),
        ("false", "Type: MANAGED", "Tags: {a: b}\n      Type: MANAGED", False),
    ],
)
def test_a_compute_environment_is_kept_or_another_takes_its_place(
    stack: Stack, batch: Any, template_path: Path, case: tuple[str, str, str, bool]
) -> None:
    replaced, old, new, is_kept = case

    def environment(outputs: dict[str, str]) -> str:
        (queue,) = batch.describe_job_queues(jobQueues=[outputs["JobQueueArn"]])["jobQueues"]
        return str(queue["computeEnvironmentOrder"][0]["computeEnvironment"])

    sets = f"Type: MANAGED\n      ReplaceComputeEnvironment: {replaced}"
    text = template_path.read_text().replace("Type: MANAGED", sets)
    template_path.write_text(text)
    before = environment(stack.deploy())
    template_path.write_text(text.replace(old, new))
    after = environment(stack.deploy())
    assert (before == after) is is_kept
    found = batch.describe_compute_environments(computeEnvironments=[before])["computeEnvironments"]
    assert bool(found) is is_kept


def test_a_schedule_s_name_is_taken_by_the_first_stack(
    local_aws: LocalAws, stack: Stack, unique: str, template_path: Path
) -> None:
    named = template_path.read_text().replace("OmitName: true", f"Name: {unique}")
    template_path.write_text(named)
    stack.deploy()
    second = Stack(local_aws, f"{unique}b", template_path)
    with pytest.raises(DeployError, match=rf"AWS::Scheduler::Schedule.*{unique} already exists"):
        second.deploy()
    # another name is another schedule
    template_path.write_text(named.replace(f"Name: {unique}", f"Name: {unique}-renamed"))
    stack.deploy()
    schedules = local_aws.client("scheduler").list_schedules(NamePrefix=unique)["Schedules"]
    assert [each["Name"] for each in schedules] == [f"{unique}-renamed"]


def test_changed_code_is_deployed(stack: Stack, states: Any, template_path: Path) -> None:
    stack.deploy()
    handler = template_path.parent / "functions" / "count_jobs" / "app.py"
    handler.write_text("def lambda_handler(event, context):\n    return 'changed'\n")
    arn = states.start_execution(stateMachineArn=stack.deploy()["StateMachineArn"])["executionArn"]
    assert json.loads(eventually(lambda: finished(states, arn))["output"]) == {"answer": "changed"}


def test_a_failure_names_the_resource_and_a_mended_template_deploys(
    stack: Stack, template_path: Path
) -> None:
    good = template_path.read_text()
    template_path.write_text(good.replace("Priority: 1\n", "Prioritty: 1\n"))
    with pytest.raises(DeployError, match=r"Queue \(AWS::Batch::JobQueue\).*unsupported property /Prioritty"):
        stack.deploy()
    template_path.write_text(good)
    assert stack.deploy()["JobQueueArn"]


def test_a_refused_template_says_why(stack: Stack) -> None:
    with pytest.raises(DeployError, match="JobMemoryMib"):
        stack.deploy(JobMemoryMib="much")


def test_a_deleted_stack_leaves_only_what_it_retains(
    local_aws: LocalAws, stack: Stack, batch: Any, states: Any
) -> None:
    outputs = stack.deploy()
    stack.delete()
    assert batch.describe_job_queues(jobQueues=[outputs["JobQueueArn"]])["jobQueues"] == []
    assert describe_definition(batch, outputs["JobDefinitionArn"])["status"] == "INACTIVE"
    activities = states.get_paginator("list_activities").paginate()
    assert outputs["ActivityArn"] not in [
        one["activityArn"] for page in activities for one in page["activities"]
    ]
    assert local_aws.client("dynamodb").describe_table(TableName=outputs["TasksTable"])["Table"]
