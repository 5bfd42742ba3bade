"""The template as CloudFormation sees it, when SAM's transform has made its resources."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import boto3
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

from sluice_local.packaging import package

TEMPLATE = Path(__file__).parents[2] / "template.yaml"


def expanded_template() -> dict[str, Any]:
    """The template without a resource of SAM's own."""
    packaged = package(TEMPLATE, bucket="bucket", upload=lambda _key, _body: None)
    translator = Translator({}, Parser(), boto_session=boto3.Session(region_name="us-east-1"))
    found: dict[str, Any] = translator.translate(packaged, {})
    return found
