"""The stack's parameters, read from template.yaml, so that what is simulated is what is deployed."""

from dataclasses import dataclass
from typing import Self

from bench.scale.scenario import Scenario
from sluice.rate.gcra import Limit
from sluice.tasks.reconciliation import ReconciliationPolicy
from sluice_local.packaging import read_template
from sluice_local.stack import find_project, stack_parameters


@dataclass(frozen=True)
class Parameters:
    """What a poller and the reconciler are told; memories are those of the functions.

    Attributes:
        limit: of SubmitJob.
        poller_count, open_polls, poller_threads, round_seconds, rounds_per_execution, max_empty_rounds: of
            the pollers.
        function_seconds: after which submit_jobs is ended.
        healing: of the reconciler.
        memory_mib: by the function's logical name.
    """

    limit: Limit
    poller_count: int
    open_polls: int
    poller_threads: int
    round_seconds: int
    rounds_per_execution: int
    max_empty_rounds: int
    function_seconds: int
    healing: ReconciliationPolicy
    memory_mib: dict[str, int]

    @classmethod
    def of(cls, scenario: Scenario) -> Self:
        """Reads the template's defaults, with rate and burst as they are chosen for the quota."""
        template = read_template(find_project().file("template.yaml").read_text(encoding="utf-8"))
        default = {name: each.get("Default") for name, each in template["Parameters"].items()}
        chosen = stack_parameters(scenario.submit_quota)
        usual = template["Globals"]["Function"]["MemorySize"]
        fixed = template["Globals"]["Function"]["Environment"]["Variables"]
        functions = {
            name: each["Properties"]
            for name, each in template["Resources"].items()
            if each["Type"] == "AWS::Serverless::Function"
        }
        return cls(
            limit=Limit(float(chosen["SubmitRatePerSecond"]), burst=int(chosen["SubmitBurst"])),
            poller_count=int(default["PollerCount"]),
            open_polls=int(default["OpenPolls"]),
            poller_threads=int(chosen["PollerThreads"]),
            round_seconds=int(default["RoundSeconds"]),
            rounds_per_execution=int(default["RoundsPerExecution"]),
            max_empty_rounds=int(default["MaxEmptyRounds"]),
            function_seconds=int(functions["SubmitJobsFunction"]["Timeout"]),
            healing=ReconciliationPolicy(
                heartbeat_seconds=int(default["ReconcileHeartbeatSeconds"]),
                takeover_seconds=int(fixed["TAKEOVER_SECONDS"]),
                overdue_seconds=int(default["OverdueSeconds"]),
            ),
            memory_mib={name: int(each.get("MemorySize", usual)) for name, each in functions.items()},
        )
