"""What a mutant is: one guard of a promise, turned off by replacing a text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class MutantError(Exception):
    """Raised when a mutant does not fit the tree that it is to be made of."""


@dataclass(frozen=True)
class Mutant:
    """One guard turned off.

    Attributes:
        promise: which it keeps, in the words of docs/design.md.
        turned_off: the guard, in a few words.
        path: of the file, from the root of the tree.
        old: the guard's text, which the file holds exactly once.
        new: what stands there instead.
        provers: tests that pass with the guard and must fail without it, from `tests/` on.
        unseen: why no schedule of the simulation shows that the guard is off; nothing if one does.
    """

    promise: str
    turned_off: str
    path: str
    old: str
    new: str
    provers: tuple[str, ...]
    unseen: str = ""


def tests(file: str, *names: str) -> tuple[str, ...]:
    """Names tests of one file as pytest does."""
    return tuple(f"{file}::{name}" for name in names)


def mutated(mutant: Mutant, text: str) -> str:
    """Replaces the guard in the file's text.

    Raises:
        MutantError: the text of the guard is not there exactly once.
    """
    found = text.count(mutant.old)
    if found != 1:
        guard = f"the guard {mutant.turned_off!r}"
        raise MutantError(f"{mutant.path} holds {guard} {found} times instead of once:\n{mutant.old}")
    return text.replace(mutant.old, mutant.new)


def apply(mutant: Mutant, tree: Path) -> str:
    """Turns the guard off in the tree and returns the file's text as it was."""
    file = tree / mutant.path
    before = file.read_text(encoding="utf-8")
    file.write_text(mutated(mutant, before), encoding="utf-8")
    return before
