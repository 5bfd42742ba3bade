"""Tags of Batch's resources.

Source: https://docs.aws.amazon.com/batch/latest/userguide/using-tags.html
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sluice_local.batch.backend import Backend
from sluice_local.batch.definitions import Definitions
from sluice_local.batch.model import Document, RequestRefusedError, Scope
from sluice_local.batch.queues import COMPUTE_ENVIRONMENT, JOB_QUEUE, Queues
from sluice_local.batch.rules.registration import check_tags
from sluice_local.batch.sharing.policies import SCHEDULING_POLICY, SchedulingPolicies

TAGS_MAX = 50
_Held = tuple[dict[str, str], Callable[[Document], None]]


@dataclass(frozen=True, slots=True)
class Tags:
    """Tags whatever has an ARN: compute environments, queues, definitions, policies and jobs.

    Each method raises RequestRefusedError as Batch answers with a ClientException.
    """

    backend: Backend
    queues: Queues
    definitions: Definitions
    policies: SchedulingPolicies

    def tag(self, request: Document, scope: Scope) -> Document:
        """Add tags to a resource, or give them other values."""
        check_tags(request["tags"])
        tags, keep = self._held(request["resourceArn"], scope)
        together = {**tags, **request["tags"]}
        if len(together) > TAGS_MAX:
            raise RequestRefusedError(
                f"{request['resourceArn']} would have {len(together)} tags; at most {TAGS_MAX} are allowed"
            )
        keep(together)
        return {}

    def untag(self, request: Document, scope: Scope) -> Document:
        """Take tags from a resource."""
        tags, keep = self._held(request["resourceArn"], scope)
        keep({key: value for key, value in tags.items() if key not in request["tagKeys"]})
        return {}

    def list(self, request: Document, scope: Scope) -> Document:
        """Show a resource's tags."""
        return {"tags": self._held(request["resourceArn"], scope)[0]}

    def _held(self, arn: str, scope: Scope) -> _Held:
        """Return a resource's tags and how to give it others."""
        kind, _, name = arn.removeprefix(scope.arn("")).partition("/")
        found = self._job(name, scope) if kind == "job" else self._record(kind, arn, scope)
        if found is None:
            raise RequestRefusedError(f"There is no resource {arn!r} that can have tags")
        return found

    def _record(self, kind: str, arn: str, scope: Scope) -> _Held | None:
        records: dict[str, tuple[list[Any], Callable[[Document], None]]] = {
            COMPUTE_ENVIRONMENT: (
                self.queues.describe_environments([arn], scope),
                lambda tags: self.queues.set_tags(arn, tags),
            ),
            JOB_QUEUE: (
                self.queues.describe_queues([arn], scope),
                lambda tags: self.queues.set_tags(arn, tags),
            ),
            SCHEDULING_POLICY: (
                self.policies.describe([arn]),
                lambda tags: self.policies.set_tags(arn, tags),
            ),
        }
        if kind == "job-definition":
            revisions = self.definitions.describe({"jobDefinitions": [arn]}, scope)
            exact = [each for each in revisions if each["jobDefinitionArn"] == arn]
            records[kind] = (exact, lambda tags: self.definitions.set_tags(arn, tags, scope))
        found, keep = records.get(kind, ([], lambda _: None))
        return (dict(found[0].get("tags") or {}), keep) if found else None

    def _job(self, job_id: str, scope: Scope) -> _Held | None:
        """A job's tags; children of arrays have none of their own."""
        jobs = self.backend.find([job_id], scope)
        if not jobs or jobs[0].spec.array_index is not None:
            return None
        tags = dict(jobs[0].spec.passed_through.get("tags") or {})
        return tags, lambda new: self.backend.set_tags(job_id, new)
