"""Settings survive their way to the server process."""

import pytest

from sluice_local.quotas import AWS_QUOTAS, Quota
from sluice_local.settings import LocalSettings


def test_settings_are_read_back_from_their_json_as_they_were() -> None:
    settings = LocalSettings(
        port=4566,
        quotas={"Batch.SubmitJob": Quota(5, 5), "Batch.ListJobs": None},
        job_slots=2,
        job_directory="jobs",
        activity_poll_seconds=1.5,
        alarm_seconds=0.5,
        fargate_launches=Quota(100, 20),
        ec2_dispatches=Quota(2, 3),
    )
    assert LocalSettings.from_json(settings.to_json()) == settings


def test_given_quotas_are_laid_over_those_of_aws_and_none_lifts_one() -> None:
    quotas = LocalSettings(quotas={"Batch.SubmitJob": Quota(5, 5), "Batch.ListJobs": None}).quotas_in_force()
    assert quotas["Batch.SubmitJob"] == Quota(5, 5)
    assert "Batch.ListJobs" not in quotas
    assert quotas["Batch.DescribeJobs"] == AWS_QUOTAS["Batch.DescribeJobs"]


def test_an_unknown_setting_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"\['prot'\].*'port'"):
        LocalSettings.from_json('{"prot": 1}')


@pytest.mark.parametrize(
    "setting",
    [
        {"job_slots": 0},
        {"activity_poll_seconds": 0},
        {"alarm_seconds": 0},
        {"iam_delay_seconds": -1, "enforce_iam": True},
        {"iam_delay_seconds": 5},
    ],
)
def test_a_setting_that_stops_everything_is_refused(setting: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=next(iter(setting))):
        LocalSettings(**setting)  # type: ignore[arg-type]  # one field at a time
