"""What the live page says holds the jobs back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sluice_local.batch.capacity.room import Lack
from sluice_local.live.walls import LOOK_BACK_SECONDS, OPEN_TASKS_MAX, Pressure, binding_wall

NOW = 1_000
FREE = Pressure((), {}, {}, 50.0, 0)
LATELY = range(NOW - LOOK_BACK_SECONDS, NOW)


def name(pressure: Pressure) -> str | None:
    wall = binding_wall(pressure, NOW)
    return wall.name if wall else None


@pytest.mark.parametrize(
    ("pressure", "expected"),
    [
        (FREE, None),
        (replace(FREE, submits=dict.fromkeys(LATELY, (49, 0))), "SubmitJob"),
        (replace(FREE, submits=dict.fromkeys(LATELY, (40, 0))), None),
        (replace(FREE, submits=dict.fromkeys(LATELY, (49, 0)), submit_quota=None), None),
        (replace(FREE, submits={NOW - 3: (1, 1)}), "SubmitJob"),
        (replace(FREE, submits={NOW: (0, 9), NOW - LOOK_BACK_SECONDS - 1: (0, 9)}), None),
        (replace(FREE, starts={NOW - 1: (300, 1)}), "Step Functions' StartExecution"),
        (replace(FREE, lacks=[Lack.LAUNCHES, Lack.VCPUS]), "Fargate's task launches"),
        (replace(FREE, lacks=[Lack.VCPUS]), "vCPUs of the compute environments"),
        (replace(FREE, lacks=[Lack.SLOTS]), "this machine's job slots"),
        (replace(FREE, open_tasks=OPEN_TASKS_MAX), "open tasks, for their heartbeats"),
        (replace(FREE, open_tasks=OPEN_TASKS_MAX - 1), None),
    ],
)
def test_the_last_wall_that_is_used_up_holds_jobs_back(pressure: Pressure, expected: str | None) -> None:
    assert name(pressure) == expected


def test_jobs_that_wait_in_batch_show_that_submissions_are_not_what_holds_them_back() -> None:
    pressed = replace(FREE, submits=dict.fromkeys(LATELY, (49, 0)), lacks=[Lack.LAUNCHES])
    assert name(pressed) == "Fargate's task launches"
