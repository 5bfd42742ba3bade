"""What tests of whole services share."""

from __future__ import annotations

import io
import logging
from typing import TYPE_CHECKING

import pytest

from sluice.runtime.telemetry import logger

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """The functions' log as CloudWatch gets it."""
    text = io.StringIO()
    handler = logging.StreamHandler(text)
    handler.setFormatter(logger.registered_formatter)
    functions_logger = logging.getLogger(logger.name)
    functions_logger.addHandler(handler)
    yield text
    functions_logger.removeHandler(handler)
