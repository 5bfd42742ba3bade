"""One browser for all tests of this folder."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser.chromium import complaints, prefer, requests, started, what_is_missing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from selenium.webdriver import Chrome


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    missing = what_is_missing()
    if missing is not None and os.environ.get("CI") == "true":
        pytest.fail(missing)
    if missing is not None:
        pytest.skip(missing)
    with started(tmp_path_factory.mktemp("profile")) as browser:
        yield browser


@pytest.fixture
def browser(chromium: Chrome) -> Iterator[Chrome]:
    """The browser, with nothing said or asked for yet."""
    chromium.get("about:blank")
    prefer(chromium, "light")
    complaints(chromium)
    requests(chromium)
    yield chromium
    chromium.get("about:blank")


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where pictures of pages go: PICTURES=docs/images keeps them there."""
    kept = os.environ.get("PICTURES")
    return Path(kept) if kept else tmp_path_factory.mktemp("pictures")
