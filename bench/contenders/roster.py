"""Who can be measured, by name."""

from collections.abc import Callable

from bench.contenders import sync
from bench.contenders.contender import Contender
from bench.contenders.job_poller import JobPoller
from bench.contenders.sluice import Sluice
from bench.contenders.sluice_arrays import SluiceArrays
from bench.peers.peer import Peer
from bench.peers.redun import Redun
from bench.peers.snakemake import Snakemake

CONTENDERS: dict[str, Callable[[], Contender]] = {
    "sluice": Sluice,
    "sluice-arrays": SluiceArrays,
    "job-poller": JobPoller,
    "sync": sync.without_retry,
    "sync-retry": sync.with_retry,
    "snakemake": lambda: Peer(Snakemake()),
    "redun": lambda: Peer(Redun()),
}
