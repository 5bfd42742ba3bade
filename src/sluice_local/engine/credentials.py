"""Credentials of its own role for every Lambda function, and who it was that called.

AWS: a function's environment holds temporary credentials of its execution role; the session is named after
the function, so that a call's ARN ends with the function's name,
https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html.

MiniStack 1.5.33: does so only if it enforces IAM; otherwise every function calls with the account's number
for a key, and nobody can tell which function called.

Fixed by making the session in either case.
"""

import hashlib
import re
from collections.abc import Mapping
from typing import Any

from sluice_local.engine import ministack

_ACCESS_KEY = re.compile(r"Credential=([^/,]+)/")


def install() -> None:
    """Start every function's worker with a session of the function's role."""
    # the second module has imported the name
    for module in ("core.lambda_runtime", "services.lambda_svc"):
        ministack.replace(f"{module}.execution_credentials", _function_credentials)


def _function_credentials(config: Mapping[str, Any]) -> dict[str, str]:
    return session_environment(config["Role"], config["FunctionName"])


def session_environment(role_arn: str, session_name: str) -> dict[str, str]:
    """Open a session of a role, and return the environment variables that hold its credentials.

    Args:
        role_arn: ARN of the role.
        session_name: what the session's ARN ends with; the same name gives the same session again.
    """
    account_id, role_name = role_arn.split(":")[4], role_arn.rpartition("/")[2]
    key, secret, token = (_derived(part, role_arn, session_name) for part in ("key", "secret", "token"))
    access_key = f"ASIA{key[:16].upper()}"
    session = {
        "Arn": f"arn:aws:sts::{account_id}:assumed-role/{role_name}/{session_name}",
        "UserId": f"{role_name}:{session_name}",
        "AccountId": account_id,
        "SecretAccessKey": secret,
        "SessionToken": token,
    }
    ministack.private("services.sts.register_session")(access_key, session)
    return {"AWS_ACCESS_KEY_ID": access_key, "AWS_SECRET_ACCESS_KEY": secret, "AWS_SESSION_TOKEN": token}


def caller_name(headers: Mapping[str, str]) -> str | None:
    """Return the name of the function that sent a request, None if no function did.

    Args:
        headers: HTTP headers, names in lower case.
    """
    key = _ACCESS_KEY.search(headers.get("authorization", ""))
    session = ministack.private("services.sts._sessions").get(key[1]) if key else None
    return session["Arn"].rpartition("/")[2] if session else None


def _derived(part: str, role_arn: str, session_name: str) -> str:
    return hashlib.sha256(f"{part} of {session_name} as {role_arn}".encode()).hexdigest()
