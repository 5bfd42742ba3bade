"""Fair-share scheduling policies.

Source: https://docs.aws.amazon.com/batch/latest/userguide/fair-share-scheduling-policies.html
"""

import re
from collections.abc import Sequence
from itertools import combinations

from sluice_local.batch.model import Document, RequestRefusedError, Scope
from sluice_local.batch.requests import check_name
from sluice_local.batch.rules.registration import check_tags

SCHEDULING_POLICY = "scheduling-policy"
_SHARE = re.compile(r"[A-Za-z0-9]{1,255}\*?")
_WEIGHTS = (0.0001, 999.9999)
_RESERVATIONS = range(100)
_DECAY_SECONDS = range(604_801)


class SchedulingPolicies:
    """The scheduling policies of every account and Region, by ARN.

    Each method raises RequestRefusedError as Batch answers with a ClientException.
    """

    def __init__(self) -> None:
        self._policies: dict[str, Document] = {}

    def create(self, request: Document, scope: Scope) -> Document:
        """Keep a policy."""
        name = request.get("name")
        check_name("name", name)
        check_tags(request.get("tags"))
        _check_policy(request)
        arn = scope.arn(f"{SCHEDULING_POLICY}/{name}")
        if arn in self._policies:
            raise RequestRefusedError(f"Object already exists: {arn}")
        fair = {"shareDecaySeconds": 0, "computeReservation": 0, "shareDistribution": []}
        policy = {
            "tags": {},
            **request,
            "fairsharePolicy": {**fair, **(request.get("fairsharePolicy") or {})},
        }
        self._policies[arn] = {**policy, "arn": arn}
        return self._policies[arn]

    def update(self, request: Document) -> None:
        """Change a policy; what is left out stays."""
        old = self.find(request.get("arn"))
        _check_policy(request)
        changed = {**old["fairsharePolicy"], **(request.get("fairsharePolicy") or {})}
        self._policies[old["arn"]] = {**old, "fairsharePolicy": changed}

    def delete(self, request: Document) -> None:
        """Forget a policy."""
        del self._policies[self.find(request.get("arn"))["arn"]]

    def find(self, arn: object) -> Document:
        """Find a policy by its ARN."""
        policy = self._policies.get(str(arn))
        if policy is None:
            raise RequestRefusedError(f"There is no {SCHEDULING_POLICY} {arn!r}; give the ARN of one")
        return policy

    def describe(self, arns: Sequence[str]) -> list[Document]:
        """Show the policies that are named; unknown ones are left out."""
        return [self._policies[arn] for arn in arns if arn in self._policies]

    def list_arns(self, scope: Scope) -> list[str]:
        """List the ARNs of an account's policies in a Region."""
        return [arn for arn in self._policies if arn.startswith(scope.arn(f"{SCHEDULING_POLICY}/"))]

    def set_tags(self, arn: str, tags: Document) -> None:
        """Give a policy other tags."""
        self._policies[arn] = {**self._policies[arn], "tags": tags}


def _check_policy(request: Document) -> None:
    """https://docs.aws.amazon.com/batch/latest/APIReference/API_FairsharePolicy.html."""
    if request.get("quotaSharePolicy"):
        raise RequestRefusedError("quotaSharePolicy is for service jobs, which Local AWS has not")
    fair = request.get("fairsharePolicy") or {}
    reservation, decay = fair.get("computeReservation", 0), fair.get("shareDecaySeconds", 0)
    if reservation not in _RESERVATIONS:
        raise RequestRefusedError(f"computeReservation is {reservation}; it must be 0 to 99")
    if decay not in _DECAY_SECONDS:
        raise RequestRefusedError(f"shareDecaySeconds is {decay}; it must be 0 to 604800")
    shares = [entry["shareIdentifier"] for entry in fair.get("shareDistribution") or ()]
    for entry in fair.get("shareDistribution") or ():
        check_share(entry["shareIdentifier"])
        weight = entry.get("weightFactor", 1.0)
        if not _WEIGHTS[0] <= weight <= _WEIGHTS[1]:
            raise RequestRefusedError(f"weightFactor is {weight}; it must be {_WEIGHTS[0]} to {_WEIGHTS[1]}")
    for one, other in combinations(shares, 2):
        if covers(one, other) or covers(other, one):
            raise RequestRefusedError(f"shareDistribution has {one!r} and {other!r}, which overlap")


def check_share(identifier: str) -> None:
    """Refuse a share identifier that Batch does not take."""
    if _SHARE.fullmatch(identifier) is None:
        raise RequestRefusedError(
            f"shareIdentifier is {identifier!r}; up to 255 letters and numbers are allowed, then a *"
        )


def covers(pattern: str, share: str) -> bool:
    """Tell whether an entry of a distribution is about a share."""
    return share.startswith(pattern[:-1]) if pattern.endswith("*") else share == pattern
