"""Which jobs may be the children of one array, and the one request that submits them; pure.

The entry point `jobs/sluice-row` reads what `rows_text` writes, and puts it where the marks stand.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from itertools import takewhile
from typing import TYPE_CHECKING, Any, Final

from sluice.tasks.submission import (
    ARRAY,
    FORM,
    MAX_REQUEST_BYTES,
    ROWS,
    SYNC_FORM,
    job_name,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sluice.tasks.model import Task

MAX_MEMBERS: Final = 99
"""Children of an array. Each member's item is written in one transaction with the array's, of 100 actions at
most.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
"""

MAX_OVERRIDES: Final = 6_000
"""Characters of a job's containerOverrides with its rows. ECS takes 8,192 with what Batch itself adds: the
command, and variables of some 900 characters.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html
"""

MARK: Final = "<sluice:"
"""Begins what stands for a varying parameter in an array's command: the mark, its place, and `>`."""

_ESCAPED: Final = str.maketrans({"\\": "\\\\", "\n": "\\n", "\t": "\\t"})


@dataclass(frozen=True)
class Shape:
    """What jobs have in common that may share an array; equal shapes may.

    Attributes:
        text: all of it, in one way of writing.
        job_name: the job's name in its task.
        varying: the names of the parameters in which they differ.
        request: SubmitJob's arguments but for the job's name and those parameters.
        like_sync: the tasks are of the short form.
    """

    text: str
    job_name: str = field(compare=False)
    varying: tuple[str, ...] = field(compare=False)
    request: Mapping[str, Any] = field(compare=False)
    like_sync: bool = field(compare=False)

    @property
    def job_queue(self) -> str:
        """The queue of all of them."""
        return str(self.request["jobQueue"])


@dataclass(frozen=True)
class Row:
    """A task's place among jobs of its shape: the values of its own, in the order of `Shape.varying`."""

    shape: Shape
    values: tuple[str, ...]


def row_of(task: Task) -> Row | None:
    """The row of a task that says what varies; None if its job has to go alone."""
    if not task.vary or len(task.jobs) != 1:
        return None
    (job,) = task.jobs
    parameters = dict(job.request.get("parameters", {}))
    varying = tuple(sorted(task.vary))
    values = tuple(parameters.pop(name, None) for name in varying)
    common = {**job.request, "parameters": parameters}
    text = json.dumps([job.name, varying, task.like_sync, common], sort_keys=True)
    # a variable of a container holds no NUL, and a mark that others wrote would be taken for one of ours
    if any(not isinstance(each, str) or "\0" in each for each in values) or MARK in text:
        return None
    return Row(Shape(text, job.name, varying, common, task.like_sync), values)


def fits(rows: Sequence[Row]) -> bool:
    """Says whether these rows of one shape may be the children of one array."""
    if len(rows) > MAX_MEMBERS:
        return False
    request = array_request(rows, "0" * 32)
    overrides = json.dumps(request["containerOverrides"])
    whole = json.dumps(request, ensure_ascii=False, separators=(",", ":"))
    return len(overrides) <= MAX_OVERRIDES and len(whole.encode()) <= MAX_REQUEST_BYTES


def array_name(name: str, array_id: str) -> str:
    """Names an array for Batch, so that it is found again by its id in the task table."""
    return job_name(array_id, name)


def array_id_of(key: str, now_us: int) -> str:
    """Makes the id of an array that the task with this key leads; a task leads one at a time."""
    return hashlib.sha256(f"{key}\n{now_us}".encode()).hexdigest()[:32]


def array_request(rows: Sequence[Row], array_id: str) -> dict[str, Any]:
    """Builds SubmitJob's arguments for an array, a child a row, in their order."""
    shape = rows[0].shape
    marks = {name: f"{MARK}{place}>" for place, name in enumerate(shape.varying)}
    form = {FORM: SYNC_FORM} if shape.like_sync else {}
    overrides = dict(shape.request.get("containerOverrides", {}))
    variable = {"name": ROWS, "value": rows_text([row.values for row in rows])}
    overrides["environment"] = [*overrides.get("environment", ()), variable]
    return {
        **shape.request,
        "jobName": array_name(shape.job_name, array_id),
        "parameters": {**shape.request["parameters"], **marks, ARRAY: array_id, **form},
        "arrayProperties": {"size": len(rows)},
        "containerOverrides": overrides,
    }


def rows_text(rows: Sequence[Sequence[str]]) -> str:
    """Writes rows as lines of cells with tabs between.

    What all cells of a column begin with stands in the first line, what they end with in the second. After a
    backslash `n` is a line's end and `t` a tab.
    """
    columns = [_column(cells) for cells in zip(*rows, strict=True)]
    return "\n".join(
        "\t".join(cell.translate(_ESCAPED) for cell in line) for line in zip(*columns, strict=True)
    )


def _column(cells: Sequence[str]) -> list[str]:
    begins = _beginning(cells)
    rests = [cell[len(begins) :] for cell in cells]
    ends = _beginning([rest[::-1] for rest in rests])[::-1]
    return [begins, ends, *(rest[: len(rest) - len(ends)] for rest in rests)]


def _beginning(texts: Sequence[str]) -> str:
    """What all texts begin with."""
    pairs = zip(min(texts), max(texts), strict=False)
    return "".join(one for one, _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
