"""Plays one round: a cohort, its troubles, and the wait until all has come to rest."""

from __future__ import annotations

import time
from collections import Counter
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from tests.chaos.cohort import Stop, runs
from tests.chaos.invariants import Broken, check
from tests.chaos.observation import (
    TERMINAL,
    Observation,
    SeenExecution,
    SeenPoller,
    count_tries,
    find_leaks,
    jobs_of_round,
    rows_of_round,
)
from tests.chaos.results import AT_REST, Played
from tests.chaos.rig import BURST, RATE_PER_SECOND, execution_name, until
from tests.chaos.troubles import Deed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sluice_local.observing import JobRow
    from tests.chaos.cohort import Run
    from tests.chaos.rig import Rig
    from tests.chaos.scenarios import Scenario

REST_SECONDS: Final = 75
"""A round that has not come to rest by then never will."""

DAY_SECONDS: Final = 90_000
"""A day and an hour: Batch is believed when it does not know a job of a task older than a day."""

SETTLED_SECONDS: Final = 10
"""A task older than this is nobody's to submit any more but the reconciler's, whatever its clock says."""

DESCRIBED: Final = 100
"""Jobs that one DescribeJobs call tells of; a round never has so many that fail."""


def play(rig: Rig, scenario: Scenario, label: str) -> Played:
    """Plays a round; `label` names its executions and is used once."""
    rig.use_pollers(scenario.pollers)
    began_s, offset = time.time(), rig.aws.log_path.stat().st_size
    rig.aws.inject(scenario.plan)
    try:
        round_ = _Round(rig, scenario, label)
        round_.start()
        left = until(round_.go_on, within_seconds=REST_SECONDS)
        seconds = time.time() - began_s
        struck = Counter(_struck(rig.aws.page("faults"))) + Counter(round_.deeds_done)
    finally:
        rig.aws.end_faults()
    log = tuple(rig.log_lines(began_s))
    server_log = rig.aws.log_path.read_bytes()[offset:].decode(errors="replace").splitlines()
    seen = round_.observe((*log, *server_log), began_s)
    broken = check(seen, costs_tokens=scenario.costs_tokens)
    if left is not None:
        broken.append(Broken(AT_REST, f"after {REST_SECONDS} s still waiting for {left}"))
    return Played(scenario, struck, tuple(broken), seconds, log)


class _Round:
    """A round under way."""

    def __init__(self, rig: Rig, scenario: Scenario, label: str) -> None:
        self._rig, self._scenario, self._label = rig, scenario, label
        self._runs = runs(label)
        self._arns: dict[str, str] = {}
        self._stopped: set[str] = set()
        self.deeds_done: Counter[str] = Counter()

    def start(self) -> None:
        """Starts the cohort; a workflow that is regretted is stopped at once."""
        for run in self._runs:
            self._arns[run.name] = self._rig.start(run.workflow.name, run.name)
            if run.workflow.stop is Stop.AT_ONCE:
                self._stop(run.name)

    def go_on(self) -> str | None:
        """Does what is due; returns what is still waited for, None when all is at rest."""
        jobs = self._jobs()
        self._stop_those_whose_jobs_run(jobs)
        for deed in self._scenario.deeds:
            self._do(deed)
        return self._left(jobs)

    def observe(self, lines: tuple[str, ...], began_s: float) -> Observation:
        """Gathers what was seen of the round."""
        items = self._rig.items(self._label)
        tokens = [item["token"]["S"] for item in items]
        jobs = self._jobs()
        return Observation(
            runs=self._runs,
            executions={run.name: self._execution(run) for run in self._runs},
            jobs=jobs_of_round(jobs, self._details(jobs)),
            tries={(run.name, state): n for run in self._runs for state, n in self._tries(run).items()},
            open_items=tuple(execution_name(item) for item in items if "open" in item),
            leaks=find_leaks(lines, tokens),
            messages=self._rig.messages(),
            pollers=tuple(
                each for each in self._pollers() if each.stopped_s is None or each.stopped_s >= began_s
            ),
            seen_s=time.time(),
            rate_per_second=RATE_PER_SECOND,
            burst=BURST,
        )

    def _stop(self, name: str) -> None:
        """Stops an execution; one that ended before is left as it is, and not counted as stopped."""
        states = self._rig.client("stepfunctions")
        if states.describe_execution(executionArn=self._arns[name])["status"] == "RUNNING":
            self._rig.stop(self._arns[name])
            self._stopped.add(name)

    def _stop_those_whose_jobs_run(self, jobs: list[JobRow]) -> None:
        running = {job.parameters["workflow"] for job in jobs if job.status == "RUNNING"}
        for run in self._runs:
            due = run.workflow.stop is Stop.WHILE_ITS_JOB_RUNS and run.name not in self._stopped
            if due and run.name in running:
                self._stop(run.name)

    def _do(self, deed: Deed) -> None:
        if deed is Deed.LET_A_DAY_PASS:
            self._let_a_day_pass()
        elif not self.deeds_done[deed.name.lower()]:
            running = [poller.name for poller in self._pollers() if poller.status == "RUNNING"]
            if running and self._hit_poller(deed, running[-1]):
                self.deeds_done[deed.name.lower()] += 1

    def _hit_poller(self, deed: Deed, name: str) -> bool:
        """Stops a link of the chain, and may start the next one without its input, so that it fails.

        Returns:
            Whether it could be done: somebody else may have been quicker with the next link.
        """
        poller = self._rig.stack.outputs["ActivityPollerArn"]
        self._rig.stop(f"{poller.replace(':stateMachine:', ':execution:')}:{name}")
        if deed is Deed.STOP_POLLER:
            return True
        slot, _, number = name.rpartition("-")
        states = self._rig.client("stepfunctions")
        try:
            states.start_execution(stateMachineArn=poller, name=f"{slot}-{int(number) + 1}", input="{}")
        except states.exceptions.ExecutionAlreadyExists:
            return False
        return True

    def _let_a_day_pass(self) -> None:
        """Turns back the creation of the open tasks that nobody submits any more."""
        now_ms = int(time.time() * 1000)
        for item in self._rig.items(self._label):
            created_ms = int(item["createdAt"]["N"])
            age_s = (now_ms - created_ms) / 1000
            if item["state"]["S"] == "OPEN" and SETTLED_SECONDS < age_s < DAY_SECONDS:
                self._turn_back(item["taskToken"], created_ms)

    def _turn_back(self, token: Mapping[str, str], created_ms: int) -> None:
        tables = self._rig.client("dynamodb")
        with suppress(tables.exceptions.ConditionalCheckFailedException):  # it has ended meanwhile
            tables.update_item(
                TableName=self._rig.stack.outputs["TaskTableName"],
                Key={"taskToken": token},
                UpdateExpression="SET createdAt = :then",
                ConditionExpression="#state = :open",
                ExpressionAttributeNames={"#state": "state"},
                ExpressionAttributeValues={
                    ":then": {"N": str(created_ms - DAY_SECONDS * 1000)},
                    ":open": {"S": "OPEN"},
                },
            )

    def _left(self, jobs: list[JobRow]) -> str | None:
        """What is not at rest yet, cheapest look first."""
        rows = self._rig.aws.page("executions")
        running = [row["name"] for row in rows if row["name"] in self._arns and row["status"] == "RUNNING"]
        if running:
            return f"the ends of {running}"
        if alive := [job.name for job in jobs if job.status not in TERMINAL]:
            return f"the jobs {alive}"
        ends_s = [job.stopped_s or 0.0 for job in jobs]
        if time.time() < max(ends_s, default=0.0) + self._scenario.late_seconds:
            return "events that come late"
        if open_ := [execution_name(each) for each in self._rig.items(self._label) if "open" in each]:
            return f"the tasks of {open_}"
        if waiting := {name: count for name, count in self._rig.messages().items() if count}:
            return f"the messages in {waiting}"
        return None

    def _jobs(self) -> list[JobRow]:
        return rows_of_round(self._rig.jobs(), self._label)

    def _details(self, jobs: list[JobRow]) -> dict[str, dict[str, Any]]:
        failed = [job.job_id for job in jobs if job.status == "FAILED"][:DESCRIBED]
        details = self._rig.client("batch").describe_jobs(jobs=failed)["jobs"] if failed else []
        return {detail["jobId"]: detail for detail in details}

    def _execution(self, run: Run) -> SeenExecution:
        arn = self._arns[run.name]
        described = self._rig.client("stepfunctions").describe_execution(executionArn=arn)
        stopped = run.name in self._stopped
        return SeenExecution(run.name, described["status"], described.get("error"), stopped=stopped)

    def _tries(self, run: Run) -> dict[str, int]:
        pages = (
            self._rig.client("stepfunctions")
            .get_paginator("get_execution_history")
            .paginate(executionArn=self._arns[run.name])
        )
        return count_tries(event for page in pages for event in page["events"])

    def _pollers(self) -> list[SeenPoller]:
        machine = self._rig.stack.outputs["ActivityPollerArn"].rpartition(":")[2]
        return [
            SeenPoller(
                row["name"], row["status"], _seconds(row["startedAt"]) or 0.0, _seconds(row["stoppedAt"])
            )
            for row in self._rig.aws.page("executions")
            if row["stateMachine"] == machine
        ]


def _struck(page: Mapping[str, Any]) -> dict[str, int]:
    """Reads the page `/_sluice/faults`: injections by kind."""
    return {kind: sum(by_target.values()) for kind, by_target in page["injected"].items()}


def _seconds(time_text: str | None) -> float | None:
    return None if time_text is None else datetime.fromisoformat(time_text).timestamp()
