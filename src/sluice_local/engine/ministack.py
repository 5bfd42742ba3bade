"""The one door to MiniStack's inside.

MiniStack has no plugin interface: what it lacks is fixed by replacing functions of its modules. It
releases often, so the exact version is required, and a name that is gone stops the start with its full path
instead of leaving a gap open in silence.
"""

import importlib
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

EXPECTED_VERSION = "1.5.33"

# MiniStack has no type annotations, so what is read from it can be anything.
Private = Any

_touched: set[str] = set()


class EngineMismatchError(RuntimeError):
    """Raised when the installed MiniStack is not the one that this package fixes."""


def require_version(installed: str | None = None) -> None:
    """Refuse every MiniStack but the expected one.

    Raises:
        EngineMismatchError: if the installed version is another.
    """
    found = installed or version("ministack")
    if found != EXPECTED_VERSION:
        raise EngineMismatchError(
            f"MiniStack {found} is installed, but Local AWS fixes {EXPECTED_VERSION}: "
            f"pip install ministack=={EXPECTED_VERSION}"
        )


def private(path: str) -> Private:
    """Return what `ministack.<path>` names, such as `services.sqs._queues`.

    Raises:
        EngineMismatchError: if MiniStack has no such name.
    """
    owner, name = _owner(path)
    try:
        found = getattr(owner, name)
    except AttributeError:
        raise _missing(path) from None
    _touched.add(path)
    return found


def replace(path: str, new: Private) -> None:
    """Put `new` in the place of what `ministack.<path>` names.

    Raises:
        EngineMismatchError: if MiniStack has no such name.
    """
    private(path)
    owner, name = _owner(path)
    setattr(owner, name, new)


def wrap(path: str, wrapper: Callable[[Private], Private]) -> None:
    """Replace `ministack.<path>` by `wrapper(the present one)`."""
    replace(path, wrapper(private(path)))


def touched() -> list[str]:
    """Return every name of MiniStack that was read or replaced so far."""
    return sorted(_touched)


def _owner(path: str) -> tuple[Private, str]:
    """Import the module part of `path`; return the object that holds its last name, and that name."""
    *parents, name = path.split(".")
    for depth in range(len(parents), 0, -1):
        try:
            owner = importlib.import_module(".".join(["ministack", *parents[:depth]]))
        except ModuleNotFoundError:
            continue
        return _descend(owner, parents[depth:], path), name
    raise _missing(path)


def _descend(owner: Private, names: list[str], path: str) -> Private:
    for name in names:
        if not hasattr(owner, name):
            raise _missing(path)
        owner = getattr(owner, name)
    return owner


def _missing(path: str) -> EngineMismatchError:
    return EngineMismatchError(
        f"MiniStack {EXPECTED_VERSION} is expected to have ministack.{path}, and has not."
    )
