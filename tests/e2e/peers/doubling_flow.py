"""A flow that Metaflow compiles for Step Functions: it doubles numbers side by side and adds them up.

It is read by Metaflow, in an environment of its own: https://docs.metaflow.org/metaflow/basics
"""

import os

from metaflow import (  # type: ignore[import-not-found]  # it lives in the peers' environment
    FlowSpec,
    Parameter,
    batch,
    environment,
    step,
)

# what a container image would hold
IMAGE = {"PATH": os.environ["PATH"], "METAFLOW_SKIP_INSTALL_DEPENDENCIES": "1"}


class DoublingFlow(FlowSpec):  # type: ignore[misc]  # its types are not here
    """Double some numbers."""

    factor = Parameter("factor", default=2)

    @environment(vars=IMAGE)  # type: ignore[untyped-decorator]
    @batch  # type: ignore[untyped-decorator]
    @step  # type: ignore[untyped-decorator]
    def start(self) -> None:
        """Choose the numbers."""
        self.numbers = [1, 20]
        self.next(self.double, foreach="numbers")

    @environment(vars=IMAGE)  # type: ignore[untyped-decorator]
    @batch  # type: ignore[untyped-decorator]
    @step  # type: ignore[untyped-decorator]
    def double(self) -> None:
        """Double one."""
        self.doubled = self.input * self.factor
        self.next(self.add)

    @environment(vars=IMAGE)  # type: ignore[untyped-decorator]
    @batch  # type: ignore[untyped-decorator]
    @step  # type: ignore[untyped-decorator]
    def add(self, inputs: "DoublingFlow") -> None:
        """Add them up."""
        self.total = sum(each.doubled for each in inputs)
        self.next(self.end)

    @environment(vars=IMAGE)  # type: ignore[untyped-decorator]
    @batch  # type: ignore[untyped-decorator]
    @step  # type: ignore[untyped-decorator]
    def end(self) -> None:
        """Tell the sum."""
        print(f"the sum is {self.total}")  # noqa: T201 - what a job says


if __name__ == "__main__":
    DoublingFlow()
