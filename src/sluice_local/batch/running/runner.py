"""Runs the attempts of jobs as local processes and keeps them within their limits."""

import hashlib
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from sluice_local.batch.model import Exit, Job
from sluice_local.batch.running.exits import TERMINATED, Ending, verdict
from sluice_local.batch.running.job_python import JobPythons
from sluice_local.batch.running.memory import group_memory_mib, proportional_memory_mib
from sluice_local.batch.running.processes import Command, Program, run_command

_SCRATCH = "scratch"
# words between slashes, none of which begins with a dot; a file system takes 255 bytes a word
_PLAIN = re.compile(r"(?:\w[\w.-]*/)*\w[\w.-]*", re.ASCII)
_PLAIN_LENGTH = 240
CLOSED = Ending(status_reason="Local AWS was stopped", at_once=True)


def account_credentials(job: Job) -> Mapping[str, str]:
    """Return the variables that let a job do everything: its account's number is the access key."""
    return {"AWS_ACCESS_KEY_ID": job.spec.scope.account, "AWS_SECRET_ACCESS_KEY": "local"}


@dataclass(frozen=True, slots=True)
class RunnerSettings:
    """Where files go, which endpoint the jobs' AWS clients use, and how patiently programs are ended.

    `folder` gets `logs/` and `scratch/`; `credentials` gives the variables with a job's credentials,
    `task_variables` those that ECS sets for a task;
    `grace_seconds` lie between SIGTERM and SIGKILL (30 in ECS,
    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_definition_parameters.html); limits
    are looked at every `check_seconds`.
    """

    folder: Path
    endpoint_url: str
    credentials: Callable[[Job], Mapping[str, str]] = account_credentials
    task_variables: Callable[[Job], Mapping[str, str]] = lambda _: {}
    grace_seconds: float = 2.0
    check_seconds: float = 0.5


class Runner:
    """Runs attempts; `run` blocks its thread, `stop` may come from any other."""

    def __init__(self, settings: RunnerSettings) -> None:
        self._settings = settings
        self._pythons = JobPythons(settings.folder / _SCRATCH)
        self._lock = threading.Lock()
        self._programs: dict[str, Program] = {}
        self._stopped_early: dict[str, Ending] = {}
        self._closing = threading.Event()
        threading.Thread(target=self._keep_limits, name="batch-limits", daemon=True).start()

    def run(self, job: Job, on_started: Callable[[], None]) -> Exit:
        """Run a placed job's command to its end."""
        job_id = job.spec.job_id

        def started(program: Program) -> None:
            on_started()
            self._register(job_id, program)

        try:
            with self._pythons.lent() as python:
                return run_command(job_command(job, self._settings, python), on_started=started)
        finally:
            with self._lock:
                self._programs.pop(job_id, None)
                self._stopped_early.pop(job_id, None)

    def stop(self, job_id: str, ending: Ending = TERMINATED) -> None:
        """End a job's program, by default because of TerminateJob, also when it has not started yet."""
        with self._lock:
            program = self._programs.get(job_id)
            if program is None:
                self._stopped_early[job_id] = ending
                return
        self._end(program, ending)

    def close(self) -> None:
        """Kill every program that still runs."""
        self._closing.set()
        for program in self._running():
            self._end(program, CLOSED)

    def _register(self, job_id: str, program: Program) -> None:
        with self._lock:
            self._programs[job_id] = program
            ending = CLOSED if self._closing.is_set() else self._stopped_early.pop(job_id, None)
        if ending is not None:
            self._end(program, ending)

    def _running(self) -> list[Program]:
        with self._lock:
            return list(self._programs.values())

    def _end(self, program: Program, ending: Ending) -> None:
        program.stop(ending, grace_seconds=self._settings.grace_seconds)

    def _keep_limits(self) -> None:
        while not self._closing.wait(self._settings.check_seconds):
            self._check(self._running())

    def _check(self, programs: list[Program]) -> None:
        has_memory_limit = any(program.limits.memory_mib is not None for program in programs)
        memory = group_memory_mib() if has_memory_limit else {}
        now = time.monotonic()
        for program in programs:
            memory_mib = _confirmed_mib(program, memory.get(program.group, 0))
            ending = verdict(program.limits, memory_mib=memory_mib, now_seconds=now)
            if ending is not None:
                self._end(program, ending)
            program.kill_if_due(now_seconds=now)


def _confirmed_mib(program: Program, resident_mib: float) -> float:
    """Count shared pages once, which is slow, only when counting them often says that it is too much."""
    limit_mib = program.limits.memory_mib
    if limit_mib is None or resident_mib <= limit_mib:
        return resident_mib
    return proportional_memory_mib(program.group)


def job_command(job: Job, settings: RunnerSettings, python: Path) -> Command:
    """Turn a placed job into the command to run in a Python environment, with the variables that Batch sets.

    Sources: https://docs.aws.amazon.com/batch/latest/userguide/job_env_vars.html and, for AWS_EXECUTION_ENV,
    https://docs.aws.amazon.com/sdkref/latest/guide/settings-reference.html#EVarSettings
    """
    spec, placement = job.spec, job.placement
    environment = {
        "AWS_ENDPOINT_URL": settings.endpoint_url,
        "AWS_DEFAULT_REGION": spec.scope.region,
        "AWS_REGION": spec.scope.region,
        **settings.credentials(job),
        **spec.environment,
        **settings.task_variables(job),
        "AWS_EXECUTION_ENV": "AWS_ECS_FARGATE" if placement and placement.on_fargate else "AWS_ECS_EC2",
        "AWS_BATCH_CE_NAME": placement.compute_environment.rpartition("/")[2] if placement else "",
        "AWS_BATCH_JOB_ID": spec.job_id,
        "AWS_BATCH_JQ_NAME": spec.queue_arn.rpartition("/")[2],
        "AWS_BATCH_JOB_ATTEMPT": str(len(job.attempts) + 1),
    }
    return Command(
        arguments=spec.command,
        environment=environment,
        python=python,
        scratch_folder=settings.folder / _SCRATCH,
        log_path=log_path(settings.folder, placement.log_stream if placement else spec.job_id),
        memory_mib=spec.memory_mib,
        timeout_seconds=spec.timeout_seconds,
    )


def log_path(folder: Path, log_stream: str) -> Path:
    """Tell which file in the runner's folder holds the output of a log stream.

    A stream is named after a prefix that the job definition gives; CloudWatch Logs takes nearly everything,
    such as `../..`, https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogStream.html.
    What would not stay in the folder is kept there under a digest.
    """
    is_plain = len(log_stream) <= _PLAIN_LENGTH and _PLAIN.fullmatch(log_stream)
    name = log_stream if is_plain else hashlib.sha256(log_stream.encode()).hexdigest()
    return folder / "logs" / f"{name}.log"
