"""Which jobs a job waits for, and which jobs an ended one sets free.

Source: https://docs.aws.amazon.com/batch/latest/userguide/job_dependencies.html
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from sluice_local.batch.model import JobSpec


def awaited_ids(spec: JobSpec) -> frozenset[str]:
    """Name the jobs that must have succeeded before this one may run.

    An array's parent waits for nothing: its children do.
    """
    return frozenset() if spec.array_size is not None else frozenset(_awaited(spec))


def _awaited(spec: JobSpec) -> Iterator[str]:
    index = spec.array_index or 0
    for dependency in spec.depends_on:
        if dependency.kind == "SEQUENTIAL" and index > 0:
            yield f"{spec.parent_id}:{index - 1}"
        if dependency.kind == "N_TO_N":
            yield f"{dependency.job_id}:{index}"
        elif dependency.job_id is not None:
            yield dependency.job_id


class Waiting:
    """Who waits for whom. Not safe for threads: the backend's lock guards it."""

    def __init__(self) -> None:
        self._awaited: dict[str, set[str]] = {}
        self._dependents: defaultdict[str, list[str]] = defaultdict(list)

    def add(self, job_id: str, awaited: Iterable[str]) -> None:
        """Let a job wait for others that have not ended yet."""
        self._awaited[job_id] = set(awaited)
        for other in self._awaited[job_id]:
            self._dependents[other].append(job_id)

    def settle(self, job_id: str, *, succeeded: bool) -> tuple[str, ...]:
        """Tell which jobs an ended job decides: all its dependents when it failed, else those set free."""
        dependents = self._dependents.pop(job_id, [])
        for dependent in dependents:
            self._awaited.get(dependent, set()).discard(job_id)
        decided = tuple(one for one in dependents if not (succeeded and self._awaited.get(one)))
        for one in decided:
            self._awaited.pop(one, None)
        return decided
