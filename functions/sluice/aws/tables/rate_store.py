"""The RateStore port on DynamoDB: the rate table."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from sluice.aws.tables.attributes import from_item, to_item
from sluice.aws.tables.table import Table
from sluice.errors import UnclearError
from sluice.rate import gcra as rate
from sluice.rate.gcra import RateState

if TYPE_CHECKING:
    from collections.abc import Mapping

    from types_boto3_dynamodb import DynamoDBClient

    from sluice.rate.gcra import Limit, Reservation

MAX_TRIES: Final = 50
"""A write fails only when somebody changed the rate or ended an idle time in between."""


@dataclass(frozen=True)
class DynamoRateStore:
    """The rate table; implements ports.RateStore.

    A reservation is one conditional update: while the arrival time lies ahead of what an idle limiter
    would grant it is added to, otherwise it is set. If the condition fails, the answer carries the
    item, and the next try knows better.
    """

    client: DynamoDBClient
    table: str
    known: dict[str, RateState] = field(default_factory=dict)

    def reserve(
        self, api: str, slots: int, *, limit: Limit, now_us: int, until_us: int | None = None
    ) -> Reservation | None:
        """Takes slots; usually one write. What is known to fall due too late needs none.

        None also if the item turns out to lie far ahead. Whoever stood still sees that of any item, so it
        counts only for who asks again, with the time as it is then.
        """
        state = self.known.get(api) or rate.fresh(now_us, limit)
        for tries in range(MAX_TRIES):
            raised = rate.climbed(state, now_us=now_us, limit=limit)
            horizon_us = rate.horizon_us(now_us, raised.rate_per_second)
            if tries and raised.arrival_us > horizon_us:
                return None
            after, wanted = rate.reserve(raised, slots, now_us=now_us, limit=limit)
            if until_us is not None and wanted.start_us > until_us:
                return None
            floor_us = rate.earliest_us(now_us, limit)
            step = _advance(raised, after, floor_us=floor_us, horizon_us=horizon_us, until_us=until_us)
            state, held = self._write(api, state, step, _rate_values(after))
            if held:
                return replace(wanted, start_us=state.arrival_us - slots * wanted.gap_us)
        raise UnclearError(f"the rate item {api!r} changed {MAX_TRIES} times in a row")

    def back_off(self, api: str, *, limit: Limit, now_us: int) -> None:
        """Lowers the shared rate; of many that saw the same burst of 429s one does."""
        state = self.known.get(api) or rate.fresh(now_us, limit)
        for _ in range(MAX_TRIES):
            lowered = rate.backed_off(state, now_us=now_us, limit=limit)
            if lowered == state:
                return
            state, held = self._write(api, state, _Step("", "", {}), _rate_values(lowered))
            if held:
                return

    def _write(
        self, api: str, seen: RateState, step: _Step, values: Mapping[str, Any]
    ) -> tuple[RateState, bool]:
        """Writes if the rate is the one that was seen; returns the item as it is now, and whether it did."""
        sets = f"SET ratePerSecond = :rate, changedUs = :changed, loweredUs = :lowered{step.sets}"
        unchanged = f"ratePerSecond = :seen_rate AND changedUs = :seen_changed{step.condition}"
        expected = {":seen_rate": _decimal(seen.rate_per_second), ":seen_changed": seen.changed_us}
        item, held = self._table.update(
            to_item({"name": api}), sets, condition=unchanged, values={**values, **step.values, **expected}
        )
        state = _read(item) if item else self._create(api, seen)
        self.known[api] = state
        return state, held

    def _create(self, api: str, state: RateState) -> RateState:
        self._table.put_new(
            to_item(
                {
                    "name": api,
                    "arrivalUs": state.arrival_us,
                    "ratePerSecond": _decimal(state.rate_per_second),
                    "changedUs": state.changed_us,
                    "loweredUs": state.lowered_us,
                }
            ),
            "attribute_not_exists(arrivalUs)",
        )
        return state

    @property
    def _table(self) -> Table:
        return Table(self.client, self.table)


@dataclass(frozen=True)
class _Step:
    """What a reservation adds to a write of the rate."""

    sets: str
    condition: str
    values: Mapping[str, int]


def _advance(
    state: RateState, after: RateState, *, floor_us: int, horizon_us: int, until_us: int | None
) -> _Step:
    """Adds to the arrival time of a busy limiter, whatever it is by now; sets that of an idle one.

    It is set only if it lies where it was seen, so that a write with an old time holds up nobody and lets
    nobody begin anew.
    """
    if floor_us <= state.arrival_us <= horizon_us:
        latest_us = horizon_us if until_us is None else min(horizon_us, until_us)
        return _Step(
            ", arrivalUs = arrivalUs + :by",
            " AND arrivalUs BETWEEN :floor AND :latest",
            {":by": after.arrival_us - state.arrival_us, ":floor": floor_us, ":latest": latest_us},
        )
    bound, as_seen = (floor_us, "<") if state.arrival_us < floor_us else (horizon_us, ">")
    return _Step(
        ", arrivalUs = :arrival",
        f" AND arrivalUs {as_seen} :bound",
        {":arrival": after.arrival_us, ":bound": bound},
    )


def _rate_values(state: RateState) -> dict[str, Any]:
    return {
        ":rate": _decimal(state.rate_per_second),
        ":changed": state.changed_us,
        ":lowered": state.lowered_us,
    }


def _read(item: Mapping[str, Any]) -> RateState:
    values = from_item(item)
    return RateState(
        arrival_us=int(values["arrivalUs"]),
        rate_per_second=float(values["ratePerSecond"]),
        changed_us=int(values["changedUs"]),
        lowered_us=int(values["loweredUs"]),
    )


def _decimal(number: float) -> Decimal:
    return Decimal(str(number))
