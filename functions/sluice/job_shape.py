"""What a job of a task's input may hold: SubmitJob's arguments, less what Sluice gives; pure.

https://docs.aws.amazon.com/batch/latest/APIReference/API_SubmitJob.html
"""

from __future__ import annotations

import re
from typing import Final

from sluice.shape import Entries, Fields, Flag, Named, Text, Whole

MAX_NAME: Final = 111
"""Batch's 128 characters less a hyphen and the 16 that Sluice adds (submission.job_name)."""

MAX_DEPENDENCIES: Final = 20
"""https://docs.aws.amazon.com/batch/latest/userguide/service_limits.html"""

NAME: Final = re.compile(rf"[A-Za-z0-9][A-Za-z0-9_-]{{0,{MAX_NAME - 1}}}")
"""The names of a task's jobs."""

_FILLED: Final = Text(least=1)
_STRINGS: Final = Entries(Text())
_QUANTITIES: Final = Named(value=_FILLED)

_ENVIRONMENT: Final = Entries(Fields({"name": Text(), "value": Text()}))
_REQUIREMENTS: Final = Entries(Fields({"value": Text(), "type": Text()}, required=("value", "type")))

_CONTAINER: Final = Fields(
    {
        "vcpus": Whole(),
        "memory": Whole(),
        "command": _STRINGS,
        "instanceType": Text(),
        "environment": _ENVIRONMENT,
        "resourceRequirements": _REQUIREMENTS,
    }
)

_ECS: Final = Fields(
    {
        "taskProperties": Entries(
            Fields(
                {
                    "containers": Entries(
                        Fields(
                            {
                                "command": _STRINGS,
                                "environment": _ENVIRONMENT,
                                "name": Text(),
                                "resourceRequirements": _REQUIREMENTS,
                            }
                        )
                    )
                }
            )
        )
    }
)

_EKS_CONTAINERS: Final = Entries(
    Fields(
        {
            "name": Text(),
            "image": Text(),
            "command": _STRINGS,
            "args": _STRINGS,
            "env": Entries(Fields({"name": Text(), "value": Text()}, required=("name",))),
            "resources": Fields({"limits": _QUANTITIES, "requests": _QUANTITIES}),
        }
    )
)

_EKS: Final = Fields(
    {
        "podProperties": Fields(
            {
                "containers": _EKS_CONTAINERS,
                "initContainers": _EKS_CONTAINERS,
                "metadata": Fields({"labels": Named(), "annotations": Named(), "namespace": Text()}),
            }
        )
    }
)

_CONSUMABLES: Final = Fields(
    {
        "consumableResourceList": Entries(
            Fields({"consumableResource": Text(), "quantity": Whole(-(2**63), 2**63 - 1)})
        )
    }
)

_NODES: Final = Fields(
    {
        "numNodes": Whole(),
        "nodePropertyOverrides": Entries(
            Fields(
                {
                    "targetNodes": Text(),
                    "containerOverrides": _CONTAINER,
                    "ecsPropertiesOverride": _ECS,
                    "instanceTypes": _STRINGS,
                    "eksPropertiesOverride": _EKS,
                    "consumableResourcePropertiesOverride": _CONSUMABLES,
                },
                required=("targetNodes",),
            )
        ),
    }
)

_RETRIES: Final = Fields(
    {
        "attempts": Whole(1, 10),
        "evaluateOnExit": Entries(
            Fields(
                {"onStatusReason": Text(), "onReason": Text(), "onExitCode": Text(), "action": Text()},
                required=("action",),
            ),
            most=5,
        ),
    }
)

DEPENDENCY: Final = Fields(
    {
        "jobName": _FILLED,
        "jobId": _FILLED,
        "type": Text(pattern=re.compile("N_TO_N|SEQUENTIAL"), described="N_TO_N or SEQUENTIAL"),
    }
)

JOB: Final = Fields(
    {
        "jobName": Text(
            pattern=NAME, described=f"1 to {MAX_NAME} of A-Z a-z 0-9 _ -, the first a letter or digit"
        ),
        "jobQueue": _FILLED,
        "jobDefinition": _FILLED,
        "dependsOn": Entries(DEPENDENCY, most=MAX_DEPENDENCIES),
        "parameters": Named(),
        "arrayProperties": Fields({"size": Whole(2, 10_000)}),
        "consumableResourcePropertiesOverride": _CONSUMABLES,
        "containerOverrides": _CONTAINER,
        "ecsPropertiesOverride": _ECS,
        "eksPropertiesOverride": _EKS,
        "nodeOverrides": _NODES,
        "propagateTags": Flag(),
        "retryStrategy": _RETRIES,
        "schedulingPriorityOverride": Whole(0, 9999),
        "shareIdentifier": _FILLED,
        "tags": Named(name=Text(least=1, most=128), value=Text(most=256), most=50),
        "timeout": Fields({"attemptDurationSeconds": Whole(least=60)}),
    },
    required=("jobName", "jobQueue", "jobDefinition"),
)
"""The names and types are botocore's, held to them by a test; the bounds are the page's."""
