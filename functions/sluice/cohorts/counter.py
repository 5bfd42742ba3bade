"""Counts the ends of samples' executions, as Step Functions' events tell of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sluice.cohorts.events import read_sample_end
from sluice.cohorts.model import MAX_BLOCK, together
from sluice.errors import ServiceError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sluice.cohorts.model import SampleEnd
    from sluice.cohorts.ports import CohortStore
    from sluice.ports import Telemetry


@dataclass(frozen=True)
class CohortCounter:
    """Notes ends in as few writes as can be: all samples of a cohort share its counts."""

    store: CohortStore
    telemetry: Telemetry

    def count(self, messages: Mapping[str, str]) -> list[str]:
        """Counts the ends that events tell of; events of others are passed over.

        Args:
            messages: the events by the ids of the messages that hold them.

        Returns:
            The ids of the messages that are to be delivered again.
        """
        told = {message_id: read_sample_end(text) for message_id, text in messages.items()}
        ends = list(dict.fromkeys(end for end in told.values() if end is not None))
        failed = {end for group in together(ends, most=MAX_BLOCK) for end in self._left(group)}
        self.telemetry.count("EventsIgnored", sum(end is None for end in told.values()))
        return [message_id for message_id, end in told.items() if end in failed]

    def _left(self, ends: Sequence[SampleEnd]) -> Sequence[SampleEnd]:
        """Counts ends of one cohort; returns those that could not be."""
        try:
            counted = self.store.note_ends(ends)
        except ServiceError as error:
            self.telemetry.ends_left(ends[0].name.cohort, len(ends), error)
            return ends
        self.telemetry.count("SamplesEnded", counted)
        self.telemetry.count("EventsIgnored", len(ends) - counted)
        return ()
