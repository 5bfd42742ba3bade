"""SQS event sources that gather messages.

AWS: with `MaximumBatchingWindowInSeconds` a mapping gathers messages until `BatchSize` (then up to 10,000)
are there or the window is over, https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html.

MiniStack 1.5.33: invokes the function at once with what is there, ten messages at most.

Fixed by holding its poller back while a window is open.
"""

import functools
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sluice_local.engine import ministack
from sluice_local.engine.context import Engine
from sluice_local.engine.ministack import Private


@dataclass
class BatchWindows:
    """Since when each queue's first message waits.

    Attributes:
        opened_at: seconds of the caller's clock, by queue.
    """

    opened_at: dict[str, float] = field(default_factory=dict)

    def wait_seconds(self, queue: str, waiting: int, mapping: dict[str, Any], now: float) -> float:
        """Return how long the mapping must still gather; 0 when it is to take its messages now."""
        full = waiting >= mapping.get("BatchSize", 10)
        opened_at = self.opened_at.setdefault(queue, now)
        left: float = opened_at + mapping.get("MaximumBatchingWindowInSeconds", 0) - now
        if full or left <= 0:
            del self.opened_at[queue]
            return 0.0
        return left


def install(engine: Engine) -> None:
    """Let MiniStack's event source poller observe batching windows."""
    ministack.wrap(
        "services.sqs._receive_messages_for_esm", functools.partial(_gathering, engine, BatchWindows())
    )


def _gathering(
    engine: Engine, windows: BatchWindows, receive: Private
) -> Callable[[str, int], list[Private]]:
    wake = ministack.private("core.concurrency.esm_wake")

    @functools.wraps(receive)
    def gather(queue_url: str, batch_size: int) -> list[Private]:
        mapping = _mapping_of(queue_url)
        waiting = _visible_messages(queue_url)
        if not waiting:
            return []
        seconds = windows.wait_seconds(queue_url, waiting, mapping, time.monotonic())
        if seconds > 0:
            engine.loop.call_soon_threadsafe(lambda: engine.loop.call_later(seconds, wake.set))
            return []
        return _receive_all(receive, queue_url, batch_size)

    return gather


def _receive_all(receive: Private, queue_url: str, batch_size: int) -> list[Private]:
    """MiniStack gives ten messages a call at most."""
    batch: list[Private] = []
    while len(batch) < batch_size and (more := receive(queue_url, batch_size - len(batch))):
        batch.extend(more)
    return batch


def _mapping_of(queue_url: str) -> dict[str, Any]:
    arn = ministack.private("services.sqs._queues")[queue_url]["attributes"]["QueueArn"]
    mappings = ministack.private("services.lambda_svc._esms").values()
    return next((each for each in mappings if each["EventSourceArn"] == arn), {})


def _visible_messages(queue_url: str) -> int:
    now = time.time()
    messages = ministack.private("services.sqs._queues")[queue_url]["messages"]
    return sum(message.get("visible_at", 0) <= now for message in messages)
