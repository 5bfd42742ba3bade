"""Whether a request came by TLS.

AWS: clients use TLS unless they are told not to, and `aws:SecureTransport` says so,
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html.

MiniStack 1.5.33: speaks HTTP, so a policy that asks for TLS would refuse everything.

Fixed by taking every request for one that came by TLS, as Local AWS serves one machine.
"""

import functools

from sluice_local.engine import ministack
from sluice_local.engine.ministack import Private


def install() -> None:
    """Let policies see requests as they would come to AWS."""
    ministack.wrap("core.iam_evaluator._resolve_condition_key", _by_tls)


def _by_tls(resolve: Private) -> Private:
    @functools.wraps(resolve)
    def resolved(key: str, context: Private) -> Private:
        return "true" if key.lower() == "aws:securetransport" else resolve(key, context)

    return resolved
