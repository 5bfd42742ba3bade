"""A model of Batch: jobs from submission to their end, as its events, ListJobs and DescribeJobs tell of them.

Each rule stands beside its page:

* SubmitJob knows no client token, so a repeated call is a second job; 50 calls a second are allowed:
  https://docs.aws.amazon.com/batch/latest/APIReference/API_SubmitJob.html
  https://docs.aws.amazon.com/batch/latest/userguide/service_limits.html
* A job whose dependency failed fails: https://docs.aws.amazon.com/batch/latest/userguide/job_dependencies.html
* An array job has children, each with events of its own, and ends when all of them have:
  https://docs.aws.amazon.com/batch/latest/userguide/array_jobs.html
* TerminateJob ends a job in whatever state it is: https://docs.aws.amazon.com/batch/latest/APIReference/API_TerminateJob.html
* TerminateJobs does so for up to 50, with an error for each that it did not end; an unknown one counts as
  ended:
  https://docs.aws.amazon.com/batch/latest/APIReference/API_TerminateJobs.html
* With a JOB_NAME filter ListJobs ignores case and lists every status:
  https://docs.aws.amazon.com/batch/latest/APIReference/API_ListJobs.html
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from sluice.tasks.model import task_key
from tests.simulation.aws.errors import Refusal
from tests.simulation.kernel.world import MICROSECONDS, World

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

ENDED: Final = ("SUCCEEDED", "FAILED")
PER_SECOND: Final = 50
START_SECONDS: Final = 2
"""From RUNNABLE to RUNNING where there is room; it is minutes where an instance has to start."""
STOP_SECONDS: Final = 3
MOST_STOPS: Final = 50
LONGEST_REASON: Final = 1024


@dataclass(frozen=True)
class Fate:
    """What will become of a job: how long it runs and how it ends, as `reason` and exit code say."""

    seconds: float
    exit_code: int = 0
    reason: str | None = None
    queued_seconds: float = 0


@dataclass(eq=False)
class Job:
    """A job; times are microseconds since the epoch.

    The child of an array that tasks share has an `index`; of such an array that many children are `left`.
    """

    job_id: str
    request: Mapping[str, Any]
    created: int
    shown: int
    fate: Fate
    status: str = "SUBMITTED"
    started: int | None = None
    stopped: int | None = None
    reason: str | None = None
    exit_code: int | None = None
    terminated: str | None = None
    children: int = 0
    waits_for: set[str] = field(default_factory=set)
    token: str = ""
    index: int | None = None
    left: int = 0
    task_job: str = ""

    @property
    def ended(self) -> bool:
        return self.status in ENDED


class Batch:
    """The service.

    `task_of` says of which task a job is and what it is called there, for the judge; of an array that tasks
    share it is asked child by child. `fate` decides about a job, `lag` how late ListJobs shows it, `misses`
    whether DescribeJobs leaves it out for once, as its answers may lag behind too, and `spares` whether
    TerminateJobs does; `emit` hears of events.
    """

    def __init__(  # noqa: PLR0913 - each is a decision
        self,
        world: World,
        *,
        fate: Callable[[Mapping[str, Any]], Fate],
        lag: Callable[[], float],
        emit: Callable[[Mapping[str, Any]], None],
        task_of: Callable[[Mapping[str, Any], int | None], tuple[str, str]] = lambda _, __: ("", ""),
        per_second: float = PER_SECOND,
        misses: Callable[[], bool] = lambda: False,
        spares: Callable[[], bool] = lambda: False,
    ) -> None:
        self.world, self._fate, self._lag, self._emit, self._misses = world, fate, lag, emit, misses
        self._spares, self._task_of = spares, task_of
        self.jobs: dict[str, Job] = {}
        self.shared: dict[str, Job] = {}
        """Arrays that tasks share; their children are among the jobs."""
        self.by_name: dict[str, list[Job]] = {}
        self._dependents: dict[str, list[Job]] = {}
        self._tokens, self._filled, self._per_second = per_second, world.now, per_second
        self.throttled = 0

    def submit_job(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Makes a job."""
        self._take_token()
        if "gone" in request["jobQueue"]:
            raise Refusal("ClientException", f"JobQueue {request['jobQueue']} not found")
        for entry in request.get("dependsOn", ()):
            if "jobId" in entry and entry["jobId"] not in self.jobs:
                raise Refusal("ClientException", f"dependent job {entry['jobId']} not found")
        job_id = f"job-{len(self.jobs) + len(self.shared):05d}"
        shown = self.world.now + round(self._lag() * MICROSECONDS)
        if "taskArray" in request.get("parameters", {}):
            return self._submit_shared(job_id, request, shown)
        token, name = self._task_of(request, None)
        job = Job(job_id, request, self.world.now, shown, self._fate(request), token=token, task_job=name)
        job.children = request.get("arrayProperties", {}).get("size", 0)
        self.jobs[job_id] = job
        self.by_name.setdefault(request["jobName"].lower(), []).append(job)
        self.world.say(f"Batch has {job_id}, {job.task_job} of {job.token}")
        for entry in request.get("dependsOn", ()):
            needed = self.jobs.get(entry.get("jobId", ""))
            if needed is not None and not needed.ended:
                job.waits_for.add(needed.job_id)
                self._dependents.setdefault(needed.job_id, []).append(job)
            elif needed is not None and needed.status == "FAILED":
                self.world.after(1, self._doom, job)
        self._go_on(job)
        return {"jobId": job_id, "jobName": request["jobName"], "jobArn": f"arn:aws:batch:::job/{job_id}"}

    def _submit_shared(self, job_id: str, request: Mapping[str, Any], shown: int) -> dict[str, Any]:
        """Makes an array of which each child is a task's."""
        size = request["arrayProperties"]["size"]
        parent = Job(job_id, request, self.world.now, shown, Fate(0), status="PENDING", left=size)
        self.shared[job_id] = parent
        self.by_name.setdefault(request["jobName"].lower(), []).append(parent)
        self.world.say(f"Batch has {job_id}, an array of {size}")
        for index in range(size):
            token, name = self._task_of(request, index)
            known = {**request, "parameters": {"taskKey": task_key(token), "taskJob": name}}
            child = Job(f"{job_id}:{index}", request, self.world.now, shown, self._fate(known))
            child.token, child.task_job, child.index = token, name, index
            self.jobs[child.job_id] = child
            self._go_on(child)
        return {"jobId": job_id, "jobName": request["jobName"], "jobArn": f"arn:aws:batch:::job/{job_id}"}

    def describe_job_queues(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Each queue has one compute environment of its own."""
        order = [{"order": 1, "computeEnvironment": "environment"}]
        return {
            "jobQueues": [
                {"jobQueueArn": name, "computeEnvironmentOrder": order}
                for name in request["jobQueues"]
                if "gone" not in name
            ]
        }

    def describe_compute_environments(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """All are of instances."""
        of = {"computeResources": {"type": "EC2"}}
        return {
            "computeEnvironments": [
                {"computeEnvironmentArn": name, **of} for name in request["computeEnvironments"]
            ]
        }

    def list_jobs(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Jobs of a name, as far as the listing has caught up."""
        ((_, names),) = ((entry["name"], entry["values"]) for entry in request["filters"])
        found = [
            {
                "jobId": job.job_id,
                "jobName": job.request["jobName"],
                "createdAt": job.created // 1000,
                "status": job.status,
            }
            for job in self.by_name.get(names[0].lower(), ())
            if job.shown <= self.world.now and job.request["jobQueue"] == request["jobQueue"]
        ]
        return {"jobSummaryList": found}

    def describe_jobs(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """JobDetails of those that Batch knows."""
        assert len(request["jobs"]) <= 100
        everything = {**self.shared, **self.jobs} if self.shared else self.jobs
        known = [everything[job_id] for job_id in request["jobs"] if job_id in everything]
        return {"jobs": [self.detail(job) for job in known if not self._misses()]}

    def terminate_job(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Ends a job a little later; an ended one stays as it is."""
        found = self._named(request["jobId"])
        if not found:
            raise Refusal("ClientException", f"Job {request['jobId']} not found")
        for job in found:
            self._terminate(job, request["reason"])
        return {}

    def _named(self, job_id: str) -> list[Job]:
        """The job of an id, or the children of an array that tasks share."""
        if job_id in self.shared:
            size = self.shared[job_id].request["arrayProperties"]["size"]
            return [self.jobs[f"{job_id}:{index}"] for index in range(size)]
        return [self.jobs[job_id]] if job_id in self.jobs else []

    def terminate_jobs(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Ends jobs, each with an answer of its own."""
        if not 0 < len(request["jobs"]) <= MOST_STOPS:
            raise Refusal("ClientException", f"{len(request['jobs'])} jobs")
        spared = [job_id for job_id in request["jobs"] if self._spares()]
        ended = [job_id for job_id in request["jobs"] if job_id not in spared]
        for job_id in ended:
            for job in self._named(job_id):
                self._terminate(job, request["reason"])
        said = {"code": "ThrottlingException", "message": "Too Many Requests"}
        return {"successful": ended, "errors": [{"job": job_id, **said} for job_id in spared]}

    def _terminate(self, job: Job, reason: str) -> None:
        if not job.ended and job.terminated is None:
            job.terminated = reason[:LONGEST_REASON]
            delay = STOP_SECONDS if job.status == "RUNNING" else 0.2
            self.world.after(delay, self._finish, job, "FAILED", job.terminated, None)

    def detail(self, job: Job) -> dict[str, Any]:
        """A JobDetail."""
        said: dict[str, Any] = {
            "jobId": job.job_id,
            "jobName": job.request["jobName"],
            "jobQueue": job.request["jobQueue"],
            "status": job.status,
            "createdAt": job.created // 1000,
            "parameters": job.request.get("parameters", {}),
            "attempts": [],
        }
        if job.index is not None:
            said["arrayProperties"] = {"index": job.index}
        elif job.job_id in self.shared:
            said["arrayProperties"] = {"size": job.request["arrayProperties"]["size"], "statusSummary": {}}
        if job.started is not None:
            said["startedAt"] = job.started // 1000
            container = {"logStreamName": f"log/{job.job_id}"}
            said["container"] = container | ({} if job.exit_code is None else {"exitCode": job.exit_code})
            said["attempts"] = [{}] if job.ended else []
        if job.stopped is not None:
            said["stoppedAt"] = job.stopped // 1000
        if job.reason is not None:
            said["statusReason"] = job.reason
        if job.terminated is not None and job.ended:
            said["isTerminated"] = True
        return said

    def _go_on(self, job: Job) -> None:
        if job.ended or job.terminated is not None:
            return
        if job.waits_for:
            job.status = "PENDING"
            return
        job.status = "RUNNABLE"
        self.world.after(START_SECONDS + job.fate.queued_seconds, self._run, job)

    def _run(self, job: Job) -> None:
        if job.ended or job.terminated is not None:
            return
        job.status, job.started = "RUNNING", self.world.now
        self.world.after(job.fate.seconds, self._end_by_itself, job)

    def _end_by_itself(self, job: Job) -> None:
        if job.terminated is None:
            failed = job.fate.exit_code != 0 or job.fate.reason is not None
            self._finish(job, "FAILED" if failed else "SUCCEEDED", job.fate.reason, job.fate.exit_code)

    def _finish(self, job: Job, status: str, reason: str | None, exit_code: int | None) -> None:
        if job.ended:
            return
        job.status, job.stopped, job.reason, job.exit_code = status, self.world.now, reason, exit_code
        self.world.say(f"{job.job_id} ends: {status} {reason or ''}")
        for index in range(job.children):
            detail = self.detail(job) | {
                "jobId": f"{job.job_id}:{index}",
                "arrayProperties": {"index": index},
            }
            self._tell(detail)
        self._tell(self.detail(job))
        if job.index is not None:
            self._end_with_the_last(self.shared[job.job_id.partition(":")[0]], failed=status == "FAILED")
        for dependent in self._dependents.pop(job.job_id, ()):
            dependent.waits_for.discard(job.job_id)
            by_child = any(
                entry.get("jobId") == job.job_id and entry.get("type") == "N_TO_N"
                for entry in dependent.request["dependsOn"]
            )
            if status == "FAILED" and not by_child:
                self.world.after(1, self._doom, dependent)
            else:
                self._go_on(dependent)

    def _end_with_the_last(self, parent: Job, *, failed: bool) -> None:
        """Notes the end of a child; an array ends when all have, and fails if one did."""
        parent.left -= 1
        parent.exit_code = 1 if failed else parent.exit_code
        if not parent.left:
            parent.status = "SUCCEEDED" if parent.exit_code is None else "FAILED"
            parent.stopped = self.world.now
            self._tell(self.detail(parent))

    def _doom(self, job: Job) -> None:
        if not job.ended:
            job.waits_for.clear()
            self._finish(job, "FAILED", "Dependent Job failed", None)

    def _tell(self, detail: Mapping[str, Any]) -> None:
        self._emit({"source": "aws.batch", "detail-type": "Batch Job State Change", "detail": detail})

    def _take_token(self) -> None:
        passed = (self.world.now - self._filled) / MICROSECONDS
        self._tokens = min(self._per_second, self._tokens + passed * self._per_second)
        self._filled = self.world.now
        if self._tokens < 1:
            self.throttled += 1
            raise Refusal("TooManyRequestsException", "Too Many Requests", 429)
        self._tokens -= 1
