"""Where what a job prints goes in CloudWatch Logs.

Sources: https://docs.aws.amazon.com/batch/latest/userguide/using_cloudwatch_logs.html and
https://docs.aws.amazon.com/batch/latest/userguide/specify-log-config.html
"""

from typing import Final

from sluice_local.batch.model import Document

USUAL_GROUP: Final = "/aws/batch/job"


def log_group(container: Document) -> str:
    """Tell a job's log group: its logConfiguration's, else Batch's own."""
    return str(_options(container).get("awslogs-group") or USUAL_GROUP)


def log_stream(container: Document, definition_name: str, task_id: str) -> str:
    """Name an attempt's log stream: `<prefix>/default/<ECS task>`."""
    prefix = _options(container).get("awslogs-stream-prefix") or definition_name
    return f"{prefix}/default/{task_id}"


def _options(container: Document) -> Document:
    options = (container.get("logConfiguration") or {}).get("options")
    return options if isinstance(options, dict) else {}
