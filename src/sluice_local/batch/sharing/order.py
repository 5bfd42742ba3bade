"""Which job of a fair-share queue is next; pure.

AWS: the share that uses least of what it may comes first, the use counted in vCPUs times the share's weight;
within a share the higher scheduling priority, then the earlier job,
https://docs.aws.amazon.com/batch/latest/userguide/fair-share-scheduling-policies.html. Here only what runs
now counts as use: there is no decay and no reservation.
"""

from collections import Counter
from collections.abc import Iterable, Sequence

from sluice_local.batch.capacity.room import vcpus_of
from sluice_local.batch.model import Document, Job
from sluice_local.batch.sharing.policies import covers


def in_fair_order(waiting: Sequence[Job], placed: Iterable[Job], policy: Document) -> list[Job]:
    """Return the jobs that wait in the order in which they are to be placed."""
    use: Counter[str] = Counter()
    for job in placed:
        use[_share(job)] += vcpus_of(job)  # type: ignore[assignment]  # a Counter adds up floats as well
    distribution = policy["fairsharePolicy"]["shareDistribution"]

    def rank(job: Job) -> tuple[float, int]:
        share = _share(job)
        return use[share] * _weight(share, distribution), -int(
            job.spec.passed_through.get("schedulingPriority", 0)
        )

    return sorted(waiting, key=rank)


def _share(job: Job) -> str:
    return str(job.spec.passed_through.get("shareIdentifier", ""))


def _weight(share: str, distribution: Sequence[Document]) -> float:
    weights = (
        entry.get("weightFactor", 1.0) for entry in distribution if covers(entry["shareIdentifier"], share)
    )
    return float(next(weights, 1.0))
