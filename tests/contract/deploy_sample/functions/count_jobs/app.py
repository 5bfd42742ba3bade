"""A function that fails for one message of a batch, so that only that one comes again."""

from typing import Any


def lambda_handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Refuse every message whose body holds `poison`."""
    records = event.get("Records", [])
    failed = [record["messageId"] for record in records if "poison" in record["body"]]
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}
