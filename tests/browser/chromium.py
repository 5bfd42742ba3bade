"""Chromium or Chrome, headless, driven by Selenium and the system's chromedriver; nothing is downloaded."""

from __future__ import annotations

import base64
import json
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from selenium.webdriver import Chrome, ChromeOptions, ChromeService

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BROWSERS = ("chromium", "google-chrome")
DRIVER = "chromedriver"
WIDE = (1280, 900)


def what_is_missing() -> str | None:
    """Says which program is not installed, and how to get it; None if all are."""
    missing = [
        name for name, found in (("chromium", _browser()), (DRIVER, shutil.which(DRIVER))) if found is None
    ]
    if not missing:
        return None
    return f"pages are looked at by {' and '.join(missing)}, not found: apt install chromium chromium-driver"


def _browser() -> str | None:
    return next((found for found in map(shutil.which, BROWSERS) if found), None)


@contextmanager
def started(profile: Path) -> Iterator[Chrome]:
    """A browser with an empty profile in this folder."""
    options = ChromeOptions()
    options.binary_location = str(_browser())
    for argument in (
        "--headless=new",
        "--no-sandbox",  # continuous integration is root in a container
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-background-networking",
        "--disable-component-update",
        "--no-first-run",
        "--hide-scrollbars",
        "--force-device-scale-factor=1",
        f"--user-data-dir={profile}",
        f"--window-size={WIDE[0]},{WIDE[1]}",
    ):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    service = ChromeService(executable_path=shutil.which(DRIVER))
    browser = Chrome(options=options, service=service)
    try:
        browser.set_page_load_timeout(120)
        yield browser
    finally:
        browser.quit()


def complaints(browser: Chrome) -> list[str]:
    """What the console said since it was last asked: errors and warnings of scripts and resources."""
    return [each["message"] for each in _log(browser, "browser") if each["level"] in {"SEVERE", "WARNING"}]


def requests(browser: Chrome) -> list[str]:
    """The addresses that pages asked for since it was last asked."""
    messages = [json.loads(each["message"])["message"] for each in _log(browser, "performance")]
    return [
        message["params"]["request"]["url"]
        for message in messages
        if message["method"] == "Network.requestWillBeSent"
    ]


def _log(browser: Chrome, kind: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = browser.get_log(kind)  # type: ignore[no-untyped-call]  # Selenium has no types here
    return found


def prefer(browser: Chrome, scheme: str) -> None:
    """Has pages shown `light` or `dark`."""
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})


def shoot(browser: Chrome, path: Path, *, height: int) -> None:
    """Saves the top of the page, so many pixels high."""
    browser.set_window_size(WIDE[0], height)
    browser.execute_script("window.scrollTo(0, 0)")
    path.parent.mkdir(parents=True, exist_ok=True)
    browser.save_screenshot(str(path))
    browser.set_window_size(*WIDE)


def shoot_whole(browser: Chrome, path: Path) -> None:
    """Saves the page from its top to its end."""
    whole = {"captureBeyondViewport": True, "format": "png"}
    picture = browser.execute_cdp_cmd("Page.captureScreenshot", whole)["data"]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(base64.b64decode(picture))
