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
MACHINE = "bench-sample"


def run_workflows(aws: LocalAws, definition: Mapping[str, Any], cohort: Cohort, *, note: str) -> Ended:
    """Take a cohort through a state machine, an execution a sample.

    An execution's input is `{"sample": its name, "seconds": ["1.234", …]}`, a job's length each.
    """
    states, started_s = aws.client("stepfunctions"), time.time()
    inputs = {sample: _input(cohort, sample) for sample in cohort.sample_names()}
    machine = start_workflows(aws, definition, inputs, name=MACHINE)
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


def start_workflows(
    aws: LocalAws, definition: Mapping[str, Any], inputs: Mapping[str, Mapping[str, object]], *, name: str
) -> str:
    """Make a state machine and start an execution for each input, by its name; returns the machine's ARN."""
    states = aws.client("stepfunctions")
    made = states.create_state_machine(name=name, definition=json.dumps(definition), roleArn=_ROLE)
    machine = str(made["stateMachineArn"])
    for execution, given in inputs.items():
        states.start_execution(stateMachineArn=machine, name=execution, input=json.dumps(given))
    return machine


def _input(cohort: Cohort, sample: str) -> dict[str, object]:
    return {"sample": sample, "seconds": [f"{seconds:.3f}" for seconds in cohort.seconds(sample)]}
