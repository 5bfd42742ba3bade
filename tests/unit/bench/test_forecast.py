"""The three shapes that forecasts are held against."""

from __future__ import annotations

import pytest

from bench.forecast import SHAPES, Compared, Shape
from sluice_cli.plan.walls import Wall


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.wall.name)
def test_each_shape_is_held_back_by_its_wall_and_far_from_the_others(shape: Shape) -> None:
    by_wall = dict(shape.forecast.by_wall)
    assert shape.forecast.binding is shape.wall
    assert by_wall.pop(shape.wall) > 1.5 * max(by_wall.values())


def test_the_shapes_have_a_wall_each() -> None:
    assert [shape.wall for shape in SHAPES] == [Wall.SUBMIT, Wall.LAUNCHES, Wall.VCPUS]


def test_a_forecast_is_good_within_a_tenth_if_all_samples_succeeded() -> None:
    shape = SHAPES[0]
    seconds = shape.forecast.all_done
    assert Compared(shape, seconds / 1.09, 0, None).is_good
    assert not Compared(shape, seconds / 1.11, 0, None).is_good
    assert not Compared(shape, seconds / 0.89, 0, None).is_good
    assert not Compared(shape, seconds, 1, None).is_good
