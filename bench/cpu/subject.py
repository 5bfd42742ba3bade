"""Runs the real handlers in this process and writes what CPU time a task took, as JSON.

Everything but AWS is as deployed: handlers, services, botocore, TLS. First submit_jobs takes tasks and
submits their jobs, then handle_job_status hears of these jobs' ends, in batches of one as at 50 a second.
"""

import cProfile
import json
import os
import pstats
import ssl
import sys
import threading
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final
from urllib.request import Request, urlopen

from bench.cpu.tasks import job_ended

WARM_UP: Final = 60
"""Tasks before those that count: connections and caches are made by then."""

ROUND: Final = {"slot": 0, "number": 0, "probe": False, "emptyRounds": 0}

SUBMIT, HANDLE = "submit_jobs", "handle_job_status"

Handler = Callable[[Any, Any], Any]


def measure(tasks: int, *, profiled: bool) -> dict[str, Any]:
    """Takes so many tasks through both functions.

    Returns:
        For each function `cpuMs`, CPU time in ms a task, and `profile` if it is wanted: the own time of the
        Python functions that took most, in ms a task.

    Raises:
        RuntimeError: AWS's stand-in still has open tasks, so less was done than would be counted.
    """
    submit, handle = _handler(SUBMIT), _handler(HANDLE)
    _submit(submit, WARM_UP)
    submitting = _watched(lambda: _submit(submit, tasks), profiled=profiled)
    events = [{"Records": [job_ended(*job)]} for job in _ask("submitted", {})["jobs"]]
    for event in events[:WARM_UP]:
        handle(event, _context())
    handling = _watched(lambda: [handle(event, _context()) for event in events[WARM_UP:]], profiled=profiled)
    if left := _ask("submitted", {})["jobs"]:
        raise RuntimeError(f"{len(left)} of {len(events)} tasks were not completed: nothing was measured.")
    return {SUBMIT: _per_task(*submitting, tasks), HANDLE: _per_task(*handling, tasks)}


def _handler(function: str) -> Handler:
    handler: Handler = import_module(f"{function}.app").lambda_handler
    return handler


def _submit(submit: Handler, tasks: int) -> None:
    _ask("prepare", {"tasks": tasks})
    done = 0
    while done < tasks:
        done += submit(ROUND, _context())["tasks"]


def _context() -> Any:
    return SimpleNamespace(
        function_name="bench",
        memory_limit_in_mb=512,
        invoked_function_arn="arn:aws:lambda:eu-west-1:123456789012:function:bench",
        aws_request_id="00000000-0000-0000-0000-000000000000",
        get_remaining_time_in_millis=lambda: 900_000,
    )


def _ask(what: str, asked: Any) -> Any:
    request = Request(f"{os.environ['AWS_ENDPOINT_URL']}/{what}", json.dumps(asked).encode())  # noqa: S310 - our own
    trusted = ssl.create_default_context(cafile=os.environ["AWS_CA_BUNDLE"])
    with urlopen(request, context=trusted) as answer:  # noqa: S310 - our own
        return json.load(answer)


def _watched(act: Callable[[], object], *, profiled: bool) -> tuple[float, list[cProfile.Profile]]:
    """The CPU seconds of this process and, if wanted, what each of its threads did."""
    profiles: list[cProfile.Profile] = []

    def begin(*_: object) -> None:
        profiles.append(cProfile.Profile(time.thread_time))
        profiles[-1].enable()

    if profiled:
        threading.setprofile(begin)
        begin()
    began = time.process_time()
    act()
    took = time.process_time() - began
    threading.setprofile(None)
    if profiled:
        profiles[0].disable()
    return took, profiles


def _per_task(seconds: float, profiles: list[cProfile.Profile], tasks: int) -> dict[str, Any]:
    own: dict[str, float] = {}
    for profile in profiles:
        profile.create_stats()
        for (file, _, name), figures in pstats.Stats(profile).stats.items():  # type: ignore[attr-defined]
            place = "/".join(Path(file).parts[-2:]) if file != "~" else ""
            label = f"{place} {name}".strip()
            own[label] = own.get(label, 0) + figures[2] * 1000 / tasks
    return {"cpuMs": seconds * 1000 / tasks, "profile": own}


if __name__ == "__main__":
    target, count, wanted = sys.argv[1:]
    Path(target).write_text(json.dumps(measure(int(count), profiled=wanted == "profiled")), encoding="utf-8")
