"""A function that is changed while it runs.

AWS: invocations that run go on to their end in the environment that they have; the next one gets the changed
function, https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html.

MiniStack 1.5.33: a change of code or configuration ends every process of the function, and with it what runs:
a deployment failed each poller in the middle of its round.

Fixed by taking a busy process out of the pool and ending it when its invocation is over.
"""

import functools
from contextvars import ContextVar
from typing import Any

from sluice_local.engine import ministack
from sluice_local.engine.ministack import Private

_is_update: ContextVar[bool] = ContextVar("lambda_update", default=False)
_retired: set[Private] = set()


def retired_workers() -> tuple[Private, ...]:
    """Return the processes that are not in the pool any more and still run an invocation."""
    return tuple(_retired)


def install() -> None:
    """Let invocations end by themselves when their function is changed."""
    for name in ("_update_code", "_update_config"):
        ministack.wrap(f"services.lambda_svc.{name}", _marked)
    ministack.wrap("services.lambda_svc.invalidate_worker", _sparing)
    ministack.wrap("services.lambda_svc.release_worker", _retiring)


def _marked(update: Private) -> Private:
    """Note that what follows is a change, and no deletion."""

    @functools.wraps(update)
    def marked(*arguments: Any, **named: Any) -> Any:
        token = _is_update.set(True)
        try:
            return update(*arguments, **named)
        finally:
            _is_update.reset(token)

    return marked


def _sparing(invalidate: Private) -> Private:
    @functools.wraps(invalidate)
    def sparing(func_name: str, *arguments: Any, **named: Any) -> None:
        if _is_update.get():
            _take_busy_ones_out(func_name)
        invalidate(func_name, *arguments, **named)

    return sparing


def _take_busy_ones_out(func_name: str) -> None:
    """The pool's keys are `account:region:function:qualifier`."""
    pool, lock = (ministack.private(f"core.lambda_runtime.{name}") for name in ("_workers", "_lock"))
    with lock:
        for key in [key for key in pool if key.split(":")[-2] == func_name]:
            _retired.update(worker for worker in pool[key] if worker.in_use)
            pool[key] = [worker for worker in pool[key] if not worker.in_use]


def _retiring(release: Private) -> Private:
    kill = ministack.private("core.lambda_runtime.kill_workers")

    @functools.wraps(release)
    def retiring(worker: Private) -> None:
        release(worker)
        if worker in _retired:
            _retired.remove(worker)
            kill([worker])

    return retiring
