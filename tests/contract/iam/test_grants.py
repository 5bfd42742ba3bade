"""Under enforcement all that the stack does works, and uses every permission that the template gives."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.contract.iam.only_on_aws import ONLY_ON_AWS, reason
from tests.contract.iam.policies import EVENTS, grants, without
from tests.contract.iam.rehearsal import PROBES, users_of

if TYPE_CHECKING:
    from tests.contract.iam.rehearsal import Seen
    from tests.contract.iam.scene import Scene


@pytest.mark.parametrize("name", [probe.name for probe in PROBES])
def test_under_enforcement(rehearsed: dict[str, Seen], name: str) -> None:
    assert rehearsed[name].wrong is None


def test_no_role_is_refused_anything(rehearsed: dict[str, Seen]) -> None:
    decisions = [decision for seen in rehearsed.values() for decision in seen.decisions]
    # the probes of the dead-letter queues have events refused on purpose
    refused = [each for each in decisions if not each["allowed"] and each["principal"] != EVENTS]
    assert refused == []


def test_every_permission_is_used(scene: Scene, rehearsed: dict[str, Seen]) -> None:
    unused = [
        (grant.holder, grant.action, grant.resource)
        for policy in scene.policies
        for grant in grants(policy)
        if grant.resource not in scene.bounds
        and not users_of(grant, rehearsed)
        and not reason(grant.holder, grant.action)
    ]
    assert unused == []


def test_what_the_stack_was_given_to_use_is_used_for_each_action(
    scene: Scene, rehearsed: dict[str, Seen]
) -> None:
    used: dict[tuple[str, str], bool] = {}
    for grant in (grant for policy in scene.policies for grant in grants(policy)):
        if grant.resource in scene.bounds:
            key = grant.holder, grant.action
            used[key] = used.get(key, False) or bool(users_of(grant, rehearsed))
    assert used == {
        ("JobSubmissionPolicy", "batch:SubmitJob"): True,
        ("JobSubmissionPolicy", "batch:TagResource"): True,
        ("StartSamplesRole", "states:DescribeStateMachine"): True,
        ("StartSamplesRole", "states:StartExecution"): True,
        ("ReconcileSamplesRole", "states:StartExecution"): True,
    }


def test_what_only_aws_can_use_is_still_in_the_template(scene: Scene) -> None:
    given = {
        (grant.holder, grant.action.partition(":")[0] + ":")
        for policy in scene.policies
        for grant in grants(policy)
    }
    assert given >= ONLY_ON_AWS.keys()


TAKEN_AWAY = {
    ("SubmitJobsRole", "dynamodb:Query", "OpenByHeartbeat"): "nobody can say how many tasks are open",
    ("CancelJobsRole", "dynamodb:Query", "OpenByExecution"): "CancelJobs hands its record back",
    ("JobSubmissionPolicy", "batch:TagResource", "job/*"): "the job has no id in its task's item",
    ("ActivityPollerRole", "states:StartExecution", ""): "the poller's round ends with Sfn.SfnException",
    ("HandleJobStatusRole", "sqs:DeleteMessage", ""): "messages are handled and not deleted",
    ("FunctionLogsPolicy", "logs:PutLogEvents", ""): "the function's log is lost",
    ("JobRole", "s3:ListBucket", ""): "a missing object looks like a refusal",
    ("ReconcileTasksFunctionEveryMinuteRole", "lambda:InvokeFunction", ""): "its schedule does not call it",
    ("CancellationsQueuePolicy", "sqs:SendMessage", "CancellationsQueue"): (
        "its event does not reach CancellationsQueue"
    ),
}
"""What goes wrong without a permission: one for each way in which Local AWS asks for one.

`python -m tests.contract.iam.needed` takes every permission away.
"""


@pytest.mark.parametrize("taken", TAKEN_AWAY, ids="-".join)
def test_a_permission_that_is_taken_away_is_missed(
    scene: Scene, rehearsed: dict[str, Seen], taken: tuple[str, str, str]
) -> None:
    holder, action, resource = taken
    policy, grant = next(
        (policy, grant)
        for policy in scene.policies
        for grant in grants(policy)
        if (grant.holder, grant.action) == (holder, action) and resource in grant.resource
    )
    before = policy.read()
    policy.write(without(policy, grant))
    try:
        seen = users_of(grant, rehearsed)[0].run(scene)
    finally:
        policy.write(json.dumps(before))
        scene.tidy()
    assert seen == TAKEN_AWAY[taken]
