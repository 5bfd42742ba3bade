"""One SAM CLI, one Local AWS and one build for all of these tests."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pytest

from sluice_local.server import LocalAws
from sluice_local.settings import LocalSettings
from tests.sam.checkout import Checkout, copy_project
from tests.support.building import Machines
from tools.sam.toolbox import NotSetUpError, Toolbox, prepared_toolbox, run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.stack.stack import Stack

# a network that Local AWS does not look at
NETWORK = {"SubnetIds": "subnet-0a1b2c3d", "SecurityGroupIds": "sg-0a1b2c3d"}


@pytest.fixture(scope="session")
def toolbox() -> Toolbox:
    return prepared_toolbox()


@pytest.fixture(scope="session")
def local_aws() -> Iterator[LocalAws]:
    with LocalAws(LocalSettings(activity_poll_seconds=1)) as aws:
        yield aws


@pytest.fixture(scope="session")
def checkout(toolbox: Toolbox, local_aws: LocalAws, tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """The project, built."""
    made = Checkout(tmp_path_factory.mktemp("project"), toolbox, local_aws)
    copy_project(made.folder)
    run(toolbox.build_command(), environment=toolbox.environment({}), folder=made.folder)
    return made


@pytest.fixture(scope="session")
def stack(checkout: Checkout) -> Stack:
    """The stack under its own name, at work."""
    return checkout.deploy("sluice", **NETWORK)


@pytest.fixture
def unique() -> str:
    """A name that no other test uses."""
    return f"t{uuid.uuid4().hex[:12]}"


@pytest.fixture
def machines(local_aws: LocalAws, unique: str) -> Machines:
    return Machines(local_aws.client("stepfunctions"), unique)


def pytest_report_header() -> str:
    try:
        box = prepared_toolbox()
    except NotSetUpError as error:
        return str(error)
    kind = "one that stands in for AWS's" if box.is_stand_in() else "AWS's"
    return f"SAM CLI on {box.docker_host}; Lambda's runtime image is {kind}: {box.runtime_image}"
