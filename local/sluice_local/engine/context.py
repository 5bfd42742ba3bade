"""What every mend is given."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sluice_local.calls import ApiGate
from sluice_local.settings import LocalSettings

Page = Callable[[], Any]


@dataclass(frozen=True)
class Engine:
    """The server that is being put together.

    Attributes:
        settings: as the person gave them.
        gate: quotas and call counts. HTTP requests pass it by themselves; a mend that calls an API inside the
            engine asks it too.
        loop: the event loop that serves every request.
        pages: observation pages under `/_sluice/`, by name; a mend adds its own.
        exits: what is called, in order, when the server ends.
    """

    settings: LocalSettings
    gate: ApiGate
    loop: asyncio.AbstractEventLoop
    pages: dict[str, Page] = field(default_factory=dict)
    exits: list[Callable[[], None]] = field(default_factory=list)

    def on_exit(self, end: Callable[[], None]) -> None:
        """Have `end` called when the server ends."""
        self.exits.append(end)
