"""Whether a failed attempt is tried again.

Source: https://docs.aws.amazon.com/batch/latest/APIReference/API_EvaluateOnExit.html
"""

from sluice_local.batch.model import Exit, ExitRule, RetryStrategy


def retries(strategy: RetryStrategy, exit_: Exit, *, attempts_made: int) -> bool:
    """Tell whether Batch makes another attempt after this one.

    The first rule that matches decides. When none matches, or there are none, the job is retried while
    attempts are left. An attempt that exceeded its timeout is never retried
    (https://docs.aws.amazon.com/batch/latest/userguide/job_timeouts.html).
    """
    if exit_.timed_out or attempts_made >= strategy.attempts:
        return False
    matching = (rule for rule in strategy.rules if _rule_matches(rule, exit_))
    first = next(matching, None)
    return first is None or first.action.upper() == "RETRY"


def _rule_matches(rule: ExitRule, exit_: Exit) -> bool:
    exit_code = None if exit_.exit_code is None else str(exit_.exit_code)
    return (
        _pattern_matches(rule.on_exit_code, exit_code)
        and _pattern_matches(rule.on_reason, exit_.reason)
        and _pattern_matches(rule.on_status_reason, exit_.status_reason)
    )


def _pattern_matches(pattern: str | None, text: str | None) -> bool:
    """Compare whole texts, or only their beginning when the pattern ends with an asterisk.

    A text that is absent matches nothing but a bare asterisk.
    """
    if pattern is None:
        return True
    if pattern.endswith("*"):
        return (text or "").startswith(pattern[:-1])
    return text == pattern
