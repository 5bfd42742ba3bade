"""What a peer's run came to: which job is whose, and how many samples got all their jobs done."""

import time
from collections import Counter
from collections.abc import Iterable, Mapping

from bench.cohort import JOBS_PER_SAMPLE, Cohort
from bench.contenders.contender import Ended
from bench.peers.client import ClientRun
from sluice_local.observing import JobRow


def ended(
    run: ClientRun,
    cohort: Cohort,
    *,
    rows: Iterable[JobRow],
    samples: Mapping[str, str],
    note: str,
) -> Ended:
    """Count the samples whose three jobs succeeded.

    Args:
        run: how the client's process went.
        cohort: what was to be done.
        rows: Local AWS's own account of the jobs, its page `jobs`.
        samples: the sample of each job, by the job's id.
        note: what a reader of the results must know of this peer.
    """
    done = Counter(samples.get(row.job_id) for row in rows if row.status == "SUCCEEDED")
    succeeded = sum(done[sample] >= JOBS_PER_SAMPLE for sample in cohort.sample_names())
    return Ended(
        succeeded=succeeded,
        failed=cohort.samples - succeeded,
        started_s=run.started_s,
        ended_s=run.ended_s,
        note=" ".join(filter(None, (note, run.complaint))),
        samples=samples,
    )


def not_run(cohort: Cohort, why: str) -> Ended:
    """Say why a peer did not run at all."""
    now_s = time.time()
    return Ended(succeeded=0, failed=cohort.samples, started_s=now_s, ended_s=now_s, note=why)
