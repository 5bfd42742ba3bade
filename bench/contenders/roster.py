"""Who can be measured, by name."""

from collections.abc import Callable

from bench.contenders import sync
from bench.contenders.contender import Contender
from bench.contenders.job_poller import JobPoller
from bench.contenders.sluice import Sluice

CONTENDERS: dict[str, Callable[[], Contender]] = {
    "sluice": Sluice,
    "job-poller": JobPoller,
    "sync": sync.without_retry,
    "sync-retry": sync.with_retry,
}
