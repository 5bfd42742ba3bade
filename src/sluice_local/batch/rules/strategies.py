"""Retry strategies and timeouts that Batch refuses, in a request or in a job definition.

Sources: https://docs.aws.amazon.com/batch/latest/APIReference/API_RetryStrategy.html,
https://docs.aws.amazon.com/batch/latest/APIReference/API_EvaluateOnExit.html and
https://docs.aws.amazon.com/batch/latest/APIReference/API_JobTimeout.html
"""

import re
from collections.abc import Mapping
from typing import Any

from sluice_local.batch.model import Document, RequestRefusedError

ATTEMPTS = range(1, 11)
EXIT_RULES_MAX = 5
TIMEOUT_SECONDS_MIN = 60
PATTERN_MAX = 512
_WORDS = (re.compile(r"[A-Za-z0-9.:\s]*\*?"), "letters, numbers, dots, colons and white space, then a *")
_PATTERNS = {
    "onExitCode": (re.compile(r"[0-9]*\*?"), "numbers, then a *"),
    "onReason": _WORDS,
    "onStatusReason": _WORDS,
}


def check_retry_and_timeout(request: Document) -> None:
    """Refuse a retryStrategy or timeout that breaks a limit, in a job request or a job definition.

    Raises:
        RequestRefusedError: the message names the field, what it holds and what is allowed.
    """
    retry = request.get("retryStrategy") or {}
    attempts = retry.get("attempts", 1)
    _require(attempts in ATTEMPTS, f"retryStrategy.attempts is {attempts}; it must be 1 to 10")
    rules = retry.get("evaluateOnExit") or ()
    _require(len(rules) <= EXIT_RULES_MAX, f"evaluateOnExit has {len(rules)} entries; at most 5 are allowed")
    for rule in rules:
        _check_rule(rule)
    seconds = (request.get("timeout") or {}).get("attemptDurationSeconds", TIMEOUT_SECONDS_MIN)
    _require(
        seconds >= TIMEOUT_SECONDS_MIN,
        f"timeout.attemptDurationSeconds is {seconds}; it must be at least {TIMEOUT_SECONDS_MIN}",
    )


def _check_rule(rule: Mapping[str, Any]) -> None:
    action = str(rule.get("action"))
    _require(
        action.upper() in {"RETRY", "EXIT"},
        f"evaluateOnExit action is {action}; RETRY or EXIT are allowed",
    )
    for name, (pattern, allowed) in _PATTERNS.items():
        text = rule.get(name, "")
        _require(
            len(text) <= PATTERN_MAX and pattern.fullmatch(text) is not None,
            f"evaluateOnExit {name} is {text!r}; up to {PATTERN_MAX} of {allowed} are allowed",
        )


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise RequestRefusedError(message)
