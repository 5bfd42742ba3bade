"""The CohortStore port on DynamoDB: counts change in the same transaction as the samples that they count."""

from __future__ import annotations

import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Final

from sluice.aws.tables.attributes import to_item
from sluice.aws.tables.cohort_items import (
    COHORT_ENTRY,
    RUNNING_PARTITION,
    cohort_item,
    cohort_key,
    put_end,
    put_started,
    read_cohort,
    read_running_sample,
    read_sample,
    sample_key,
)
from sluice.aws.tables.table import Table
from sluice.aws.tables.transactions import TooLargeError, Transactions
from sluice.cohorts.model import (
    FAILURES,
    SampleStatus,
    changes_of_end,
    changes_of_start,
    started,
    status_to_leave,
)
from sluice.errors import CohortCancelledError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from types_boto3_dynamodb import DynamoDBClient

    from sluice.cohorts.blocks import Block
    from sluice.cohorts.model import Cohort, RunningSample, Sample, SampleEnd, Start

RUNNING_BY_LOOK: Final = "RunningByLook"


@dataclass(frozen=True)
class DynamoCohortStore:
    """The cohort table; implements cohorts.ports.CohortStore. `sleep` waits for other writers."""

    client: DynamoDBClient
    table: str
    sleep: Callable[[float], None] = time.sleep

    def create(self, cohort: Cohort) -> Cohort:
        """One write, refused when there is a cohort of this name."""
        item, _ = self._table.put_new(cohort_item(cohort), "attribute_not_exists(cohort)")
        return read_cohort(item) if item else cohort

    def extend(self, cohort: Cohort, sheet: tuple[str, int], as_of: int) -> Cohort | None:
        """One write, refused when the cohort has another sheet by now, or is further."""
        item = self._update(
            cohort_key(cohort.name),
            "SET sheetSha256 = :sha256, #total = :total, nextRow = :first, askedAt = :asof",
            "sheetSha256 = :old AND nextRow = :row AND askedAt <= :asof",
            names={"#total": "total"},
            values={
                ":sha256": sheet[0],
                ":total": sheet[1],
                ":first": 0,
                ":asof": as_of,
                ":old": cohort.sheet_sha256,
                ":row": cohort.next_row,
            },
        )
        return read_cohort(item) if item else None

    def cohort(self, name: str) -> Cohort | None:
        """One consistent read."""
        item = self._read(cohort_key(name))
        return read_cohort(item) if item else None

    def all_cohorts(self) -> Iterator[Cohort]:
        """A scan, a page at a time as it is needed."""
        found = self._table.pages(
            "scan",
            FilterExpression="#entry = :own",
            ExpressionAttributeNames={"#entry": "entry"},
            values={":own": COHORT_ENTRY},
        )
        return (read_cohort(item) for item in found)

    def reopen(self, cohort: Cohort, as_of: int) -> Cohort:
        """A write if the cohort is cancelled, refused when it was cancelled since."""
        if not cohort.is_cancelled:
            return cohort
        return self._update_cohort(cohort.name, "SET reopenedAt = :at", "cancelledAt < :at", as_of) or cohort

    def cancel(self, name: str) -> Cohort | None:
        """A read, whose answer tells the time, and a write."""
        answer = self._table.get(cohort_key(name))
        if "Item" not in answer:
            return None
        at_ms = read_cohort(answer["Item"]).cancel_at(_answered_by_ms(answer))
        sets = "SET cancelledAt = :at, updatedAt = :at"
        return self._update_cohort(name, sets, "attribute_exists(cohort)", at_ms)

    def samples(self, cohort: str) -> Iterator[Sample]:
        """A query, a page at a time as it is needed."""
        found = self._table.pages(
            "query",
            KeyConditionExpression="cohort = :cohort AND #entry > :own",
            ExpressionAttributeNames={"#entry": "entry"},
            values={":cohort": cohort, ":own": COHORT_ENTRY},
            ConsistentRead=True,
        )
        return (read_sample(item) for item in found)

    def sample(self, cohort: str, name: str) -> Sample | None:
        """One consistent read."""
        item = self._read(sample_key(cohort, name)) if name != COHORT_ENTRY else None
        return read_sample(item) if item else None

    def begin(self, block: Block, now_ms: int) -> list[Sample]:
        """A transaction; if some samples were noted before, another one without them."""
        name, at_ms = block.cohort.name, block.noted_at(now_ms)

        def actions(starts: Sequence[Start]) -> list[Any]:
            puts = [put_started(self.table, started(block.cohort, start, at_ms), start) for start in starts]
            return [self._count_starts(block, starts, now_ms), *puts]

        written = self._transactions.write(block.starts, actions)
        if written is None:
            raise CohortCancelledError(f"cohort {name} was cancelled after its samples were to start")
        found = [read_sample(item) for _, item in written.refused if item]
        running = [sample for sample in found if sample.status is SampleStatus.RUNNING]
        return [*running, *(started(block.cohort, start, at_ms) for start in written.held)]

    def note_ends(self, ends: Sequence[SampleEnd]) -> int:
        """A transaction; if some ends are refused, another one without them.

        Those that were refused as their samples had ended before are tried again from that status. Where the
        samples' items are so large that a partition takes no more at once, it is a transaction for each half.
        """
        try:
            return self._count_all(ends)
        except TooLargeError:
            half = len(ends) // 2
            return self.note_ends(ends[:half]) + self.note_ends(ends[half:])

    def _count_all(self, ends: Sequence[SampleEnd]) -> int:
        counted, left = self._note_ends(ends, SampleStatus.RUNNING)
        for before in FAILURES:
            redriven = [end for end, sample in left if status_to_leave(sample, end) is before]
            counted += self._note_ends(redriven, before)[0]
        return counted

    def _note_ends(
        self, ends: Sequence[SampleEnd], before: SampleStatus
    ) -> tuple[int, list[tuple[SampleEnd, Sample]]]:
        """Returns how many ends were noted, and those refused with their samples as they are."""

        def actions(kept: Sequence[SampleEnd]) -> list[Any]:
            ends_put = [put_end(self.table, end, before) for end in kept]
            return [self._count_ends(kept, before), *ends_put] if kept else []

        written = self._transactions.write(ends, actions, may_be_parted=True)
        if written is None:
            return 0, []
        return len(written.held), [(end, read_sample(item)) for end, item in written.refused if item]

    def running_samples(self, before_ms: int) -> Iterator[RunningSample]:
        """A query of the sparse index, a page at a time as it is needed."""
        found = self._table.pages(
            "query",
            IndexName=RUNNING_BY_LOOK,
            KeyConditionExpression="#running = :running AND lookedAt <= :before",
            ExpressionAttributeNames={"#running": "running"},
            values={":running": RUNNING_PARTITION, ":before": before_ms},
        )
        return (read_running_sample(entry) for entry in found)

    def claim(self, sample: RunningSample, now_ms: int) -> Sample | None:
        """One write; of reconcilers that saw one look, one gets the sample."""
        item = self._update(
            sample_key(sample.cohort, sample.name),
            "SET lookedAt = :now",
            "#running = :running AND lookedAt = :seen",
            names={"#running": "running"},
            values={":now": now_ms, ":running": RUNNING_PARTITION, ":seen": sample.looked_at},
        )
        return read_sample(item) if item else None

    @property
    def _transactions(self) -> Transactions:
        return Transactions(self.client, self.sleep)

    def _count_starts(self, block: Block, starts: Sequence[Start], now_ms: int) -> dict[str, Any]:
        not_cancelled = (
            "attribute_exists(cohort) AND (attribute_not_exists(cancelledAt) OR cancelledAt < :asof)"
        )
        # a sheet that came later has rows of its own
        next_row: dict[str, int | str] = {}
        if block.next_row is not None:
            next_row = {":next": block.next_row, ":sheet": block.cohort.sheet_sha256}
        return self._count(
            block.cohort.name,
            changes_of_start(starts),
            sets="SET updatedAt = :now, askedAt = :asof" + (", nextRow = :next" if next_row else ""),
            condition=not_cancelled + (" AND sheetSha256 = :sheet" if next_row else ""),
            values={":now": now_ms, ":asof": block.as_of, **next_row},
        )

    def _count_ends(self, ends: Sequence[SampleEnd], before: SampleStatus) -> dict[str, Any]:
        latest = max(end.stopped_at for end in ends)
        return self._count(
            ends[0].name.cohort,
            changes_of_end(ends, before),
            sets="SET updatedAt = :now",
            condition="attribute_exists(cohort)",
            values={":now": latest},
        )

    def _count(
        self,
        name: str,
        changes: Mapping[SampleStatus, int],
        *,
        sets: str,
        condition: str,
        values: Mapping[str, int | str],
    ) -> dict[str, Any]:
        """Changes a cohort's counts. The statuses' names may be words of DynamoDB's own."""
        added = {status.value: by for status, by in changes.items() if by}
        adds = ", ".join(f"#{name} :{name}" for name in added)
        update: dict[str, Any] = {
            "TableName": self.table,
            "Key": cohort_key(name),
            "UpdateExpression": f"{sets} ADD {adds}" if adds else sets,
            "ConditionExpression": condition,
            "ExpressionAttributeValues": to_item(
                {**values, **{f":{name}": by for name, by in added.items()}}
            ),
        }
        if added:
            update["ExpressionAttributeNames"] = {f"#{name}": name for name in added}
        return {"Update": update}

    def _update_cohort(self, name: str, expression: str, condition: str, at_ms: int) -> Cohort | None:
        item = self._update(cohort_key(name), expression, condition, names={}, values={":at": at_ms})
        return read_cohort(item) if item else None

    def _update(
        self,
        key: Mapping[str, Any],
        expression: str,
        condition: str,
        *,
        names: Mapping[str, str],
        values: Mapping[str, Any],
    ) -> Mapping[str, Any] | None:
        """Returns the item as it is now, None if the condition did not hold."""
        item, held = self._table.update(key, expression, condition=condition, values=values, names=names)
        return item if held else None

    def _read(self, key: Mapping[str, Any]) -> Mapping[str, Any] | None:
        return self._table.get(key).get("Item")

    @property
    def _table(self) -> Table:
        return Table(self.client, self.table)


def _answered_by_ms(answer: Mapping[str, Any]) -> int:
    """The end of the second in which AWS answered, by its own clock, which all who ask for samples share.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.LowLevelAPI.html
    """
    date = parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"])
    return round(date.timestamp()) * 1000 + 999
