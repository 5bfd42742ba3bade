"""Handles the records of an SQS event one by one, so that a bad one does not hold up the others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response

from sluice.telemetry import logger

if TYPE_CHECKING:
    from collections.abc import Callable

    from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord


def handle_records(event: dict[str, Any], handle: Callable[[str], None]) -> PartialItemFailureResponse:
    """Hands each record's body to `handle`; returns the records that raised, for SQS to deliver again.

    What a record holds is for `handle` to read; it must not raise for a body that will never be better.
    https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
    """

    def handle_record(record: SQSRecord) -> None:
        body = record.get("body")
        handle(body if isinstance(body, str) else "")

    processor = BatchProcessor(
        event_type=EventType.SQS,
        raise_on_entire_batch_failure=False,
        logger=logger,  # type: ignore[arg-type] # Powertools' own Logger has what is used of logging's
    )
    return process_partial_response(event, handle_record, processor)
