"""What the stack's own workflow, statemachines/workflow.asl.json, reads of a sample's input; pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sluice.schema import Text, shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sluice.schema import Kind

OWN_WORKFLOW_NEEDS: Final = ("reads", "reference", "panel", "geneticMap", "output")
"""What each sample needs besides its name."""

FARGATE_MIB: Final = range(2048, 8192 + 1, 1024)
"""Memory that Fargate has for the one vCPU of each job.

https://docs.aws.amazon.com/batch/latest/APIReference/API_ResourceRequirement.html
"""


@dataclass(frozen=True)
class FargateMemory:
    """A size of Fargate's in MiB: a whole number, or the text of one, as CSV has it."""

    allowed: str = (
        f"a whole number of MiB that Fargate has for 1 vCPU: {FARGATE_MIB[0]} to {FARGATE_MIB[-1]} "
        f"in steps of {FARGATE_MIB.step}"
    )

    def complaints(self, path: str, value: Any) -> Iterator[str]:
        """Says what is wrong with a value."""
        is_whole = type(value) is int or (isinstance(value, str) and re.fullmatch(r"[1-9][0-9]{0,9}", value))
        if not is_whole or int(value) not in FARGATE_MIB:
            yield f"{path} is {shown(value)}; it must be {self.allowed}"


_TEXT: Final = Text(least=1, pattern=re.compile(r"(?s).*\S.*"), described="a text that is not blank")

OWN_WORKFLOW_KINDS: Final[Mapping[str, Kind]] = {
    **dict.fromkeys(OWN_WORKFLOW_NEEDS, _TEXT),
    "memoryMib": FargateMemory(),
}
"""What its fields must be."""
