"""SubmitJob as botocore's own model of AWS Batch describes it, and botocore's own check of a request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.session import Session
from botocore.validate import ParamValidator

if TYPE_CHECKING:
    from collections.abc import Mapping

SUBMIT_JOB: Any = Session().get_service_model("batch").operation_model("SubmitJob").input_shape


def botocores_complaint(request: Mapping[str, Any]) -> str:
    """What botocore has against the request; empty if it would send it."""
    report = ParamValidator().validate(dict(request), SUBMIT_JOB)
    return str(report.generate_report()) if report.has_errors() else ""
