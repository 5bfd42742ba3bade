"""Permissions that take a while to be in force.

AWS: a change of a role's policies is visible after a time only, as it has to reach every place that decides,
https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency.

MiniStack 1.5.33: decides by the policies as they are.

Fixed by deciding by the policies as they were so many seconds ago, where the settings ask for it. What a role
trusts is not delayed.
"""

import functools
import json
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from sluice_local.engine import ministack
from sluice_local.engine.context import Engine
from sluice_local.engine.ministack import Private
from sluice_local.settings import ACCOUNT_ID

_LOOK_SECONDS = 0.1
_GATHER = "core.iam_evaluator._gather_role_policies"


@dataclass
class PastPolicies:
    """What the roles' policies were, as far back as the delay goes.

    Attributes:
        delay_seconds: how long a change takes to be in force.
        monotonic: tells the time.
    """

    delay_seconds: float
    monotonic: Callable[[], float]
    _looks: deque[tuple[float, dict[str, Private]]] = field(default_factory=deque)

    def note(self, policies: dict[str, Private]) -> None:
        """Note the policies of each role as they are now."""
        now = self.monotonic()
        self._looks.append((now, policies))
        while len(self._looks) > 1 and self._looks[1][0] <= now - self.delay_seconds:
            self._looks.popleft()

    def in_force(self, role_name: str) -> Private:
        """Return the policies of a role that are in force now; none of a role that is too new."""
        then = self.monotonic() - self.delay_seconds
        known = [policies for at, policies in tuple(self._looks) if at <= then]
        return known[-1].get(role_name, []) if known else []


def install(engine: Engine) -> None:
    """Decide by past policies if the settings give a delay."""
    delay_seconds = engine.settings.iam_delay_seconds
    if not delay_seconds:
        return
    past = PastPolicies(delay_seconds, time.monotonic)
    look = _Look(ministack.private(_GATHER))

    def again() -> None:
        past.note(look.policies())
        engine.loop.call_later(_LOOK_SECONDS, again)

    engine.loop.call_soon(again)
    ministack.wrap(_GATHER, functools.partial(_as_they_were, past))


def _as_they_were(past: PastPolicies, gather: Private) -> Private:
    @functools.wraps(gather)
    def gather_past(role_name: str, account_id: str) -> Private:
        return past.in_force(role_name) if account_id == ACCOUNT_ID else gather(role_name, account_id)

    return gather_past


@dataclass
class _Look:
    """Reads the policies of all roles; those that have not changed are not parsed again."""

    gather: Private
    _seen: dict[str, tuple[str, Private]] = field(default_factory=dict)

    def policies(self) -> dict[str, Private]:
        roles = ministack.private("services.iam._roles")
        self._seen = {name: self._read(name, role) for name, role in list(roles.items())}
        return {name: policies for name, (_, policies) in self._seen.items()}

    def _read(self, name: str, role: Private) -> tuple[str, Private]:
        resolve = ministack.private("core.iam_evaluator._resolve_managed_policy_document")
        managed = [resolve(arn, ACCOUNT_ID) for arn in role.get("AttachedPolicies", [])]
        text = json.dumps([role.get("InlinePolicies"), managed], default=str)
        known = self._seen.get(name)
        return known if known and known[0] == text else (text, self.gather(name, ACCOUNT_ID))
