"""Schedules whose names are taken.

AWS: a schedule's name is unique in its group, so that CloudFormation cannot make a second one of that name,
and a schedule with another name is another schedule,
https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html and
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-scheduler-schedule.html.

MiniStack 1.5.33: its CloudFormation passes over the refusal, so that two stacks share one schedule, and it
leaves the old schedule where a template changes the name.

Fixed by asking first, and by replacing a schedule whose name changes.
"""

import functools
from collections.abc import Mapping
from typing import Any

from sluice_local.engine import ministack
from sluice_local.engine.ministack import Private

TYPE = "AWS::Scheduler::Schedule"
_PROVISIONERS = "services.cloudformation.provisioners"
_NAME_CHARACTERS_MAX = 64


def install() -> None:
    """Refuse a name that is taken, and replace a schedule whose name changes."""
    handlers = ministack.private(f"{_PROVISIONERS}._RESOURCE_HANDLERS")
    create = functools.partial(_create, handlers[TYPE]["create"])
    handlers[TYPE] = {
        **handlers[TYPE],
        "create": create,
        "update": functools.partial(_update, create, handlers[TYPE]),
        "update_with_logical_id": True,
    }


def _create(create: Private, logical_id: str, properties: Mapping[str, Any], stack_name: str) -> Private:
    name, group = _name(logical_id, properties, stack_name), properties.get("GroupName", "default")
    if f"{group}/{name}" in ministack.private("services.scheduler._schedules"):
        raise ValueError(
            f"Schedule {name} already exists in group {group}. (HandlerErrorCode: AlreadyExists)"
        )
    return create(logical_id, properties, stack_name)


def _update(  # noqa: PLR0913, PLR0917 - what MiniStack calls an update with
    create: Private,
    handler: Mapping[str, Private],
    old_id: str,
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    stack_name: str,
    logical_id: str,
) -> Private:
    replaced = ministack.private(f"{_PROVISIONERS}._rename_replacement")(
        old_id, old, new, stack_name, logical_id, _name(logical_id, new, stack_name), old_id, create,
        handler["delete"],
    )  # fmt: skip
    return replaced or handler["update"](old_id, old, new, stack_name)


def _name(logical_id: str, properties: Mapping[str, Any], stack_name: str) -> str:
    made_up = ministack.private(f"{_PROVISIONERS}._physical_name")
    return str(properties.get("Name") or made_up(stack_name, logical_id, max_len=_NAME_CHARACTERS_MAX))
