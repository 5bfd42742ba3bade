"""What a Distributed Map's ResultWriter makes."""

import json
from typing import Any

import pytest

from sluice_local.engine.stepfunctions.running.result_files import Writer, files, manifest


def child(name: str, status: str, **fields: Any) -> dict[str, Any]:
    return {
        "executionArn": f"arn:{name}",
        "name": name,
        "input": "1",
        "status": status,
        "output": None,
        **fields,
    }


CHILDREN = [
    child("a", "SUCCEEDED", output="[1, 2]"),
    child("b", "FAILED", error="Bad", cause="so"),
    child("c", "PENDING"),
    child("d", "SUCCEEDED", output='{"x": 3}'),
]


def test_results_are_in_files_by_how_the_children_ended() -> None:
    found = files(Writer(), CHILDREN, "out/1/")
    assert found.keys() == {"out/1/SUCCEEDED_0.json", "out/1/FAILED_0.json", "out/1/PENDING_0.json"}
    succeeded = json.loads(found["out/1/SUCCEEDED_0.json"])
    assert [row["Output"] for row in succeeded] == ["[1, 2]", '{"x": 3}']
    assert succeeded[0]["Name"] == "a"
    failed = json.loads(found["out/1/FAILED_0.json"])[0]
    assert (failed["Error"], failed["Cause"]) == ("Bad", "so")
    assert "Output" not in failed


@pytest.mark.parametrize(
    ("transformation", "rows"), [("COMPACT", [[1, 2], {"x": 3}]), ("FLATTEN", [1, 2, {"x": 3}])]
)
def test_outputs_alone_may_be_written_line_by_line(transformation: str, rows: list[Any]) -> None:
    writer = Writer.of({"WriterConfig": {"Transformation": transformation, "OutputType": "JSONL"}})
    found = files(writer, CHILDREN, "")
    assert [json.loads(line) for line in found["SUCCEEDED_0.jsonl"].splitlines()] == rows


def test_the_manifest_names_the_files_with_their_sizes() -> None:
    told = json.loads(manifest("bucket", "arn:run", {"p/SUCCEEDED_0.json": "[é]"}))
    assert told == {
        "DestinationBucket": "bucket",
        "MapRunArn": "arn:run",
        "ResultFiles": {"FAILED": [], "PENDING": [], "SUCCEEDED": [{"Key": "p/SUCCEEDED_0.json", "Size": 4}]},
    }
