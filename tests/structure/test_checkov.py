"""checkov finds nothing in the expanded template but what has its reason here."""

from __future__ import annotations

import json
import os
import subprocess
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.expanded import expanded_template

if TYPE_CHECKING:
    from collections.abc import Mapping

CHECKOV = Path(__file__).parents[2] / ".venv-checkov/bin/checkov"
HOW = "checkov is not installed: make .venv-checkov/.checkov"

REASONS = {
    (
        "CKV_AWS_18",
        "AWS::S3::Bucket",
    ): "access logs need a second bucket; who wants them names a DataBucketName",
    ("CKV_AWS_21", "AWS::S3::Bucket"): "each version of a BAM would be paid for, and a job can make it again",
    ("CKV_AWS_27", "AWS::SQS::Queue"): "the queues are encrypted with SQS's own keys (SqsManagedSseEnabled)",
    ("CKV_AWS_28", "AWS::DynamoDB::Table"): "the rate table, which forgets everything within a minute",
    (
        "CKV_AWS_115",
        "AWS::Lambda::Function",
    ): "reserving concurrency takes it from the account's other functions; "
    "MaximumConcurrency and PollerCount bound ours",
    (
        "CKV_AWS_116",
        "AWS::Lambda::Function",
    ): "events come through queues, which have dead-letter queues; what a schedule calls is called again",
    (
        "CKV_AWS_117",
        "AWS::Lambda::Function",
    ): "they call nothing but AWS's APIs, which a VPC would only put out of reach",
    (
        "CKV_AWS_119",
        "AWS::DynamoDB::Table",
    ): "encrypted with the account's key for DynamoDB (SSESpecification); a "
    "key of the customer's own needs a policy of his own",
    ("CKV_AWS_158", "AWS::Logs::LogGroup"): "CloudWatch encrypts every log group; tokens are never logged",
    (
        "CKV_AWS_173",
        "AWS::Lambda::Function",
    ): "Lambda encrypts variables; they hold names and numbers, no secret",
}
"""What checkov misses, by check and type of resource, and why it is so all the same."""


def failures(folder: Path) -> Mapping[tuple[str, str], set[str]]:
    """The names of the resources that checkov finds fault with, by check and type."""
    if not CHECKOV.is_file() and os.environ.get("CI") == "true":
        pytest.fail(HOW)
    if not CHECKOV.is_file():
        pytest.skip(HOW)
    path = folder / "template.json"
    path.write_text(json.dumps(expanded_template()))
    options = ("--framework", "cloudformation", "--output", "json", "--quiet", "--compact", "--skip-download")
    # 1 is its word for findings
    ran = subprocess.run([CHECKOV, "-f", path, *options], capture_output=True, text=True, check=False)
    assert ran.returncode in {0, 1}, ran.stderr
    report: dict[str, Any] = json.loads(ran.stdout)
    assert report["summary"]["parsing_errors"] == 0
    assert report["summary"]["resource_count"] > 50
    found = defaultdict(set)
    for each in report["results"]["failed_checks"]:
        kind, _, name = each["resource"].rpartition(".")
        found[each["check_id"], kind].add(name)
    return found


def test_checkov_finds_nothing_that_has_no_reason(tmp_path: Path) -> None:
    found = failures(tmp_path)
    assert {check: names for check, names in found.items() if check not in REASONS} == {}
    assert REASONS.keys() - found.keys() == set(), "these reasons are not needed any more"
    assert found["CKV_AWS_28", "AWS::DynamoDB::Table"] == {"RateTable"}
