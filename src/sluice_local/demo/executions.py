"""Starts the cohort's workflow executions and follows them, with few calls."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sluice_local.demo.failures import Failure, LogOf, read_failure
from sluice_local.demo.jobs import read_calls, read_jobs
from sluice_local.demo.snapshot import Observation
from sluice_local.server import LocalAws

LIST_SECONDS = 2.0
"""ListExecutions may be called 5 times a second, for the whole account.

https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
"""
_LOOK_SECONDS = 1.0


@dataclass(frozen=True)
class Cohort:
    """The workflow executions of one run.

    Attributes:
        aws: where they run.
        workflow_arn: the state machine of one sample.
        run_id: makes the executions' names unique.
        samples: one execution each.
    """

    aws: LocalAws
    workflow_arn: str
    run_id: str
    samples: Sequence[str]

    def start(self, inputs: Mapping[str, str]) -> None:
        """Start every sample's execution.

        Args:
            inputs: the execution's input, as JSON, by sample.
        """
        states = self.aws.client("stepfunctions")
        for sample in self.samples:
            states.start_execution(
                stateMachineArn=self.workflow_arn, name=self._name(sample), input=inputs[sample]
            )

    def watch(self, see: Callable[[Observation], None]) -> Observation:
        """Look on until every execution has ended; returns the last observation."""
        states = self.aws.client("stepfunctions")
        listed_at, executions = time.monotonic(), self._list(states)
        while not (seen := self._observe(executions)).is_over:
            see(seen)
            time.sleep(_LOOK_SECONDS)
            if time.monotonic() - listed_at >= LIST_SECONDS:
                listed_at, executions = time.monotonic(), self._list(states)
        see(seen)
        return seen

    def failures(self, seen: Observation, log_of: LogOf) -> tuple[Failure, ...]:
        """Ask once for the reason of each execution that did not succeed."""
        states = self.aws.client("stepfunctions")
        failed = [sample for sample, status in seen.executions.items() if status != "SUCCEEDED"]
        return tuple(
            read_failure(sample, states.describe_execution(executionArn=self._arn(sample)), log_of)
            for sample in failed
        )

    def _observe(self, executions: Mapping[str, str]) -> Observation:
        jobs, calls = read_jobs(self.aws.page("jobs")), read_calls(self.aws.page("calls"))
        return Observation(jobs, calls, executions, int(time.time()))

    def _list(self, states: Any) -> dict[str, str]:
        listed = states.list_executions(stateMachineArn=self.workflow_arn, maxResults=1000)["executions"]
        statuses = {execution["name"]: execution["status"] for execution in listed}
        return {sample: statuses[self._name(sample)] for sample in self.samples}

    def _name(self, sample: str) -> str:
        return f"{sample}-{self.run_id}"

    def _arn(self, sample: str) -> str:
        return f"{self.workflow_arn.replace(':stateMachine:', ':execution:')}:{self._name(sample)}"
