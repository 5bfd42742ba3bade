"""Starts a state machine once a sample and waits until every execution has ended."""

import json
import time
from collections import Counter
from collections.abc import Mapping
from typing import Any

from bench.cohort import Cohort
from bench.contenders.contender import Ended
from sluice_local.server import LocalAws
from sluice_local.settings import ACCOUNT_ID

_ROLE = f"arn:aws:iam::{ACCOUNT_ID}:role/bench"
_LOOK_SECONDS = 1.0


def run_workflows(aws: LocalAws, definition: Mapping[str, Any], cohort: Cohort, *, note: str) -> Ended:
    """Take a cohort through a state machine, an execution a sample.

    An execution's input is `{"sample": its name, "seconds": ["1.234", …]}`, a job's length each.
    """
    states = aws.client("stepfunctions")
    machine = states.create_state_machine(
        name="bench-sample", definition=json.dumps(definition), roleArn=_ROLE
    )["stateMachineArn"]
    started_s = time.time()
    for sample in cohort.sample_names():
        states.start_execution(stateMachineArn=machine, name=sample, input=json.dumps(_input(cohort, sample)))
    while states.list_executions(stateMachineArn=machine, statusFilter="RUNNING", maxResults=1)["executions"]:
        time.sleep(_LOOK_SECONDS)
    pages = states.get_paginator("list_executions").paginate(stateMachineArn=machine)
    ended = [execution for page in pages for execution in page["executions"]]
    statuses = Counter(execution["status"] for execution in ended)
    return Ended(
        succeeded=statuses["SUCCEEDED"],
        failed=len(ended) - statuses["SUCCEEDED"],
        started_s=started_s,
        ended_s=max(execution["stopDate"].timestamp() for execution in ended),
        note=note,
    )


def _input(cohort: Cohort, sample: str) -> dict[str, object]:
    return {"sample": sample, "seconds": [f"{seconds:.3f}" for seconds in cohort.seconds(sample)]}
