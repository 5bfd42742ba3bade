"""`sam deploy` of the built template, what then runs on it, a change, and `sam delete`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sluice_local.lowpass.dataset import Dataset, ReadsWanted, people
from sluice_local.lowpass.people import Places, imputed_key
from sluice_local.packaging import read_template
from sluice_local.stack import find_project
from tests.sam.checkout import ROOT
from tests.sam.conftest import NETWORK
from tests.support.expanded import expanded_template

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.stack.stack import Stack
    from tests.sam.checkout import Checkout
    from tests.support.building import Machines


def retained_ids() -> set[str]:
    """What the template says is to be kept when its stack goes."""
    template = read_template((ROOT / "template.yaml").read_text())
    resources = template["Resources"].items()
    kept = {name for name, each in resources if each.get("DeletionPolicy") == "RetainExceptOnCreate"}
    return kept - {"DataBucketPolicy"}  # no list has it; it stays with its bucket


def test_every_resource_of_the_template_is_created(checkout: Checkout, stack: Stack) -> None:
    assert stack.outputs["WorkflowArn"]
    statuses = checkout.resources("sluice")
    assert statuses.keys() == expanded_template()["Resources"].keys()
    assert set(statuses.values()) <= {"CREATE_COMPLETE", "UPDATE_COMPLETE"}


def test_a_cohort_of_two_samples_runs_through_the_low_pass_workflow(
    stack: Stack, machines: Machines, tmp_path: Path
) -> None:
    project = find_project()
    bucket, samples = stack.outputs["DataBucketName"], people(project)[:2]
    s3 = stack.aws.client("s3")
    dataset = Dataset(project, s3, bucket, tmp_path)
    dataset.add_reference()
    list(dataset.add_reads(samples, ReadsWanted(depth=0.1, seed=1), workers=2))
    inputs = [Places(bucket).workflow_input(sample) for sample in samples]
    started = [machines.start(stack.outputs["WorkflowArn"], given) for given in inputs]
    for sample, execution in zip(samples, started, strict=True):
        assert machines.ended(execution, within_seconds=120)["status"] == "SUCCEEDED"
        assert s3.head_object(Bucket=bucket, Key=imputed_key(sample))["ContentLength"] > 0


def test_a_second_deployment_changes_what_its_parameter_says_and_nothing_else(
    checkout: Checkout, stack: Stack
) -> None:
    after = checkout.deploy("sluice", **NETWORK, PollerThreads="5")
    functions = stack.aws.client("lambda")
    name = stack.physical("SubmitJobsFunction")
    variables = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    assert variables["POLLER_THREADS"] == "5"
    assert after.outputs == stack.outputs
    # one more without a change is no failure
    assert checkout.deploy("sluice", **NETWORK, PollerThreads="5").outputs == stack.outputs


def test_a_deleted_stack_leaves_only_what_it_retains(checkout: Checkout) -> None:
    gone = checkout.deploy("sluice-gone", **NETWORK)
    retained = {checkout.physical_ids("sluice-gone")[name] for name in retained_ids()}
    assert names_of(gone, "sluice-gone") > retained
    checkout.delete("sluice-gone")
    assert names_of(gone, "sluice-gone") == retained
    s3 = gone.aws.client("s3")
    (bucket,) = (each for each in s3.list_buckets()["Buckets"] if each["Name"] in retained)
    assert s3.get_bucket_policy(Bucket=bucket["Name"])["Policy"]


def names_of(stack: Stack, prefix: str) -> set[str]:
    """The names of all that there is of a stack's, as the services themselves list it."""
    client = stack.aws.client
    found = {
        *(each["FunctionName"] for each in client("lambda").list_functions()["Functions"]),
        *(each["name"] for each in client("stepfunctions").list_state_machines()["stateMachines"]),
        *(each["name"] for each in client("stepfunctions").list_activities()["activities"]),
        *client("dynamodb").list_tables()["TableNames"],
        *(each["Name"] for each in client("s3").list_buckets()["Buckets"]),
        *(url.rsplit("/", 1)[1] for url in client("sqs").list_queues().get("QueueUrls", [])),
        *(each["Name"] for each in client("events").list_rules()["Rules"]),
        *(each["Name"] for each in client("scheduler").list_schedules()["Schedules"]),
        *(each["RoleName"] for each in client("iam").list_roles()["Roles"]),
        *(each["PolicyName"] for each in client("iam").list_policies(Scope="Local")["Policies"]),
        *(each["jobQueueName"] for each in client("batch").describe_job_queues()["jobQueues"]),
        *(each["AlarmName"] for each in client("cloudwatch").describe_alarms()["MetricAlarms"]),
        *(each["DashboardName"] for each in client("cloudwatch").list_dashboards()["DashboardEntries"]),
        *(each["logGroupName"].split("/")[2] for each in our_log_groups(stack)),
    }
    return {name for name in found if name.startswith(prefix)}


def our_log_groups(stack: Stack) -> list[dict[str, str]]:
    groups = stack.aws.client("logs").describe_log_groups(logGroupNamePrefix="/sluice/")["logGroups"]
    return list(groups)
