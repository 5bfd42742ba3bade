"""What the shared limiter needs of the world: the rate table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from sluice.rate.gcra import Limit, Reservation


class RateStore(Protocol):
    """The rate table: one shared limiter for each API."""

    def reserve(
        self, api: str, slots: int, *, limit: Limit, now_us: int, until_us: int | None = None
    ) -> Reservation | None:
        """Takes slots that nobody else has; none, and None, if the first falls due after `until_us`."""

    def back_off(self, api: str, *, limit: Limit, now_us: int) -> None:
        """Lowers the shared rate after a 429."""
