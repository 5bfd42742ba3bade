"""The Launches port on Batch: whether a queue runs its jobs on Fargate."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from sluice.aws.errors import translated
from sluice.errors import ServiceError
from sluice.rate.gcra import MICROSECONDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from sluice.ports import Clock

AGAIN_SECONDS: Final = 300
"""A queue is asked about as often: somebody may give it another compute environment."""


@dataclass(frozen=True)
class QueueLaunches:
    """What the compute environments of queues are; implements ports.Launches. Threads may share it.

    Fargate starts 20 tasks a second, fewer than SubmitJob takes:
    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/throttling.html
    """

    client: Callable[[], Any]
    clock: Clock
    _known: dict[str, tuple[int, bool]] = field(default_factory=dict)

    def outpace_submissions(self, job_queue: str) -> bool:
        """Two calls for a queue, and then none for a while."""
        now_us = self.clock.now_us()
        asked_us, answer = self._known.get(job_queue, (None, False))
        if asked_us is None or now_us >= asked_us + AGAIN_SECONDS * MICROSECONDS:
            answer = self._ask(job_queue)
            self._known[job_queue] = now_us, answer
        return answer

    def _ask(self, job_queue: str) -> bool:
        try:
            with translated():
                queues = self.client().describe_job_queues(jobQueues=[job_queue])["jobQueues"]
                order = [
                    each["computeEnvironment"]
                    for queue in queues
                    for each in queue["computeEnvironmentOrder"]
                ]
                answer = (
                    self.client().describe_compute_environments(computeEnvironments=order) if order else {}
                )
        except ServiceError:
            return False
        found = answer.get("computeEnvironments", ())
        return bool(found) and not any(map(_is_fargate, found))


def _is_fargate(environment: dict[str, Any]) -> bool:
    return str(environment.get("computeResources", {}).get("type", "")).startswith("FARGATE")
