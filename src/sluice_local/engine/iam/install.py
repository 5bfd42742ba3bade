"""IAM enforcement, put together: what is asked of whom is in the modules beside this one."""

from sluice_local.engine.context import Engine
from sluice_local.engine.iam import batch_requests as iam_batch_requests
from sluice_local.engine.iam import decisions as iam_decisions
from sluice_local.engine.iam import event_sources as iam_event_sources
from sluice_local.engine.iam import event_targets as iam_event_targets
from sluice_local.engine.iam import function_logs as iam_function_logs
from sluice_local.engine.iam import function_roles as iam_function_roles
from sluice_local.engine.iam import integrations as iam_integrations
from sluice_local.engine.iam import missing_objects as iam_missing_objects
from sluice_local.engine.iam import propagation as iam_propagation
from sluice_local.engine.iam import rule_arns as iam_rule_arns
from sluice_local.engine.iam import secure_transport as iam_secure_transport


def install(engine: Engine) -> None:
    """Enforce roles' policies if the settings say so; people, whose access key is `test`, may do all."""
    if not engine.settings.enforce_iam:
        return
    decisions = iam_decisions.install(engine)
    iam_batch_requests.install()
    iam_missing_objects.install()
    iam_rule_arns.install()
    iam_secure_transport.install()
    iam_integrations.install()
    iam_event_sources.install()
    iam_event_targets.install(decisions)
    iam_function_roles.install()
    iam_function_logs.install()
    iam_propagation.install(engine)
