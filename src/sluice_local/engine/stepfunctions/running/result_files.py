"""What a Distributed Map's ResultWriter makes: pure.

AWS: https://docs.aws.amazon.com/step-functions/latest/dg/input-output-resultwriter.html. A manifest names the
files with the results of the children that succeeded, failed or were never started, each a JSON array, or
JSON Lines, of what DescribeExecution tells of them; COMPACT keeps their outputs only, FLATTEN also takes
lists apart.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Child = Mapping[str, Any]
_MEMBERS = {
    "ExecutionArn": "executionArn",
    "Input": "input",
    "Name": "name",
    "Output": "output",
    "Error": "error",
    "Cause": "cause",
    "StartDate": "startDate",
    "StateMachineArn": "stateMachineArn",
    "Status": "status",
    "StopDate": "stopDate",
}


@dataclass(frozen=True)
class Writer:
    """How results are written: the state's `WriterConfig`."""

    transformation: str = "NONE"
    output_type: str = "JSON"

    @classmethod
    def of(cls, result_writer: Mapping[str, Any]) -> "Writer":
        """Read a state's ResultWriter."""
        config = result_writer.get("WriterConfig") or {}
        return cls(config.get("Transformation", "NONE"), config.get("OutputType", "JSON"))

    def rows(self, children: Sequence[Child]) -> list[Any]:
        """Return what is written of some children that have ended."""
        if self.transformation == "NONE":
            return [_described(each) for each in children]
        outputs = [
            json.loads(each["output"]) if each.get("output") else _described(each) for each in children
        ]
        if self.transformation == "COMPACT":
            return outputs
        return [row for output in outputs for row in (output if isinstance(output, list) else [output])]

    def text(self, rows: Sequence[Any]) -> str:
        """Return rows as a file has them."""
        if self.output_type == "JSONL":
            return "".join(f"{json.dumps(row)}\n" for row in rows)
        return json.dumps(list(rows))


def files(writer: Writer, children: Sequence[Child], folder: str) -> dict[str, str]:
    """Return the text of each result file by its key; `folder` ends with a slash or is empty."""
    groups = {
        "SUCCEEDED": {"SUCCEEDED"},
        "FAILED": {"FAILED", "TIMED_OUT"},
        "PENDING": {"PENDING", "ABORTED"},
    }
    suffix = writer.output_type.lower()
    return {
        f"{folder}{name}_0.{suffix}": writer.text(writer.rows(chosen))
        for name, statuses in groups.items()
        if (chosen := [each for each in children if each["status"] in statuses])
    }


def manifest(bucket: str, map_run_arn: str, written: Mapping[str, str]) -> str:
    """Return manifest.json, which names the result files with their sizes."""
    found: dict[str, list[dict[str, Any]]] = {"FAILED": [], "PENDING": [], "SUCCEEDED": []}
    for key, text in written.items():
        name = key.rpartition("/")[2].partition("_")[0]
        found[name].append({"Key": key, "Size": len(text.encode())})
    return json.dumps({"DestinationBucket": bucket, "MapRunArn": map_run_arn, "ResultFiles": found})


def _described(child: Child) -> dict[str, Any]:
    shown = {member: child[name] for member, name in _MEMBERS.items() if child.get(name) is not None}
    details = {f"{data}Details": {"Included": True} for data in ("Input", "Output") if data in shown}
    return {**shown, **details}
