"""IAM enforcement, put together: what is asked of whom is in the modules beside this one."""

from sluice_local.engine import (
    iam_batch_requests,
    iam_decisions,
    iam_event_sources,
    iam_event_targets,
    iam_function_logs,
    iam_function_roles,
    iam_integrations,
    iam_missing_objects,
)
from sluice_local.engine.context import Engine


def install(engine: Engine) -> None:
    """Enforce roles' policies if the settings say so; people, whose access key is `test`, may do all."""
    if not engine.settings.enforce_iam:
        return
    decisions = iam_decisions.install(engine)
    iam_batch_requests.install()
    iam_missing_objects.install()
    iam_integrations.install()
    iam_event_sources.install()
    iam_event_targets.install(decisions)
    iam_function_roles.install()
    iam_function_logs.install()
