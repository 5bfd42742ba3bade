"""The words by which what is out of a stack's bounds is refused, and the way out; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sluice.schema import listed, shown

if TYPE_CHECKING:
    from collections.abc import Sequence


def queue_refusal(queue: str, instead: Sequence[str]) -> str:
    """Why a job may not go to a queue; `instead` are ARNs of those that the stack watches."""
    return (
        f"{shown(queue)} is no job queue that this stack watches, so it would never hear of the job's end. "
        f"Deploy it with this queue in JobQueueArns, or use {listed(instead)}"
    )


def definition_refusal(definition: str, instead: Sequence[str]) -> str:
    """Why a job may not be of a definition; `instead` are ARNs of those that the stack may use."""
    return (
        f"{shown(definition)} is no job definition that this stack may use. "
        f"Deploy it with this definition in JobDefinitionArns, or use {listed(instead)}"
    )


def workflow_refusal(arn: str, instead: Sequence[str]) -> str:
    """Why a cohort may not start a state machine; `instead` are ARNs of those that it may start."""
    return (
        f"cohorts of this stack must not start {arn}. "
        f"Deploy it with this state machine in WorkflowArns, or use {listed(instead)}"
    )
