"""CloudWatch keeps the services' metrics, evaluates alarms and tells of their states."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sluice_local.server import LocalAws
from sluice_local.settings import LocalSettings
from tests.support.building import Functions, Machines, eventually

RATIO: list[dict[str, Any]] = [
    {"Id": "ratio", "Expression": "IF(all > 0, bad / all)"},
    *(
        {
            "Id": name,
            "ReturnData": False,
            "MetricStat": {
                "Metric": {"Namespace": "Shop", "MetricName": name},
                "Stat": "Sum",
                "Period": 60,
            },
        }
        for name in ("bad", "all")
    ),
]


@pytest.fixture(scope="module")
def watched() -> Iterator[LocalAws]:
    """A Local AWS that evaluates its alarms all the time."""
    with LocalAws(LocalSettings(activity_poll_seconds=1, alarm_seconds=0.2)) as aws:
        yield aws


class Place:
    """Where news come to: a queue that a topic and a rule send to."""

    def __init__(self, aws: LocalAws, name: str) -> None:
        self._sqs = aws.client("sqs")
        self._url = self._sqs.create_queue(QueueName=name)["QueueUrl"]
        asked = self._sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=["QueueArn"])
        self.arn: str = asked["Attributes"]["QueueArn"]

    def next(self) -> Any:
        """Wait for the next message, and return its body."""

        def received() -> Any:
            return self._sqs.receive_message(QueueUrl=self._url).get("Messages")

        (message,) = eventually(received)
        self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])
        return json.loads(message["Body"])


def put(aws: LocalAws, minutes_ago: int, **values: float) -> None:
    """Put data of a minute that is over."""
    at = datetime.now(UTC) - timedelta(minutes=minutes_ago)
    data = [{"MetricName": name, "Value": value, "Timestamp": at} for name, value in values.items()]
    aws.client("cloudwatch").put_metric_data(Namespace="Shop", MetricData=data)


def in_state(aws: LocalAws, alarm: str, state: str) -> Any:
    """Wait until an alarm is in a state, and return its description."""

    def found() -> Any:
        described = aws.client("cloudwatch").describe_alarms(AlarmNames=[alarm])["MetricAlarms"]
        return [each for each in described if each["StateValue"] == state]

    return eventually(found)[0]


def test_an_alarm_on_an_expression_tells_its_topic_and_the_event_bus(watched: LocalAws, unique: str) -> None:
    sns, events, cloudwatch = (watched.client(name) for name in ("sns", "events", "cloudwatch"))
    mail, bus = Place(watched, f"{unique}-mail"), Place(watched, f"{unique}-bus")
    topic = sns.create_topic(Name=unique)["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=mail.arn)
    events.put_rule(Name=unique, EventPattern='{"source": ["aws.cloudwatch"]}')
    events.put_targets(Rule=unique, Targets=[{"Id": "bus", "Arn": bus.arn}])
    cloudwatch.put_metric_alarm(
        AlarmName=unique,
        Metrics=RATIO,
        EvaluationPeriods=2,
        DatapointsToAlarm=2,
        Threshold=0.5,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="ignore",
        AlarmActions=[topic],
    )
    put(watched, 3, bad=9, all=10)
    assert in_state(watched, unique, "INSUFFICIENT_DATA")["Metrics"] == RATIO
    put(watched, 2, bad=8, all=10)
    found = in_state(watched, unique, "ALARM")
    assert found["StateReason"].startswith("ALARM: 2 of the last 2 datapoints are GreaterThanThreshold 0.5.")
    told = json.loads(mail.next()["Message"])
    assert (told["AlarmName"], told["NewStateValue"]) == (unique, "ALARM")
    event = bus.next()
    assert event["detail-type"] == "CloudWatch Alarm State Change"
    assert (event["detail"]["alarmName"], event["detail"]["state"]["value"]) == (unique, "ALARM")
    assert event["detail"]["previousState"]["value"] == "INSUFFICIENT_DATA"


def test_an_alarm_watches_the_metric_with_its_own_dimensions(watched: LocalAws, unique: str) -> None:
    cloudwatch = watched.client("cloudwatch")
    for value, dimensions in (
        (0, [{"Name": "shop", "Value": unique}]),
        (9, [{"Name": "shop", "Value": "other"}]),
    ):
        datum = {"MetricName": "fires", "Value": value, "Dimensions": dimensions}
        past = datetime.now(UTC) - timedelta(minutes=1)
        cloudwatch.put_metric_data(Namespace="Shop", MetricData=[{**datum, "Timestamp": past}])
        cloudwatch.put_metric_alarm(
            AlarmName=f"{unique}-{value}",
            Namespace="Shop",
            MetricName="fires",
            Dimensions=dimensions,
            Statistic="Maximum",
            Period=60,
            EvaluationPeriods=1,
            Threshold=0,
            ComparisonOperator="GreaterThanThreshold",
        )
    assert in_state(watched, f"{unique}-0", "OK")
    assert in_state(watched, f"{unique}-9", "ALARM")


def total(aws: LocalAws, namespace: str, name: str, dimension: tuple[str, str]) -> float:
    """The sum of a metric in the last hour."""
    now = datetime.now(UTC)
    answer = aws.client("cloudwatch").get_metric_statistics(
        Namespace=namespace,
        MetricName=name,
        Dimensions=[{"Name": dimension[0], "Value": dimension[1]}],
        StartTime=now - timedelta(hours=1),
        EndTime=now + timedelta(minutes=1),
        Period=3600,
        Statistics=["Sum"],
    )
    return sum(float(each["Sum"]) for each in answer["Datapoints"])


def test_lambda_counts_invocations_and_errors(watched: LocalAws, unique: str) -> None:
    functions = Functions(watched.client("lambda"), unique)
    arn = functions.create("def handler(event, context): return 1 / event")
    assert [functions.invoke(arn, number)[0] for number in (1, 0, 2)] == [True, False, True]
    of = ("FunctionName", unique)
    assert total(watched, "AWS/Lambda", "Invocations", of) == 3
    assert total(watched, "AWS/Lambda", "Errors", of) == 1
    assert total(watched, "AWS/Lambda", "ConcurrentExecutions", of) >= 3
    assert total(watched, "AWS/Lambda", "Duration", of) > 0


def test_step_functions_counts_tasks_that_wait_and_that_were_taken(watched: LocalAws, unique: str) -> None:
    states = watched.client("stepfunctions")
    arn = states.create_activity(name=unique)["activityArn"]
    machines, of = Machines(states, unique), ("ActivityArn", arn)
    machine = machines.of_one_task(arn)
    for _ in range(2):
        machines.start(machine)
    assert eventually(lambda: total(watched, "AWS/States", "ActivitiesScheduled", of) == 2)
    assert total(watched, "AWS/States", "ActivitiesStarted", of) == 0
    assert states.get_activity_task(activityArn=arn)["taskToken"]
    assert total(watched, "AWS/States", "ActivitiesStarted", of) == 1
    assert total(watched, "AWS/States", "ActivityScheduleTime", of) > 0


def test_a_queue_that_holds_messages_tells_how_many(watched: LocalAws, unique: str) -> None:
    sqs, of = watched.client("sqs"), ("QueueName", unique)
    url = sqs.create_queue(QueueName=unique)["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="dead")
    assert eventually(lambda: total(watched, "AWS/SQS", "ApproximateNumberOfMessagesVisible", of) > 0)


def test_a_template_with_an_expression_that_cannot_be_read_is_refused(watched: LocalAws, unique: str) -> None:
    properties = {
        "Metrics": [{**RATIO[0], "Expression": "bad / nothing"}, *RATIO[1:]],
        "EvaluationPeriods": 1,
        "Threshold": 0,
        "ComparisonOperator": "GreaterThanThreshold",
    }
    alarm = {"Type": "AWS::CloudWatch::Alarm", "Properties": properties}
    cloudformation = watched.client("cloudformation")
    cloudformation.create_stack(StackName=unique, TemplateBody=json.dumps({"Resources": {"Alarm": alarm}}))

    def reasons() -> list[str]:
        events = cloudformation.describe_stack_events(StackName=unique)["StackEvents"]
        return [each.get("ResourceStatusReason", "") for each in events if "FAILED" in each["ResourceStatus"]]

    assert any("No metric or expression has the Id 'nothing'" in each for each in eventually(reasons))
