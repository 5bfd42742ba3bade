"""Map in its distributed mode.

AWS: each item, or batch of items, is the input of an execution of its own, with its own context object and
history; a share of them may fail; ResultWriter writes the results to S3,
https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html. The parent's variables are
not seen, https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html. What is told while it
runs: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-examine-map-run.html.

MiniStack 1.5.33: children see the parent's context object and have no history, ItemBatcher and ResultWriter
are ignored, JSONata is not read, and a run whose failures are no longer tolerated goes on to its end.

Fixed by running children as executions; reading the items and answering of Map Runs stay MiniStack's.
"""

import json
import threading
from typing import Any

from sluice_local.engine import ministack
from sluice_local.engine.stepfunctions.language.install import failure
from sluice_local.engine.stepfunctions.running import result_files
from sluice_local.engine.stepfunctions.running.branch import KEPT, Branch, Execution, Kept
from sluice_local.engine.stepfunctions.running.history import append, record
from sluice_local.engine.stepfunctions.running.items import (
    child_inputs,
    effective_input,
    number_of,
    processor_of,
    read_items,
)
from sluice_local.engine.stepfunctions.running.machine import State, context_of, run_to_end
from sluice_local.engine.stepfunctions.running.parallel import begun
from sluice_local.engine.stepfunctions.running.together import Listener, Work, run_together

# AWS runs up to 10,000; here each is a thread
CHILDREN_AT_ONCE = 64
_MODULE = "services.stepfunctions"
_COUNTS = (
    *("pending", "running", "succeeded", "failed", "timedOut", "aborted", "total", "resultsWritten"),
    *("failuresNotRedrivable", "pendingRedrive"),
)


def run_distributed(state: State, data: Any) -> Any:
    """Run a Map in distributed mode; return its result."""
    parent = begun()
    given = effective_input(state, data, parent.context)
    is_redriven = parent.kept.map_run is not None
    run: MapRun = parent.kept.map_run or MapRun(state, parent, given)
    parent.kept.map_run = run
    run.begin(parent, is_redriven=is_redriven)
    try:
        run.run_children(parent)
    except ministack.private(f"{_MODULE}._ExecutionError") as error:
        run.write(parent, given)
        record(parent, "MapRunFailed", {"error": error.error, "cause": error.cause})
        record(parent, "MapStateFailed")
        raise
    finally:
        run.end()
    result = run.write(parent, given)
    record(parent, "MapRunSucceeded")
    record(parent, "MapStateSucceeded", follows=parent.last_event)
    return result


class MapRun:
    """One run of a Distributed Map, with the executions of its children."""

    def __init__(self, state: State, parent: Branch, given: Any) -> None:
        self._state = state
        self._machine = processor_of(state)
        self._tolerated = {
            "count": number_of(state, "ToleratedFailureCount", given, parent),
            "percentage": number_of(state, "ToleratedFailurePercentage", given, parent),
        }
        self._at_once = int(number_of(state, "MaxConcurrency", given, parent) or 0)
        items = read_items(state, given, parent.context)
        # the child of a child's Map belongs to the state machine of them all
        self._base = parent.execution["stateMachineArn"].partition("/")[0]
        self._label = f"{self._base}/{state.get('Label') or _uuid()}"
        self._arn = f"{self._label.replace(':stateMachine:', ':mapRun:')}:{_uuid()}"
        self._children = [
            self._child(parent, child_input, count)
            for child_input, count in child_inputs(state, given, items, parent)
        ]
        self._lock = threading.Lock()
        self._length = 0 if state.get("ItemReader") else len(items)
        ministack.private(f"{_MODULE}._map_runs")[self._arn] = self._described(parent, len(items))

    def begin(self, parent: Branch, *, is_redriven: bool) -> None:
        """Record the begin of the run, or that it goes on."""
        record(parent, "MapStateStarted", {"length": self._length})
        run = self._row()
        run.update(status="RUNNING")
        if not is_redriven:
            record(parent, "MapRunStarted", {"mapRunArn": self._arn})
            return
        run.update(redriveCount=run["redriveCount"] + 1, redriveDate=_now())
        record(parent, "MapRunRedriven", {"mapRunArn": self._arn, "redriveCount": run["redriveCount"]})

    def run_children(self, parent: Branch) -> None:
        """Run every child that has not succeeded yet.

        Raises:
            ExecutionError: MiniStack's, if more have failed than is tolerated.
        """
        todo = [each for each in self._children if each["status"] != "SUCCEEDED"]
        works = [self._work(child, parent) for child in todo]
        listener = Listener(lambda number, error: error or self._count(todo[number]))
        run_together(parent, works, listener, at_once=self._at_once or CHILDREN_AT_ONCE)

    def end(self) -> None:
        """Note how the run ended; children that still ran were aborted with it."""
        for child in self._children:
            if child["status"] == "RUNNING":
                append(child, "ExecutionAborted", {"executionAbortedEventDetails": {}}, len(child["events"]))
                child.update(status="ABORTED", stopDate=_now())
                self._count(child)
        succeeded = all(child["status"] not in {"PENDING", "ABORTED"} for child in self._children)
        failed = self._is_too_much(self._failed())
        self._row().update(status="SUCCEEDED" if succeeded and not failed else "FAILED", stopDate=_now())

    def write(self, parent: Branch, given: Any) -> Any:
        """Return the result: the children's outputs, or where ResultWriter has put them."""
        results = [
            json.loads(child["output"]) if child["output"] else _no_output(child) for child in self._children
        ]
        result_writer = self._state.get("ResultWriter")
        if not result_writer:
            return results
        writer = result_files.Writer.of(result_writer)
        target = _target(result_writer, given, parent.context)
        if "Bucket" not in target:
            return writer.rows(self._children)
        prefix = str(target.get("Prefix") or "").rstrip("/")
        folder = f"{prefix}/{self._arn.rpartition(':')[2]}/".lstrip("/")
        written = result_files.files(writer, self._children, folder)
        manifest = {f"{folder}manifest.json": result_files.manifest(target["Bucket"], self._arn, written)}
        for key, text in {**written, **manifest}.items():
            _put_object(target["Bucket"], key, text)
        self._row()["itemCounts"]["resultsWritten"] = len(self._children)
        details = {"Bucket": target["Bucket"], "Key": f"{folder}manifest.json"}
        return {"MapRunArn": self._arn, "ResultWriterDetails": details}

    def _row(self) -> State:
        row: State = ministack.private(f"{_MODULE}._map_runs")[self._arn]
        return row

    def _described(self, parent: Branch, items: int) -> State:
        """Return what DescribeMapRun tells of the run at its begin."""
        zero = dict.fromkeys(_COUNTS, 0)
        children = len(self._children)
        return {
            "mapRunArn": self._arn,
            "executionArn": parent.execution["executionArn"],
            "status": "RUNNING",
            "startDate": _now(),
            "maxConcurrency": self._at_once,
            "toleratedFailurePercentage": self._tolerated["percentage"] or 0.0,
            "toleratedFailureCount": int(self._tolerated["count"] or 0),
            "itemCounts": {**zero, "total": items, "pending": items},
            "executionCounts": {**zero, "total": children, "pending": children},
            "redriveCount": 0,
            "_stateMachineArn": self._label,
        }

    def _child(self, parent: Branch, child_input: Any, items: int) -> Execution:
        name = _uuid()
        return {
            "executionArn": f"{self._label.replace(':stateMachine:', ':execution:')}:{name}",
            "stateMachineArn": self._label,
            "name": name,
            "status": "PENDING",
            "startDate": None,
            "stopDate": None,
            "input": json.dumps(child_input),
            "inputDetails": {"included": True},
            "output": None,
            "outputDetails": {"included": True},
            "mapRunArn": self._arn,
            "events": [],
            "testCase": parent.execution.get("testCase"),
            "mockAttempts": {},
            "_items": items,
            "_counted": "pending",
        }

    def _work(self, child: Execution, parent: Branch) -> Work:
        context = context_of(child, self._machine, self._base.rpartition(":")[2])
        context["QueryLanguage"] = parent.context["QueryLanguage"]
        context["Execution"]["RoleArn"] = parent.context["Execution"].get("RoleArn")
        branch = Branch(child, context, child.setdefault(KEPT, Kept()))

        def run() -> None:
            self._start(child, branch)
            run_to_end(branch, self._machine)

        return Work(branch, run)

    def _start(self, child: Execution, branch: Branch) -> None:
        is_redriven = bool(child["events"])
        child.update(status="RUNNING", error=None, cause=None, stopDate=None)
        child["startDate"] = branch.context["Execution"]["StartTime"] = child["startDate"] or _now()
        ministack.private(f"{_MODULE}._executions")[child["executionArn"]] = child
        self._count(child)
        if is_redriven:
            child["redriveCount"] = child.get("redriveCount", 0) + 1
            details = {"executionRedrivenEventDetails": {"redriveCount": child["redriveCount"]}}
            branch.last_event = append(child, "ExecutionRedriven", details, len(child["events"]))
            return
        details = {"executionStartedEventDetails": {"input": child["input"]}}
        branch.last_event = append(child, "ExecutionStarted", details, 0)

    def _count(self, child: Execution) -> Exception | None:
        """Count a child where it stands now; return what fails the run if too many have failed."""
        named = {"TIMED_OUT": "timedOut"}.get(child["status"], child["status"].lower())
        with self._lock:
            row = self._row()
            for counts, number in ((row["itemCounts"], child["_items"]), (row["executionCounts"], 1)):
                counts[child["_counted"]] -= number
                counts[named] += number
            child["_counted"] = named
            if not self._is_too_much(self._failed()):
                return None
        return failure(
            "States.ExceedToleratedFailureThreshold", "The specified tolerated failure threshold was exceeded"
        )

    def _failed(self) -> int:
        return sum(child["_items"] for child in self._children if child["status"] in {"FAILED", "TIMED_OUT"})

    def _is_too_much(self, failed: int) -> bool:
        """Where neither threshold is given, none may fail; where both are, either counts."""
        count, percentage = self._tolerated["count"], self._tolerated["percentage"]
        items = sum(child["_items"] for child in self._children)
        over_count = count is not None and failed > count
        over_percentage = percentage is not None and failed * 100 > percentage * items
        return over_count or over_percentage or (count is None and percentage is None and failed > 0)


def _target(result_writer: State, given: Any, context: State) -> State:
    if "Arguments" in result_writer:
        fill, template = "_apply_jsonata_template", result_writer["Arguments"]
    else:
        fill, template = "_resolve_params_obj", result_writer.get("Parameters") or {}
    target: State = ministack.private(f"{_MODULE}.{fill}")(template, given, context)
    return target


def _put_object(bucket: str, key: str, text: str) -> None:
    if bucket not in ministack.private("services.s3._buckets"):
        raise failure("States.ResultWriterFailed", f"The specified bucket does not exist: {bucket}")
    headers = {"content-type": "application/json"}
    ministack.private("services.s3._put_object")(bucket, key, text.encode(), headers)


def _no_output(child: Execution) -> State:
    return {"Error": child.get("error"), "Cause": child.get("cause")}


def _uuid() -> str:
    return str(ministack.private("core.responses.new_uuid")())


def _now() -> str:
    return str(ministack.private("core.responses.now_iso")())
