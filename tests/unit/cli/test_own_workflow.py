"""The fields of the stack's own workflow are checked before anything starts."""

from __future__ import annotations

from typing import Any

import pytest

from sluice_cli.cohorts.own_workflow import OWN_WORKFLOW_KINDS


@pytest.mark.parametrize("value", [2048, 8192, "2048", "3072"])
def test_memory_is_one_of_fargate_s_sizes(value: Any) -> None:
    assert list(OWN_WORKFLOW_KINDS["memoryMib"].complaints("it", value)) == []


@pytest.mark.parametrize(
    "value", ["4096.0", "4 GB", "4,096", "-1", "5000", "", 4096.0, True, None, 1024, 9216, "\u0664096"]
)
def test_other_memory_is_refused_with_what_fargate_has(value: Any) -> None:
    (says,) = OWN_WORKFLOW_KINDS["memoryMib"].complaints("it", value)
    assert says.endswith("Fargate has for 1 vCPU: 2048 to 8192 in steps of 1024")


@pytest.mark.parametrize("value", [["x", "y"], 5, {"r1": "x"}, "  ", "\n"])
def test_a_file_is_named_by_a_text_that_is_not_blank(value: Any) -> None:
    (says,) = OWN_WORKFLOW_KINDS["reads"].complaints("it", value)
    assert says.endswith("it must be a text that is not blank")
    assert list(OWN_WORKFLOW_KINDS["reads"].complaints("it", "s3://lab/a.fq.gz")) == []
