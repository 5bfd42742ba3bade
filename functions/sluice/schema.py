"""What JSON from a sender may look like, and what is wrong with a value that does not; pure.

A check descends as far as the expected shape does, never as deep as the value.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, Protocol

if TYPE_CHECKING:
    import re
    from collections.abc import Iterable, Iterator, Mapping, Sequence

SHOWN: Final = 80
"""Characters of a value or a name that a complaint repeats."""

LISTED: Final = 20
"""Names that a complaint lists."""


class Kind(Protocol):
    """A kind of value: `allowed` in words, and the check."""

    @property
    def allowed(self) -> str:
        """What the value must be, in words that follow "it must be"."""

    def complaints(self, path: str, value: Any) -> Iterator[str]:
        """Says what is wrong with a value, a sentence each; nothing if all is well."""


@dataclass(frozen=True)
class Text:
    """A string of `least` to `most` characters; all of it matches `pattern`, which `described` describes."""

    least: int = 0
    most: int | None = None
    pattern: re.Pattern[str] | None = None
    described: str = ""

    @property
    def allowed(self) -> str:
        """What the value must be."""
        if self.described:
            return self.described
        if self.most is not None:
            return f"a string of {self.least} to {self.most} characters"
        return "a string that is not empty" if self.least else "a string"

    def complaints(self, path: str, value: Any) -> Iterator[str]:
        """Says what is wrong with a value."""
        if not isinstance(value, str) or not self._fits(value):
            yield _wrong(path, value, self.allowed)
        elif not is_unicode(value):
            yield f"{path} is {shown(value)}; it contains an unpaired surrogate"

    def _fits(self, value: str) -> bool:
        long_enough = self.least <= len(value)
        short_enough = self.most is None or len(value) <= self.most
        return long_enough and short_enough and (self.pattern is None or bool(self.pattern.fullmatch(value)))


@dataclass(frozen=True)
class Whole:
    """An integer within bounds; unless told otherwise, those of 32 bits."""

    least: int = -(2**31)
    most: int = 2**31 - 1

    @property
    def allowed(self) -> str:
        """What the value must be."""
        return f"an integer from {self.least} to {self.most}"

    def complaints(self, path: str, value: Any) -> Iterator[str]:
        """Says what is wrong with a value."""
        if type(value) is not int or not self.least <= value <= self.most:
            yield _wrong(path, value, self.allowed)


@dataclass(frozen=True)
class Flag:
    """True or false."""

    allowed: str = "true or false"

    def complaints(self, path: str, value: Any) -> Iterator[str]:
        """Says what is wrong with a value."""
        if not isinstance(value, bool):
            yield _wrong(path, value, self.allowed)


@dataclass(frozen=True)
class Entries:
    """A list of which each entry is of one kind."""

    each: Kind
    least: int = 0
    most: int | None = None
    allowed: str = "a list"

    def complaints(self, path: str, value: Any) -> Iterator[str]:
        """Says what is wrong with a value."""
        if not isinstance(value, list):
            yield _wrong(path, value, self.allowed)
        elif len(value) < self.least or (self.most is not None and len(value) > self.most):
            yield f"{path} has {len(value)} entries; {self.least} to {self.most} are allowed"
        else:
            for index, entry in enumerate(value):
                yield from self.each.complaints(f"{path}[{index}]", entry)


@dataclass(frozen=True)
class Fields:
    """An object with known fields, of which some are required; whether `others` are allowed too."""

    known: Mapping[str, Kind]
    required: tuple[str, ...] = ()
    others: bool = False
    allowed: str = "an object"

    def complaints(self, path: str, value: Any) -> Iterator[str]:
        """Says what is wrong with a value; an empty path is the whole."""
        if not isinstance(value, dict):
            yield _wrong(path or "the input", value, self.allowed)
            return
        yield from self._unknown(path, value)
        for name in self.required:
            if name not in value:
                yield f"{joined(path, name)} is missing; it must be {self.known[name].allowed}"
        for name, kind in self.known.items():
            if name in value:
                yield from kind.complaints(joined(path, name), value[name])

    def _unknown(self, path: str, value: Mapping[str, Any]) -> Iterator[str]:
        """Names that are not known, or a known one in other letters."""
        for name in value:
            if name in self.known:
                continue
            near = did_you_mean(name, self.known)
            if near and near not in value:
                yield f"{joined(path, name)} is not a field; did you mean {near}?"
            elif not self.others:
                yield f"{joined(path, name)} is not a field; there are: {listed(sorted(self.known))}"


def listed(names: Sequence[str], between: str = ", ") -> str:
    """Lists the first names, and says how many more there are."""
    rest = [f"{len(names) - LISTED} more"] if len(names) > LISTED else []
    return between.join([*names[:LISTED], *rest])


def shown(value: Any) -> str:
    """Shows the beginning of any value as JSON in ASCII, however large or deep it is."""
    # in pieces, as only so many are made as are shown: an encoder that goes all the way down may not return
    text = "".join(islice(json.JSONEncoder().iterencode(value), SHOWN + 1))
    return text if len(text) <= SHOWN else text[:SHOWN] + "…"


def did_you_mean(name: str, known: Iterable[str]) -> str | None:
    """Another known name with the same letters and digits: JobName or job_name for jobName."""
    return next((each for each in known if each != name and _letters(each) == _letters(name)), None)


def _letters(name: str) -> str:
    return "".join(filter(str.isalnum, name)).lower()


def joined(path: str, name: str) -> str:
    """The path of a field within what stands at a path; an empty path is the whole."""
    plain = json.dumps(name[:SHOWN])[1:-1] or '""'
    return f"{path}.{plain}" if path else plain


def is_unicode(text: str) -> bool:
    """False for a string with half of a surrogate pair, which JSON may hold and UTF-8 cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _wrong(path: str, value: Any, allowed: str) -> str:
    return f"{path} is {shown(value)}; it must be {allowed}"
