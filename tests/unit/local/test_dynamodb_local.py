from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sluice_local.dynamodb_local import java_version, what_is_missing

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("said", "version"),
    [
        ('openjdk version "17.0.15" 2025-04-15\nOpenJDK Runtime Environment', 17),
        ('openjdk version "21" 2023-09-19', 21),
        ('java version "1.8.0_401"', 8),
        ("The operation couldn't be completed. Unable to locate a Java Runtime.", None),
        ("", None),
    ],
)
def test_the_version_is_read_from_what_java_says(said: str, version: int | None) -> None:
    assert java_version(said) == version


def test_a_folder_without_the_program_is_named_with_the_way_to_fill_it(tmp_path: Path) -> None:
    folder = tmp_path / ".dynamodb-local"
    assert what_is_missing(folder) == (
        "no DynamoDB Local in .dynamodb-local: make .dynamodb-local/DynamoDBLocal.jar"
    )
