"""What is wrong with names and values of a sample sheet that look right to every eye; pure."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sluice.schema import did_you_mean, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

SAMPLE: Final = "sample"
"""The column that names the sample."""

_CALLED_LIKE_SAMPLE: Final = (SAMPLE, "samples", "sample id", "sample name")

LISTED_PROBLEMS: Final = 50
"""Problems that an error's text lists; all of them are in its `problems`."""

INVISIBLE: Final = frozenset({"Cc", "Cf", "Zl", "Zp"})
"""Unicode's categories of characters that control or format what is around them: https://www.unicode.org/reports/tr44/"""

IGNORABLE: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
"""Characters of other categories that are not shown either, Default_Ignorable_Code_Point:
https://www.unicode.org/Public/UCD/latest/ucd/DerivedCoreProperties.txt
"""

_CONTROLS: Final = {
    "\0": "NULL",
    "\t": "TAB",
    "\v": "LINE TABULATION",
    "\f": "FORM FEED",
    "\x1a": "SUBSTITUTE, Ctrl-Z",
    "\x1b": "ESCAPE",
    "\x7f": "DELETE",
    "\x85": "NEXT LINE",
}
"""Names of control characters that turn up in sheets, as Unicode's own table of names has none for them:
https://www.unicode.org/Public/UCD/latest/ucd/NameAliases.txt
"""

BLANKS: Final = " \u3000"
"""Blanks that are seen for what they are, also by those who write East Asian names."""

LOST: Final = "\ufffd"
"""What stands for a character that a program could not read."""

TYPOGRAPHIC_QUOTES: Final = re.compile("[\u00ab\u00bb\u2018-\u201f].*[\u00ab\u00bb\u2018-\u201f]")

FORMULA: Final = re.compile(r"=[A-Z$(]")
"""How a cell begins that a spreadsheet would compute."""

SPREADSHEET_NUMBER: Final = re.compile(r"-?\d(?:\.\d+)?E\+\d+")
"""What Excel makes of a number of twelve digits or more, and of a name such as 1E5."""

SPREADSHEET_ERRORS: Final = frozenset(
    {"#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NUM!", "#NULL!", "#SPILL!", "#CALC!"}
)
"""What a spreadsheet writes where a formula has no value.

https://support.microsoft.com/en-us/office/how-to-correct-a-value-error-15e1b616-fbf2-4147-9c0b-0a11a20e409e
"""


@dataclass(frozen=True)
class Problem:
    """What is wrong in one place of a sheet; line 0 is the sheet as a whole, lines count from 1."""

    line: int
    column: str | None
    says: str

    def __str__(self) -> str:
        """The place and what is wrong there."""
        place = f"line {self.line}" if self.line else "the sheet"
        return f"{place}, {self.column}: {self.says}" if self.column else f"{place}: {self.says}"


class InvalidSheetError(ValueError):
    """Raised for a sheet from which nothing should be started; `problems` names every bad row."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        """The text lists the first problems."""
        self.problems = tuple(problems)
        lines = [str(problem) for problem in self.problems[:LISTED_PROBLEMS]]
        rest = len(self.problems) - len(lines)
        super().__init__("\n".join([*lines, f"and {rest} more"] if rest > 0 else lines))


def like_sample(names: Iterable[str]) -> str | None:
    """The name that is much like `sample`, if there is one."""
    known = tuple(names)
    return next(filter(None, (did_you_mean(name, known) for name in _CALLED_LIKE_SAMPLE)), None)


def comment_complaint(line: str) -> str | None:
    """Says that a line is a comment if it begins as one; errors of spreadsheets begin with a # too."""
    begins = line.lstrip(' \t"')
    if not begins.startswith("#") or begins.startswith(tuple(SPREADSHEET_ERRORS)):
        return None
    return "it is a comment; a sheet has none: take the line out"


def unseen_complaint(value: Any) -> str | None:
    """Names the first character that nobody sees for what it is, wherever it is in a value."""
    left = [value]
    while left:
        each = left.pop()
        if isinstance(each, dict):
            left += [*each.keys(), *each.values()]
        elif isinstance(each, list):
            left += each
        elif isinstance(each, str) and not (each.isascii() and each.isprintable()):
            complaint = next(filter(None, map(_complaint, each)), None)
            if complaint is not None:
                return f"it is {shown(each)}, with {complaint}"
    return None


def cell_complaint(cell: str) -> str | None:
    """Says what a cell of a CSV has that whoever wrote it did not mean as its value."""
    if cell in SPREADSHEET_ERRORS:
        return f"it is {cell}, an error of the spreadsheet's"
    if FORMULA.match(cell):
        return f"it is {shown(cell)}, a formula; write its value"
    if TYPOGRAPHIC_QUOTES.fullmatch(cell):
        return f'it is {cell}, in typographic quotes; CSV has straight ones: "'
    return None


def plain(name: str) -> str:
    """A column's name as it is safe to show: escaped and in quotes if not all of it can be seen."""
    return name if name.isprintable() and unseen_complaint(name) is None else shown(name)


def spelled(name: str) -> str:
    """A column's name that is not the one it may look like: with its escapes if it is not ASCII."""
    seen = plain(name)
    return seen if seen.isascii() else f"{seen} ({shown(name)})"


def _complaint(char: str) -> str | None:
    category = unicodedata.category(char)
    if category in INVISIBLE or IGNORABLE.match(char):
        return f"{_named(char)}, which nobody sees; take it out"
    if category == "Zs" and char not in BLANKS:
        return f"{_named(char)}, which only looks like a blank; write a blank or take it out"
    if char == LOST:
        return f"{_named(char)}, which stands for one that was lost; write it anew"
    return None


def _named(char: str) -> str:
    name = _CONTROLS.get(char) or unicodedata.name(char, "a control character")
    return f"U+{ord(char):04X} ({name})"
