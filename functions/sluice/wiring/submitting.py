"""What submit_jobs and reconcile_tasks need: they take tasks, submit their jobs, and look after both."""

from __future__ import annotations

from functools import cache, cached_property
from typing import TYPE_CHECKING

from sluice.arrays.sender import ArraySender
from sluice.aws import clients
from sluice.aws.bounds.definitions import ParameterDefinitions
from sluice.aws.bounds.queues import RuleQueues
from sluice.aws.launches import QueueLaunches
from sluice.aws.pollers import DynamoPollerSlots
from sluice.aws.step_functions import BotoActivityQueue
from sluice.pollers.ceiling import Ceiling
from sluice.pollers.hand import Crew, share
from sluice.pollers.idleness import Idleness
from sluice.pollers.pool import PollerPool
from sluice.runtime.workers import ThreadWorkers
from sluice.tasks.contract import Allowed
from sluice.tasks.job_finder import JobFinder
from sluice.tasks.overdue_jobs import OverdueJobs
from sluice.tasks.reconciler import Reconciler
from sluice.tasks.reconciliation import ReconciliationPolicy
from sluice.tasks.submission import submitting_seconds
from sluice.tasks.submitter import Submitter
from sluice.wiring.completing import CompletingWiring

if TYPE_CHECKING:
    from sluice.rate.limiter import Limiter


class SubmittingWiring(CompletingWiring):
    """The services of a function that submits jobs."""

    @cached_property
    def pollers(self) -> PollerPool:
        """What submit_jobs runs."""
        queue = BotoActivityQueue(clients.activity_queue(), self.settings.activity_arn, "sluice")
        return PollerPool(queue, self._submitter, self.clock, self.telemetry, self._own_rate, self._ceiling)

    def crew(self, slot: int) -> Crew:
        """The threads of a slot's poller."""
        settings = self.settings
        return Crew(
            polls=share(settings.open_polls, settings.poller_count, slot),
            threads=share(settings.poller_threads, settings.poller_count, slot),
        )

    @cached_property
    def idleness(self) -> Idleness:
        """What says how submit_jobs goes on."""
        slots = DynamoPollerSlots(clients.dynamodb(), self.settings.rate_table, self.settings.stack_name)
        return Idleness(slots, self.settings)

    @cached_property
    def reconciler(self) -> Reconciler:
        """What reconcile_tasks runs."""
        return Reconciler(
            activities=self._activities,
            store=self.store,
            submitter=self._submitter,
            completer=self.completer,
            overdue_jobs=self._overdue_jobs,
            heartbeat_limiter=self._heartbeat_limiter,
            workers=ThreadWorkers(self.settings.reconciler_threads),
            policy=ReconciliationPolicy(
                heartbeat_seconds=self.settings.heartbeat_seconds,
                takeover_seconds=self.settings.takeover_seconds,
                overdue_seconds=self.settings.overdue_seconds,
            ),
            telemetry=self.telemetry,
            clock=self.clock,
        )

    @cached_property
    def _ceiling(self) -> Ceiling:
        most = self.settings.max_open_tasks
        return Ceiling(most, self.store.count_open, self.telemetry, self.clock)

    def _own_rate(self) -> float:
        """The part of the shared rate that one poller can count on."""
        return self._submitter.submit_limiter.rate_per_second / self.settings.poller_count

    @cached_property
    def _submitter(self) -> Submitter:
        return Submitter(
            batch=self._batch,
            allowed=self._allowed,
            store=self.store,
            completer=self.completer,
            submit_limiter=self._submit_limiter,
            finder=self._finder,
            together=self._together,
            window_seconds=submitting_seconds(self.settings.takeover_seconds),
            telemetry=self.telemetry,
            clock=self.clock,
        )

    @cached_property
    def _allowed(self) -> Allowed:
        settings = self.settings
        return Allowed(
            queues=RuleQueues(self.clock, client=clients.events, rule=settings.job_ended_rule),
            definitions=ParameterDefinitions(
                self.clock,
                client=clients.parameters,
                parameter=settings.job_definition_bounds,
                deployed=settings.job_definition_arns,
            ),
        )

    @cached_property
    def _submit_limiter(self) -> Limiter:
        rate = self.settings.submit_rate_per_second
        return self.limiter("SubmitJob", rate, burst=self.settings.submit_burst)

    @cached_property
    def _finder(self) -> JobFinder:
        limiter, stopper = self._batch_limiter("ListJobs"), self.completer.stopper
        return JobFinder(self._batch, limiter, stopper, self.telemetry, self.clock, self.arrays)

    @cached_property
    def _together(self) -> ArraySender:
        return ArraySender(
            batch=self._batch,
            store=self._array_store,
            launches=QueueLaunches(clients.batch, self.clock),
            limiter=self._submit_limiter,
            finder=self._finder,
            telemetry=self.telemetry,
            clock=self.clock,
        )

    @cached_property
    def _overdue_jobs(self) -> OverdueJobs:
        return OverdueJobs(
            batch=self._batch,
            limiter=self._batch_limiter("DescribeJobs"),
            completer=self.completer,
            telemetry=self.telemetry,
        )


@cache
def submitting() -> SubmittingWiring:
    """The services of this function, made by its first invocation."""
    return SubmittingWiring.from_environment()
