"""Functions whose role trusts Lambda.

AWS: Lambda takes only a role that it may assume and refuses the function otherwise,
https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html.

MiniStack 1.5.33: looks whether the role exists when a function is made by CreateFunction, and never at its
trust policy.

Fixed where the function's process starts: it is the first call that fails, not the making of the function.
"""

import functools

from sluice_local.engine import ministack
from sluice_local.engine.iam.roles import LAMBDA, ActingRole
from sluice_local.engine.ministack import Private


def install() -> None:
    """Start no function whose role does not trust Lambda."""
    ministack.wrap("core.lambda_runtime.Worker._spawn", _if_trusted)


def _if_trusted(spawn: Private) -> Private:
    @functools.wraps(spawn)
    def start(worker: Private) -> Private:
        role = ActingRole(worker.config["Role"], LAMBDA, worker.config["FunctionName"])
        if not role.trusted():
            raise RuntimeError(f"The role defined for the function cannot be assumed by Lambda: {role.arn}")
        return spawn(worker)

    return start
