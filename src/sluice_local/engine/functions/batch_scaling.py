"""How many batches of a queue's messages an event source mapping has in hand at once.

AWS: it begins with five and, while messages are still there, takes up to 300 more a minute, until its
`MaximumConcurrency`, https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html.

MiniStack 1.5.33: begins with `MaximumConcurrency`, so that the first messages after a pause start all of a
function's environments at the same moment, on the processors of one machine.

Fixed by lowering its limit for as long as a mapping has not been busy.
"""

import functools
import time
from dataclasses import dataclass, field
from typing import Any

from sluice_local.engine import ministack
from sluice_local.engine.ministack import Private

FIRST_BATCHES = 5
MORE_PER_SECOND = 300 / 60


@dataclass
class BatchScaling:
    """Since when each mapping has been busy.

    Attributes:
        busy_since: seconds of the caller's clock, by mapping.
    """

    busy_since: dict[str, float] = field(default_factory=dict)

    def batches(self, mapping: str, in_hand: int, *, limit: int, now: float) -> int:
        """Return how many batches the mapping may have in hand now, `limit` at most."""
        if in_hand == 0:
            self.busy_since[mapping] = now
        busy_seconds = now - self.busy_since.setdefault(mapping, now)
        return min(limit, FIRST_BATCHES + int(busy_seconds * MORE_PER_SECOND))


def install() -> None:
    """Let mappings of queues grow as on AWS."""
    ministack.wrap("services.lambda_svc._sqs_esm_concurrency", functools.partial(_growing, BatchScaling()))


def _growing(scaling: BatchScaling, concurrency: Private) -> Private:
    in_hand = ministack.private("services.lambda_svc._esm_inflight")

    @functools.wraps(concurrency)
    def growing(mapping: dict[str, Any], *more: Any, **keywords: Any) -> int:
        limit = int(concurrency(mapping, *more, **keywords))
        name = mapping["UUID"]
        return scaling.batches(name, in_hand.get(name, 0), limit=limit, now=time.monotonic())

    return growing
