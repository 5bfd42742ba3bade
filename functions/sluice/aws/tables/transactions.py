"""Transactions of DynamoDB in which some of the writes may turn out to be needless."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from sluice.aws.errors import translated
from sluice.errors import BusyError, RejectedError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from types_boto3_dynamodb import DynamoDBClient

MAX_TRIES: Final = 10
FIRST_PAUSE_SECONDS: Final = 0.05
LONGEST_PAUSE_SECONDS: Final = 1.0

CONDITION_FAILED: Final = "ConditionalCheckFailed"
IN_THE_WAY: Final = frozenset({"TransactionConflict", "ProvisionedThroughputExceeded", "ThrottlingError"})
"""Reasons that are gone a moment later.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
"""

THROTTLED: Final = IN_THE_WAY - {"TransactionConflict"}
PATIENCE: Final = 3
"""How often several entries are throttled together before fewer are to be tried."""

Entry = TypeVar("Entry")


class TooLargeError(BusyError):
    """Raised when entries were throttled together again and again: fewer at once may be written."""


@dataclass(frozen=True)
class Written(Generic[Entry]):
    """What became of the entries: those that were written, and the others with the item in the way."""

    held: list[Entry]
    refused: list[tuple[Entry, Mapping[str, Any] | None]]


@dataclass(frozen=True)
class Transactions:
    """Writes all that can be written, at once.

    botocore repeats a transaction under one token, so that an answer that was lost does no harm.
    """

    client: DynamoDBClient
    sleep: Callable[[float], None]

    def write(
        self,
        entries: Sequence[Entry],
        actions: Callable[[Sequence[Entry]], list[Any]],
        *,
        may_be_parted: bool = False,
    ) -> Written[Entry] | None:
        """Writes entries in one transaction, less those whose condition does not hold.

        Args:
            entries: what is to be written.
            actions: makes the transaction's actions: one that speaks for all, then one an entry. If it makes
                none, nothing is written.
            may_be_parted: the caller can do with several transactions of fewer entries.

        Returns:
            None if the condition of the action that speaks for all does not hold; nothing was written then.

        Raises:
            BusyError: others kept writing the same items.
            TooLargeError: fewer entries at once may be written; nothing was written.
            RejectedError: DynamoDB does not take the transaction.
        """
        kept = list(entries)
        refused: list[tuple[Entry, Mapping[str, Any] | None]] = []
        for tries in range(MAX_TRIES):
            wanted = actions(kept)
            reasons = self._refusals(wanted) if wanted else []
            if not reasons:
                return Written(kept, refused)
            if reasons[0]["Code"] == CONDITION_FAILED:
                return None
            fates = list(zip(kept, reasons[1:], strict=True))
            refused += [(entry, why.get("Item")) for entry, why in fates if why["Code"] == CONDITION_FAILED]
            kept = [entry for entry, why in fates if why["Code"] != CONDITION_FAILED]
            if any(reason["Code"] in IN_THE_WAY for reason in reasons):
                throttled = any(reason["Code"] in THROTTLED for reason in reasons)
                if may_be_parted and throttled and tries == PATIENCE and len(kept) > 1:
                    raise TooLargeError(f"{len(kept)} writes were throttled {PATIENCE + 1} times in a row")
                self.sleep(min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2**tries))
        raise BusyError(f"others wrote the same items {MAX_TRIES} times in a row")

    def _refusals(self, actions: list[Any]) -> list[Any]:
        """Tries a transaction; returns the reasons against it, one an action, or nothing if it held."""
        with translated():
            try:
                self.client.transact_write_items(TransactItems=actions)
            except self.client.exceptions.TransactionCanceledException as error:
                reasons: list[Any] = list(error.response["CancellationReasons"])
            else:
                return []
        known = {"None", CONDITION_FAILED, *IN_THE_WAY}
        for reason in reasons:
            if reason["Code"] not in known:
                raise RejectedError(f"TransactWriteItems: {reason['Code']}: {reason.get('Message', '')}")
        return reasons
