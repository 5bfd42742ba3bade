"""The pages that show what AWS would bill for."""

from sluice_local.server import LocalAws
from tests.support.building import Functions, Machines, refused


def test_an_invocation_is_counted_with_its_time_and_memory(
    local_aws: LocalAws, functions: Functions, unique: str
) -> None:
    arn = functions.create("def handler(event, context): return event", MemorySize=192)
    functions.invoke(arn, {})
    functions.invoke(arn, {})
    use = local_aws.page("functions")[unique]
    assert (use["invocations"], use["memoryMib"]) == (2, 192)
    assert use["seconds"] > 0
    assert use["peakMemoryMib"] > 1


def test_request_units_are_counted_by_the_size_of_the_item_with_its_indexes(
    local_aws: LocalAws, unique: str
) -> None:
    dynamodb = local_aws.client("dynamodb")
    key = {"AttributeName": "id", "KeyType": "HASH"}
    dynamodb.create_table(
        TableName=unique,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("id", "group")],
        KeySchema=[key],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "ByGroup",
                "KeySchema": [{"AttributeName": "group", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            }
        ],
    )
    item = {"id": {"S": "1"}, "group": {"S": "a"}, "text": {"S": "x" * 1500}}
    dynamodb.put_item(TableName=unique, Item=item)
    dynamodb.get_item(TableName=unique, Key={"id": {"S": "1"}}, ConsistentRead=True)
    assert local_aws.page("tables")[unique] == {"writeUnits": 2 + 1, "readUnits": 1}


def test_a_refused_write_costs_what_the_item_that_is_there_costs(local_aws: LocalAws, unique: str) -> None:
    dynamodb = local_aws.client("dynamodb")
    dynamodb.create_table(
        TableName=unique,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
    )
    item = {"id": {"S": "1"}, "text": {"S": "x" * 2500}}
    dynamodb.put_item(TableName=unique, Item=item)
    before = local_aws.page("tables")[unique]["writeUnits"]
    absent = {"ConditionExpression": "attribute_not_exists(id)"}
    assert (
        refused(lambda: dynamodb.put_item(TableName=unique, Item=item, **absent))
        == "ConditionalCheckFailedException"
    )
    assert local_aws.page("tables")[unique]["writeUnits"] == before + 3


def test_an_execution_is_shown_with_its_transitions(
    local_aws: LocalAws, machines: Machines, unique: str
) -> None:
    states = {"First": {"Type": "Pass", "Next": "Last"}, "Last": {"Type": "Succeed"}}
    machines.output(machines.create({"StartAt": "First", "States": states}))
    (row,) = [each for each in local_aws.page("executions") if each["stateMachine"] == unique]
    assert (row["status"], row["transitions"]) == ("SUCCEEDED", 3)


def test_an_event_that_goes_to_a_queue_is_counted(local_aws: LocalAws, unique: str) -> None:
    sqs, events = local_aws.client("sqs"), local_aws.client("events")
    url = sqs.create_queue(QueueName=unique)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    events.put_rule(Name=unique, EventPattern=f'{{"source": ["{unique}"]}}')
    events.put_targets(Rule=unique, Targets=[{"Id": "queue", "Arn": arn}])
    events.put_events(Entries=[{"Source": unique, "DetailType": "any", "Detail": "{}"}])
    assert local_aws.page("queues")[unique] == 1
