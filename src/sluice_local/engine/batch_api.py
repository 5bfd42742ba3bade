"""Gap: MiniStack's Batch is a stub whose jobs succeed at once, with no parameters, arrays, events, processes.

Every operation is replaced by `sluice_local.batch`; state changes go to MiniStack's event bus. The page
`/_sluice/jobs` shows every job.
"""

import functools
import json
import os
import tempfile
import urllib.parse
from collections.abc import Callable
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from sluice_local.batch.api import BatchApi, Operation
from sluice_local.batch.backend import Backend, Surroundings
from sluice_local.batch.capacity.room import Room
from sluice_local.batch.definitions import Definitions
from sluice_local.batch.deliveries import Deliveries
from sluice_local.batch.events import job_row, state_change
from sluice_local.batch.model import Document, Job, RequestRefusedError, Scope
from sluice_local.batch.queues import Queues
from sluice_local.batch.running.runner import Runner, RunnerSettings, account_credentials
from sluice_local.batch.scheduler import Scheduler
from sluice_local.batch.sharing.policies import SchedulingPolicies
from sluice_local.engine import ministack
from sluice_local.engine.context import Engine
from sluice_local.engine.faults.jobs import FaultyRunner, StuckJobs, vanishing
from sluice_local.engine.iam.jobs import role_credentials
from sluice_local.engine.job_logs import JobLogs
from sluice_local.engine.job_metadata import JobMetadata
from sluice_local.engine.ministack import Private
from sluice_local.settings import LocalSettings

_TAGS_PATH = "/v1/tags/"
Response = tuple[int, dict[str, str], bytes]
Handler = Callable[[Document], Response]

denied_jobs: ContextVar[frozenset[str]] = ContextVar("denied_jobs", default=frozenset())
"""The jobs that the request being served must not end, where IAM is enforced."""


def install(engine: Engine) -> tuple[BatchApi, Deliveries]:
    """Put a Batch that runs jobs in the place of MiniStack's stub; answers with its API and its events.

    Raises:
        EngineMismatchError: if MiniStack's stub is not where it was.
    """
    metadata = JobMetadata(_endpoint_url())
    runner_settings = _runner_settings(engine.settings, metadata)
    queues, policies, runner = Queues(), SchedulingPolicies(), Runner(runner_settings)
    logs = JobLogs(runner_settings.folder)
    deliveries = Deliveries(_Outlet(logs).deliver)
    deliveries.subscribe(metadata.follow)
    stuck = StuckJobs(engine.faults, queues)

    def policy_of(queue_arn: str) -> Document | None:
        arn = queues.policy_arn(queue_arn)
        return policies.find(arn) if arn else None

    surroundings = Surroundings(
        publish=deliveries.publish,
        stop_program=runner.stop,
        serving_order=queues.serving_order,
        blocked_by=stuck.blocked_by,
        environments_of=queues.environments_of,
        policy_of=policy_of,
    )
    given = engine.settings
    room = Room(given.job_slots, given.fargate_launches, given.ec2_dispatches)
    backend = Backend(surroundings, room)
    stuck.attach(backend)
    vanish = vanishing(engine.faults, backend)
    api = BatchApi(backend, queues, Definitions(), vanish, denied=denied_jobs.get, policies=policies)
    Scheduler(backend, FaultyRunner(engine.faults, runner, backend))
    logs.follow(backend.jobs)
    engine.on_exit(backend.close)
    engine.on_exit(runner.close)
    engine.pages["jobs"] = lambda: {
        "jobs": [job_row(job) for job in backend.jobs()],
        "forgotten": [job_row(job) for job in backend.forgotten()],
    }
    _replace_stub(api)
    return api, deliveries


def _endpoint_url() -> str:
    return f"http://127.0.0.1:{os.environ['GATEWAY_PORT']}"


def _runner_settings(settings: LocalSettings, metadata: JobMetadata) -> RunnerSettings:
    return RunnerSettings(
        folder=Path(settings.job_directory or tempfile.mkdtemp(prefix="batch-")).absolute(),
        endpoint_url=_endpoint_url(),
        task_variables=metadata.variables,
        credentials=role_credentials if settings.enforce_iam else account_credentials,
    )


def _replace_stub(api: BatchApi) -> None:
    handlers = {name: _handler(operation) for name, operation in api.operations().items()}
    by_path = {f"/v1/{name.lower()}": handler for name, handler in handlers.items()}
    ministack.replace("services.batch._DISPATCH", by_path)
    ministack.wrap("services.batch.handle_request", functools.partial(_with_tags, handlers))


def _with_tags(handlers: dict[str, Handler], handle_request: Private) -> Private:
    """The operations on tags have the resource's ARN in the path, and no POST to a path of their own."""

    @functools.wraps(handle_request)
    async def handle(method: str, path: str, headers: Any, body: Any, query: Any) -> Private:
        if not path.startswith(_TAGS_PATH):
            return await handle_request(method, path, headers, body, query)
        request: dict[str, Any] = {"resourceArn": urllib.parse.unquote(path.removeprefix(_TAGS_PATH))}
        if method == "POST":
            return handlers["TagResource"]({**json.loads(body or b"{}"), **request})
        if method == "DELETE":
            keys = query.get("tagKeys") or []
            return handlers["UntagResource"](
                {**request, "tagKeys": keys if isinstance(keys, list) else [keys]}
            )
        return handlers["ListTagsForResource"](request)

    return handle


def _handler(operation: Operation) -> Handler:
    """Make the function that MiniStack calls with a request's JSON."""
    error_response = ministack.private("core.responses.error_response_json")

    def handle(request: Document) -> Response:
        try:
            answer = operation(request, request_scope())
        except RequestRefusedError as error:
            refused: Response = error_response("ClientException", str(error), 400)
            return refused
        return 200, {"Content-Type": "application/json"}, json.dumps(answer).encode()

    return handle


def request_scope() -> Scope:
    """Tell the account and Region of the request that is being served."""
    account = ministack.private("core.responses.get_account_id")()
    region = ministack.private("core.responses.get_region")()
    return Scope(account, region)


class _Outlet:
    """Where state changes go in MiniStack: the job's log first, so that a reader of the event finds it."""

    def __init__(self, logs: JobLogs) -> None:
        self._logs = logs
        self._in_scope = ministack.private("core.responses.request_scope")
        self._put_events = ministack.private("services.eventbridge._put_events")

    def deliver(self, job: Job) -> None:
        if job.attempt_just_ended is not None:
            self._logs.keep(job, job.attempt_just_ended.placement, is_over=True)
        with self._in_scope(job.spec.scope.account, job.spec.scope.region):
            self._put_events({"Entries": [state_change(job)]}, allow_aws_source=True)
