"""EventBridge Scheduler fires what is due."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sluice_local.server import LocalAws
from tests.support.building import ROLE_ARN, eventually


def test_a_schedule_sends_its_input_to_its_target_when_it_is_due(local_aws: LocalAws, unique: str) -> None:
    scheduler, sqs = local_aws.client("scheduler"), local_aws.client("sqs")
    url = sqs.create_queue(QueueName=unique)["QueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
    due = datetime.now(UTC) + timedelta(seconds=1)
    scheduler.create_schedule(
        Name=unique,
        ScheduleExpression=f"at({due:%Y-%m-%dT%H:%M:%S})",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": attributes["QueueArn"], "RoleArn": ROLE_ARN, "Input": '{"probe": true}'},
    )

    def received() -> Any:
        return sqs.receive_message(QueueUrl=url).get("Messages")

    assert [message["Body"] for message in eventually(received)] == ['{"probe": true}']
