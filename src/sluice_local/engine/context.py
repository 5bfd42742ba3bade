"""What every fix is given."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from sluice_local.calls import ApiGate
from sluice_local.engine.http.pages import Change, Document, Page
from sluice_local.faults.in_force import FaultsInForce
from sluice_local.settings import LocalSettings


@dataclass(frozen=True)
class Engine:
    """The server that is being put together.

    Attributes:
        settings: as the person gave them.
        gate: quotas and call counts. HTTP requests pass it by themselves; a fix that calls an API inside the
            engine asks it too.
        loop: the event loop that serves every request.
        faults: what goes wrong on purpose.
        pages: observation pages under `/_sluice/`, by name; a fix adds its own.
        documents: HTML for people, under `/_sluice/` too, by name.
        changes: what PUT or DELETE of a page does, by method and name.
        exits: what is called, in order, when the server ends.
    """

    settings: LocalSettings
    gate: ApiGate
    loop: asyncio.AbstractEventLoop
    faults: FaultsInForce
    pages: dict[str, Page] = field(default_factory=dict)
    documents: dict[str, Document] = field(default_factory=dict)
    changes: dict[tuple[str, str], Change] = field(default_factory=dict)
    exits: list[Callable[[], None]] = field(default_factory=list)

    def on_exit(self, end: Callable[[], None]) -> None:
        """Have `end` called when the server ends."""
        self.exits.append(end)
