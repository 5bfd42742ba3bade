"""A tag is released only when all files agree with it."""

from __future__ import annotations

from tools.sam.release import Versions, problems

CHANGELOG = "# Changelog\n\n## [Unreleased]\n\n## [1.2.0] - 2026-11-23\n"


def test_a_tag_that_all_files_agree_with_may_be_released() -> None:
    assert not list(problems("v1.2.0", Versions("1.2.0", "1.2.0", CHANGELOG)))


def test_another_tag_is_refused() -> None:
    (problem,) = problems("v1.3.0", Versions("1.2.0", "1.2.0", CHANGELOG))
    assert "v1.3.0" in problem
    assert "v1.2.0" in problem


def test_a_template_of_another_version_is_refused() -> None:
    (problem,) = problems("v1.2.0", Versions("1.2.0", "1.1.0", CHANGELOG))
    assert "template.yaml" in problem


def test_a_version_without_a_dated_changelog_entry_is_refused() -> None:
    undated = "## [1.2.0]\n\n## [1.2.00] - 2026-11-23\n"
    (problem,) = problems("v1.2.0", Versions("1.2.0", "1.2.0", undated))
    assert "CHANGELOG.md" in problem
