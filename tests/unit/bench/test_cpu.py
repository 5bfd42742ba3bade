"""What CPU time means for a function's memory."""

from __future__ import annotations

from typing import Any

import pytest

from bench.cpu.figures import memory_of, parts, share_of_vcpu
from bench.cpu.measuring import environment_of
from bench.cpu.stand_in import Account, RefusedError
from sluice.aws.tables.attributes import to_item
from sluice.runtime.settings import read_settings
from sluice.tasks.contract import parse_task
from sluice_local.packaging import read_template
from sluice_local.stack import find_project

TEMPLATE: dict[str, Any] = read_template(find_project().file("template.yaml").read_text())


def test_a_function_of_1769_mb_has_a_whole_vcpu() -> None:
    assert share_of_vcpu(10, 1769) == pytest.approx(0.5)
    assert share_of_vcpu(10, 512) == pytest.approx(0.5 * 1769 / 512)


def test_a_memory_is_the_functions_own_or_that_of_all() -> None:
    function = {"Handler": "submit_jobs.app.lambda_handler", "MemorySize": 512}
    other = {"Handler": "cancel_jobs.app.lambda_handler"}
    template = {
        "Globals": {"Function": {"MemorySize": 256}},
        "Resources": {
            name: {"Type": "AWS::Serverless::Function", "Properties": each}
            for name, each in (("A", function), ("B", other))
        },
    }
    assert (memory_of(template, "submit_jobs"), memory_of(template, "cancel_jobs")) == (512, 256)


def test_times_are_summed_by_part_the_largest_first() -> None:
    profile = {"botocore/auth.py sign": 0.2, "botocore/client.py call": 1.0, "botocore/auth.py hash": 0.3}
    assert parts({**profile, "re.py match": 0.1}) == pytest.approx(
        {"botocore": 1.0, "signing": 0.5, "other": 0.1}
    )


def test_the_environment_is_one_that_the_functions_take() -> None:
    settings = read_settings(environment_of(TEMPLATE))
    assert settings.submit_rate_per_second == TEMPLATE["Parameters"]["SubmitRatePerSecond"]["Default"]


def test_the_stand_in_hands_out_each_task_once_and_keeps_what_is_noted_of_it() -> None:
    account = Account()
    account.prepare({"tasks": 1})
    handed = account.get_activity_task({})
    assert account.get_activity_task({}) == {}
    token = handed["taskToken"]
    assert [spec.name for spec in parse_task(token, handed["input"]).jobs] == ["align"]
    key = to_item({"taskToken": token})
    with pytest.raises(RefusedError):
        account.update_item({"Key": key, "ExpressionAttributeValues": {}})
    account.put_item({"Item": to_item({"taskToken": token, "state": "OPEN", "jobs": {"align": {}}})})
    noted = {"ExpressionAttributeNames": {"#0": "align"}, "ExpressionAttributeValues": to_item({":0": "id"})}
    account.update_item({"Key": key, **noted})
    assert account.submitted({}) == {"jobs": [[token, "align", "id"]]}
