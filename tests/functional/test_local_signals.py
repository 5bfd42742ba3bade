"""When a signal interrupts a program that started others."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from sluice_local.terminal.signals import Interrupted, deferred, raise_interrupted

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def _former_handlers() -> Iterator[None]:
    former = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    raise_interrupted()
    yield
    for number, handler in former.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_deferred_signal_interrupts_when_the_block_is_over(number: signal.Signals) -> None:
    done = []
    with pytest.raises(Interrupted) as interrupted:  # noqa: PT012 - the block is what is tested
        with deferred():
            signal.raise_signal(number)
            done.append("the block")
        done.append("what follows")
    assert (done, interrupted.value.exit_status) == (["the block"], 128 + number)


def test_without_a_signal_nothing_changes() -> None:
    former = signal.getsignal(signal.SIGTERM)
    with deferred():
        assert signal.getsignal(signal.SIGTERM) is not former
    assert signal.getsignal(signal.SIGTERM) is former
