"""Reads what a page shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from selenium.webdriver import Chrome


def tiles(browser: Chrome) -> dict[str, str]:
    """The figures at the top, by what they are."""
    script = (
        "return [...document.querySelectorAll('#tiles > div')]"
        ".map(tile => [tile.querySelector('span').textContent, tile.querySelector('b').textContent])"
    )
    found: list[list[str]] = browser.execute_script(script)
    return dict(found)


def cells(browser: Chrome, table: str) -> list[list[str]]:
    """The texts of a table's body."""
    script = (
        "return [...document.querySelector(arguments[0]).tBodies[0].rows]"
        ".map(row => [...row.cells].map(cell => cell.textContent))"
    )
    found: list[list[str]] = browser.execute_script(script, table)
    return found
