"""What a run found, as a table for people and a document for programs; pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from accept.assumptions import Assumption
from accept.judging import in_words
from accept.scene import Facts


class Verdict(StrEnum):
    """What a run says of an assumption."""

    HOLDS = "as assumed"
    DIFFERS = "DIFFERENT"
    OPEN = "not measured"


@dataclass(frozen=True)
class Row:
    """An assumption, and what was seen of it.

    Attributes:
        assumption: what was tried.
        facts: what the probe saw; None if it was not tried, or failed.
        trouble: why it failed.
    """

    assumption: Assumption
    facts: Facts | None = None
    trouble: str | None = None

    @property
    def verdict(self) -> Verdict:
        """Whether it is as assumed; open if the facts lack what would tell."""
        if self.facts is None or self._unclear:
            return Verdict.OPEN
        holds = self.assumption.holds(self.facts)
        return Verdict.OPEN if holds is None else Verdict.HOLDS if holds else Verdict.DIFFERS

    @property
    def _unclear(self) -> str | None:
        """Why nothing can be made of the facts: AWS gave others than Sluice knows; None if something can."""
        facts = self.facts or {}
        try:
            self.assumption.said(facts)
            self.assumption.holds(facts)
        except Exception as error:  # noqa: BLE001 - a row that breaks must not lose the others
            return f"{type(error).__name__}: {error}; seen: {in_words(facts)}"
        return None

    @property
    def seen(self) -> str:
        """What was seen, in words."""
        if self.facts is not None:
            return self._unclear or self.assumption.said(self.facts)
        return self.trouble or "a run of minutes cannot tell"


def markdown(rows: Sequence[Row], *, is_real: bool) -> str:
    """Make the table. The first column stays empty where it is Local AWS that was looked at."""
    seen_title = "what AWS did" if is_real else "what this Local AWS did"
    lines = [
        f"| | {seen_title} | what Local AWS does | what Sluice assumes | |",
        "| --- | --- | --- | --- | --- |",
    ]
    for row in rows:
        cells = (
            row.assumption.name,
            row.seen,
            row.assumption.local,
            row.assumption.assumes,
            row.verdict.value,
        )
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def document(rows: Sequence[Row], about: Mapping[str, Any]) -> dict[str, Any]:
    """Make what programs read: where and when it ran, and each row with its facts."""
    return {
        **about,
        "assumptions": [
            {
                "name": row.assumption.name,
                "assumes": row.assumption.assumes,
                "local": row.assumption.local,
                "verdict": row.verdict.name,
                "seen": row.seen,
                "facts": row.facts,
                "trouble": row.trouble,
            }
            for row in rows
        ],
    }
