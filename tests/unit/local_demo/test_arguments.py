"""What may be asked for."""

import pytest

from sluice_local.cli import build_parser
from sluice_local.quotas import Quota


def test_the_demo_runs_twelve_samples_against_awss_quota_unless_told_otherwise() -> None:
    arguments = build_parser().parse_args(["demo"])
    assert (arguments.samples, arguments.quota, arguments.seed, arguments.depth) == (12, 50, 1, 0.4)
    assert arguments.job_slots >= 1


def test_quotas_and_parameters_may_be_given_more_than_once() -> None:
    given = ["--quota", "Batch.SubmitJob=5", "--quota", "States.StartExecution=none", "--parameter", "A=b=c"]
    arguments = build_parser().parse_args(["up", *given])
    assert arguments.quota == [("Batch.SubmitJob", Quota(5, 5)), ("States.StartExecution", None)]
    assert arguments.parameter == [("A", "b=c")]


@pytest.mark.parametrize(
    ("command_line", "told"),
    [
        (["demo", "--samples", "0"], "0 is below 1"),
        (["demo", "--seed", "-1"], "-1 is below 0"),
        (["demo", "--depth", "0"], "0 is not above 0"),
        (["demo", "--quota", "nan"], "nan is not above 0"),
        (["demo", "--job-slots", "many"], "--job-slots: 'many' is not a whole number"),
        (["demo", "--samples", "1.5"], "--samples: '1.5' is not a whole number"),
        (["demo", "--depth", "deep"], "--depth: 'deep' is not a number"),
        (["up", "--port", "http"], "--port: 'http' is not a whole number"),
        (["up", "--quota", "Batch.Foo=3"], "'Batch.Foo' has no quota here; there are Batch.SubmitJob, "),
        (["up", "--quota", "Batch.SubmitJob=many"], "'many' is not a number"),
        (["up", "--port", "70000"], "70000 is above 65535"),
        (["up", "--quota", "Batch.SubmitJob"], "is not of the form KEY=VALUE"),
        (["up", "--parameter", "=5"], "is not of the form KEY=VALUE"),
    ],
)
def test_a_wrong_argument_is_named(
    command_line: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        build_parser().parse_args(command_line)
    assert ended.value.code == 2
    assert told in capsys.readouterr().err
