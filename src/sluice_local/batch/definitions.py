"""Job definitions and their revisions.

Source: https://docs.aws.amazon.com/batch/latest/userguide/job_definitions.html
"""

import json
from collections.abc import Iterator

from sluice_local.batch.model import Document, RequestRefusedError, Scope
from sluice_local.batch.requests import check_name
from sluice_local.batch.rules.registration import check_definition
from sluice_local.batch.rules.strategies import check_retry_and_timeout

DEFINITION_BYTES_MAX = 24 * 1024
"""Source: https://docs.aws.amazon.com/batch/latest/userguide/service_limits.html"""
_KIND = "job-definition"


class Definitions:
    """The job definitions of every account and Region; a revision never changes but for its status.

    Each method raises RequestRefusedError as Batch answers with a ClientException.
    """

    def __init__(self) -> None:
        # by the ARN without its revision, oldest revision first
        self._revisions: dict[str, list[Document]] = {}

    def register(self, request: Document, scope: Scope) -> Document:
        """Keep a new revision of a job definition."""
        _check_registration(request)
        base = scope.arn(f"{_KIND}/{request['jobDefinitionName']}")
        revisions = self._revisions.setdefault(base, [])
        number = len(revisions) + 1
        revision = {
            "parameters": {},
            "tags": {},
            **request,
            "jobDefinitionArn": f"{base}:{number}",
            "revision": number,
            "status": "ACTIVE",
            "containerOrchestrationType": "ECS",
        }
        revisions.append(revision)
        return revision

    def deregister(self, reference: str, scope: Scope) -> None:
        """Mark a revision INACTIVE, so that no further job may name it."""
        base, number = _split(reference, scope)
        revisions = self._revisions.get(base, [])
        if number is None or not 0 < number <= len(revisions):
            raise RequestRefusedError(
                f"There is no job definition {reference!r}; give name:revision or its ARN"
            )
        revisions[number - 1] = {**revisions[number - 1], "status": "INACTIVE"}

    def find(self, reference: object, scope: Scope) -> Document:
        """Find an ACTIVE definition by name:revision or ARN; without a revision, the newest one.

        An INACTIVE one takes no more jobs, in the words that people report of Batch:
        https://docs.aws.amazon.com/batch/latest/APIReference/API_DeregisterJobDefinition.html and
        https://github.com/AlexsLemonade/refinebio/issues/2887
        """
        base, number = _split(str(reference or ""), scope)
        for revision in reversed(self._revisions.get(base, [])):
            if revision["status"] == "ACTIVE" and number in {None, revision["revision"]}:
                return revision
        raise RequestRefusedError(f"JobDefinition name {reference} does not exist or is not in ACTIVE status")

    def describe(self, request: Document, scope: Scope) -> list[Document]:
        """Show the revisions that are named (name:revision or ARN), or those of a name or status."""
        references = request.get("jobDefinitions") or ()
        named = {_split(reference, scope) for reference in references}
        return [
            revision
            for base, revision in self._in_scope(scope)
            if (not references or _is_named(base, revision, named)) and _fits(revision, request)
        ]

    def set_tags(self, arn: str, tags: Document, scope: Scope) -> None:
        """Give a revision other tags."""
        base, number = _split(arn, scope)
        revisions = self._revisions[base]
        assert number is not None
        revisions[number - 1] = {**revisions[number - 1], "tags": tags}

    def _in_scope(self, scope: Scope) -> Iterator[tuple[str, Document]]:
        prefix = scope.arn(f"{_KIND}/")
        for base, revisions in self._revisions.items():
            if base.startswith(prefix):
                for revision in revisions:
                    yield base, revision


def _is_named(base: str, revision: Document, named: set[tuple[str, int | None]]) -> bool:
    return (base, revision["revision"]) in named or (base, None) in named


def _fits(revision: Document, request: Document) -> bool:
    return all(request.get(field) in {None, revision[field]} for field in ("jobDefinitionName", "status"))


def _split(reference: str, scope: Scope) -> tuple[str, int | None]:
    """Take a reference apart into the ARN without revision and the revision, None where it names none."""
    prefix = scope.arn(f"{_KIND}/")
    name, colon, number = reference.removeprefix(prefix).partition(":")
    if colon and not number.isdigit():
        raise RequestRefusedError(f"Job definition {reference!r} has no number for a revision")
    return f"{prefix}{name}", int(number) if number else None


def _check_registration(request: Document) -> None:
    check_name("jobDefinitionName", request.get("jobDefinitionName"))
    check_retry_and_timeout(request)
    check_definition(request)
    size = len(json.dumps(request, separators=(",", ":")).encode())
    if size > DEFINITION_BYTES_MAX:
        raise RequestRefusedError(
            f"The job definition has {size} bytes; at most {DEFINITION_BYTES_MAX} are allowed"
        )
