"""What the pages name exists: files, links, headings, targets, and the steps of the guided walks."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")),
    *(ROOT / "docs").glob("*.md"),
]
PRESENT = [page for page in PAGES if page.name != "CHANGELOG.md"]
"""The pages that say what there is; the changelog says what there was, too."""

BASES = (ROOT, ROOT / "functions", ROOT / "functions/sluice", ROOT / "tests")
"""Folders that a page's paths begin at: the table of promises leaves out where its columns say they are."""

FILE = re.compile(r"(?:\./)?[\w.-]+(?:/[\w.-]+)*/?")
"""A path in a page's code, such as `tests/chaos/troubles.py`, `tests/unit/` or `./tools/sam/publish`."""

ENDINGS = (".json", ".md", ".py", ".toml", ".yaml", ".yml", "/")
WRITTEN = ("out/", "build/", ".aws-sam/")
"""Folders of what programs write."""

MAX_FILES = {"How a task is submitted": 10, "How a cohort is launched": 18}


def prose(page: Path) -> str:
    """A page without its blocks of code."""
    return re.sub(r"^ *```.*?^ *```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)


def named_paths(page: Path) -> set[str]:
    """What a page names as files or folders of the project."""
    code = re.findall(r"`([^`\n]+)`", prose(page))
    words = {word for each in code for word in each.split() if FILE.fullmatch(word)}
    ours = {word for word in words if word.endswith(ENDINGS) or word.startswith("./")}
    return {word for word in ours if not word.startswith(WRITTEN)}


def anchors(page: Path) -> set[str]:
    """The headings of a page as GitHub's links name them."""
    headings = re.findall(r"^#+ (.+)$", prose(page), flags=re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def walks() -> dict[str, list[tuple[str, str]]]:
    """The guided walks of docs/design.md by their titles: each step's file, and what is said of it."""
    text = (ROOT / "docs/design.md").read_text(encoding="utf-8")
    found = re.findall(
        r"^\*\*(How [^*]+)\*\* \(\d+ files\):\n\n(.*?)\n\n", text, flags=re.MULTILINE | re.DOTALL
    )
    return {
        title: re.findall(r"^\d+\. `([^`]+)`: ((?:.+\n? *)+?)(?=^\d+\.|\Z)", steps, re.MULTILINE)
        for title, steps in found
    }


def targets() -> set[str]:
    text = (ROOT / "Makefile").read_text(encoding="utf-8").replace("$(VENV)", ".venv")
    return set(re.findall(r"^([\w./-]+):(?!=)", text, flags=re.MULTILINE))


@pytest.mark.parametrize("page", PRESENT, ids=lambda page: page.name)
def test_every_path_that_a_page_names_exists(page: Path) -> None:
    paths = named_paths(page)
    assert {path for path in paths if not any((base / path).exists() for base in BASES)} == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_to_a_file_and_to_a_heading_of_it(page: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]*)(?:#([^)\s]+))?\)", prose(page))
    for target, anchor in links:
        if target.startswith("https://"):
            continue
        there = page.parent / target if target else page
        assert there.is_file(), target
        assert not anchor or anchor in anchors(there), f"{target}#{anchor}"


def test_the_readme_is_short_and_links_every_page() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 200
    pages = {str(page.relative_to(ROOT)) for page in PAGES} - {"README.md"}
    assert {page for page in pages if f"]({page})" not in text} == set()


@pytest.mark.parametrize("page", PRESENT, ids=lambda page: page.name)
def test_every_target_that_a_page_names_is_one_of_the_makefile(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    named = set(re.findall(r"(?:^\$ |`)make ([\w./-]+)", text, flags=re.MULTILINE))
    assert named <= targets()


def test_every_target_of_the_makefile_is_in_its_help() -> None:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    phony = set(re.search(r"^\.PHONY: (.+)$", text, re.MULTILINE)[1].split())  # type: ignore[index] # it is there
    assert phony == set(re.findall(r"^([a-z-]+):.*## ", text, flags=re.MULTILINE))
    assert len(phony) <= 17


@pytest.mark.parametrize("title", MAX_FILES)
def test_a_walk_opens_few_files_which_have_what_it_names(title: str) -> None:
    steps = walks()[title]
    assert len({path for path, _ in steps}) == len(steps) <= MAX_FILES[title]
    text = (ROOT / "docs/design.md").read_text(encoding="utf-8")
    assert f"**{title}** ({len(steps)} files):" in text
    for path, said in steps:
        source = (ROOT / path).read_text(encoding="utf-8")
        assert [name for name in re.findall(r"`(\w+)`", said) if name not in source] == [], path
