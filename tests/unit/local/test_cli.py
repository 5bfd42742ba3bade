"""What may be asked of `sluice-local up`."""

import pytest
from typer.testing import CliRunner

from sluice_local.cli import app, parse_dispatches, parse_launches, parse_parameter, parse_quota
from sluice_local.quotas import Quota


def test_a_quota_is_a_rate_of_an_api_or_none() -> None:
    assert parse_quota("Batch.SubmitJob=5") == ("Batch.SubmitJob", Quota(5, 5))
    assert parse_quota("States.StartExecution=none") == ("States.StartExecution", None)


def test_launches_and_dispatches_are_rates_or_none() -> None:
    assert (parse_launches("4"), parse_dispatches("4")) == (Quota(20, 4), Quota(4, 4))
    assert (parse_launches("none"), parse_dispatches("none")) == (None, None)
    assert parse_dispatches(Quota(4, 4)) == Quota(4, 4), "Typer reads a default twice"


def test_a_parameter_may_hold_an_equals_sign() -> None:
    assert parse_parameter("A=b=c") == ("A", "b=c")


@pytest.mark.parametrize(
    ("command_line", "told"),
    [
        (["--port", "http"], "'http' is not a whole number"),
        (["--port", "70000"], "70000 is above 65535"),
        (["--job-slots", "0"], "0 is below 1"),
        (["--quota", "Batch.Foo=3"], "'Batch.Foo' has no quota here; these have one: Batch.SubmitJob, "),
        (["--quota", "Batch.SubmitJob=many"], "'many' is not a number"),
        (["--quota", "Batch.SubmitJob=nan"], "nan is not above 0"),
        (["--quota", "Batch.SubmitJob"], "is not of the form KEY=VALUE"),
        (["--ec2-dispatches", "0"], "0 is not above 0"),
        (["--fargate-launches", "few"], "'few' is not a number"),
        (["--parameter", "=5"], "is not of the form KEY=VALUE"),
    ],
)
def test_a_wrong_argument_is_named(command_line: list[str], told: str) -> None:
    ended = CliRunner(env={"COLUMNS": "200"}).invoke(app, ["up", *command_line])
    assert ended.exit_code == 2
    assert told in " ".join(ended.stderr.replace("│", " ").split())
