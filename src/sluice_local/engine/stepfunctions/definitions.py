"""Refuses state machines that AWS would refuse.

AWS: CreateStateMachine and UpdateStateMachine check the definition and answer InvalidDefinition,
https://docs.aws.amazon.com/step-functions/latest/apireference/API_CreateStateMachine.html.

MiniStack 1.5.33: checks the syntax of JSONata expressions only; the rest fails (or not) when the state
runs.

Fixed by `sluice_local.states_language`, and by a check of the arguments of optimised integrations.
"""

import functools
from typing import Any

from botocore.model import Shape

from sluice_local.api_models.checking import service_model
from sluice_local.engine import ministack
from sluice_local.engine.ministack import Private
from sluice_local.engine.stepfunctions.batch_arguments import recased, template_problems
from sluice_local.states_language.definition import check_definition
from sluice_local.states_language.problems import JSONATA, Problem, Problems, State
from sluice_local.states_language.resources import INTEGRATIONS, integration_of

_MODELS = {"states": "stepfunctions"}
"""Where botocore calls a service otherwise than Step Functions does."""


def definition_problems(definition: str) -> list[str]:
    """Return what makes `definition` (ASL as JSON text) invalid, each with the place where it stands."""
    problems, states = check_definition(definition)
    problems += [problem for state in states for problem in _argument_problems(state)]
    return [str(problem) for problem in problems]


def _argument_problems(state: State) -> Problems:
    """What AWS says of the arguments of optimised integrations when the machine is made."""
    named = integration_of(str(state.body.get("Resource"))) if state.kind == "Task" else None
    if named is None or named[1] not in INTEGRATIONS.get(named[0], ()):
        return
    field = "Arguments" if state.language == JSONATA else "Parameters"
    for problem in template_problems(state.body.get(field, {}), _input_shape(named[0], named[1])):
        yield Problem(problem, f"{state.place}/{field}")


@functools.cache
def _input_shape(service: str, action: str) -> Shape | None:
    model = service_model(_MODELS.get(service, service))
    return model.operation_model(recased(action, upper=True)).input_shape


def install() -> None:
    """Check each definition that is given to CreateStateMachine and UpdateStateMachine."""
    ministack.wrap("services.stepfunctions._create_state_machine", _checked)
    ministack.wrap("services.stepfunctions._update_state_machine", _checked)


def _checked(handler: Private) -> Private:
    @functools.wraps(handler)
    def handle(request: dict[str, Any]) -> Private:
        problems = definition_problems(request["definition"]) if "definition" in request else []
        if problems:
            message = f"Invalid State Machine Definition: '{', '.join(problems)}'"
            return ministack.private("core.responses.error_response_json")("InvalidDefinition", message, 400)
        return handler(request)

    return handle
