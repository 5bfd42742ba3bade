"""Batch's events of the run's jobs, as a queue of its own gets them."""

import json
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from accept.aws import Client
from accept.clock import Clock
from accept.errors import StoppedError

ENDED: Final = ("SUCCEEDED", "FAILED")


@dataclass(frozen=True)
class Event:
    """A state change.

    Attributes:
        arrived_ms: when SQS took it, in ms since the epoch.
        detail: what Batch says of the job.
    """

    arrived_ms: int
    detail: dict[str, Any]

    @property
    def status(self) -> str:
        """The job's state from then on."""
        return str(self.detail["status"])

    @property
    def delay_ms(self) -> int | None:
        """From the job's end until the event came; None if it has not ended."""
        stopped_ms = self.detail.get("stoppedAt")
        return None if stopped_ms is None or self.status not in ENDED else self.arrived_ms - int(stopped_ms)


class Events:
    """Collects events on a thread of its own until the clock ends.

    Args:
        sqs: a client.
        queue_url: the queue that a rule fills.
        clock: whose end ends the thread.
    """

    def __init__(self, sqs: Client, queue_url: str, clock: Clock) -> None:
        self._sqs, self._queue_url, self._clock = sqs, queue_url, clock
        self._lock = threading.Lock()
        self._events: list[Event] = []
        threading.Thread(target=self._collect, name="events", daemon=True).start()

    def all(self) -> Sequence[Event]:
        """Return what has come, in the order in which SQS took it."""
        with self._lock:
            return sorted(self._events, key=lambda event: event.arrived_ms)

    def of(self, job_id: str) -> Sequence[Event]:
        """Return a job's events, without those of its children."""
        return [event for event in self.all() if event.detail["jobId"] == job_id]

    def ended(self, job_id: str) -> Event:
        """Wait for the event of a job's end."""

        def probe() -> Event | None:
            return next((event for event in self.of(job_id) if event.status in ENDED), None)

        return self._clock.until(probe, f"event of the end of job {job_id}")

    def _collect(self) -> None:
        try:
            while True:
                self._receive()
                self._clock.pause(0)
        except StoppedError:
            return

    def _receive(self) -> None:
        answer = self._sqs.receive_message(
            QueueUrl=self._queue_url,
            MaxNumberOfMessages=10,
            WaitTimeSeconds=1,
            AttributeNames=["SentTimestamp"],
        )
        messages = answer.get("Messages", [])
        found = [
            Event(int(each["Attributes"]["SentTimestamp"]), json.loads(each["Body"])["detail"])
            for each in messages
        ]
        with self._lock:
            self._events += found
        if messages:
            entries = [{"Id": str(n), "ReceiptHandle": m["ReceiptHandle"]} for n, m in enumerate(messages)]
            self._sqs.delete_message_batch(QueueUrl=self._queue_url, Entries=entries)
