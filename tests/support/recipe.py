"""The lines of the page on deploying, with which a program that uses boto3 awaits its slots."""

from __future__ import annotations

import re
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs/deploying.md"


def recipe() -> str:
    """The page's only block of Python."""
    (found,) = re.findall(
        r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )
    return str(found)
