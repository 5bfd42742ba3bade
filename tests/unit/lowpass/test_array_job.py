"""Windows that are imputed apart, as children of an array job, and joined."""

from pathlib import Path

import numpy as np
import pytest
from pysam import bcftools

from lowpass import cli
from lowpass.imputation.array_job import ArrayJobError, index_of, location_of
from lowpass.variants import read_numbers, read_samples
from tests.unit.lowpass.building import SAMPLE, Region

CHILD = {"AWS_BATCH_JOB_ARRAY_INDEX": "2"}


@pytest.mark.parametrize(
    ("given", "windows", "environment", "index"),
    [(None, 3, CHILD, 2), (1, 3, CHILD, 1), (0, 3, {}, 0), (None, 1, {}, 0), (None, 1, CHILD, 0)],
)
def test_a_window_is_the_one_that_is_named_or_else_the_child_s_own(
    given: int | None, windows: int, environment: dict[str, str], index: int
) -> None:
    assert index_of(given, windows, environment) == index


@pytest.mark.parametrize(
    ("given", "windows", "environment", "message"),
    [
        (None, 3, {}, "which of the 3 windows. Give --window, or run it in an array job of Batch"),
        (None, 2, CHILD, "there is no window 2: 2 windows have the numbers 0 to 1"),
        (5, 3, {}, "there is no window 5"),
        (1, 1, {}, "there is no window 1"),
    ],
)
def test_a_window_that_is_none_is_refused(
    given: int | None, windows: int, environment: dict[str, str], message: str
) -> None:
    with pytest.raises(ArrayJobError, match=message):
        index_of(given, windows, environment)


def test_each_window_has_a_file_of_its_own() -> None:
    assert location_of("s3://lab/NA1.window-{window}.bcf", 12, 11) == "s3://lab/NA1.window-11.bcf"
    assert location_of("NA1.bcf", 1, 0) == "NA1.bcf"
    with pytest.raises(
        ArrayJobError, match=r"NA1\.bcf would be the file of each of the 2 windows; put {window}"
    ):
        location_of("NA1.bcf", 2, 0)


@pytest.fixture(scope="module")
def pieces(region: Region, chain: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Half a megabase in two windows: the pattern of their names."""
    pattern = str(tmp_path_factory.mktemp("windows") / "window-{window}.bcf")
    inputs = ["--likelihoods", str(chain / "likelihoods.bcf"), "--panel", str(region.panel)]
    for index in ("0", "1"):
        which = ["--map", str(region.genetic_map), "--windows", "2", "--window", index]
        assert cli.run(["impute", *inputs, *which, "--output", pattern]) == 0
    return pattern


def ligate(pieces: str, likelihoods: Path, output: Path, windows: int = 2) -> int:
    inputs = ["--imputed", pieces, "--likelihoods", str(likelihoods), "--windows", str(windows)]
    return cli.run(["ligate", *inputs, "--output", str(output)])


def test_windows_are_joined_to_all_sites_in_order(chain: Path, tmp_path: Path, pieces: str) -> None:
    assert ligate(pieces, chain / "likelihoods.bcf", tmp_path / "joined.bcf") == 0

    sites, dosages = read_numbers(tmp_path / "joined.bcf", "DS")
    whole, expected = read_numbers(chain / "imputed.bcf", "DS")
    assert sites.are(whole)
    assert np.corrcoef(dosages[:, 0], expected[:, 0])[0, 1] ** 2 > 0.97
    assert read_samples(tmp_path / "joined.bcf") == [SAMPLE]


def test_what_is_not_all_windows_of_one_sample_is_refused(
    chain: Path, tmp_path: Path, pieces: str, capsys: pytest.CaptureFixture[str]
) -> None:
    likelihoods, output = chain / "likelihoods.bcf", tmp_path / "joined.bcf"
    # GIVEN the second window twice
    for index in ("0", "1"):
        (tmp_path / f"same-{index}.bcf").write_bytes(Path(pieces.format(window=1)).read_bytes())

    assert ligate(str(tmp_path / "same-{window}.bcf"), likelihoods, output) == 2
    assert "same-0.bcf has" in (message := capsys.readouterr().err)
    assert "but window 0 of 2 has" in message
    assert ligate(pieces, likelihoods, output, windows=3) == 2
    assert "there is no file" in capsys.readouterr().err
    # GIVEN likelihoods of another sample
    names, other = tmp_path / "names.txt", tmp_path / "other.bcf"
    names.write_text("NA1\n")
    bcftools.reheader("-s", str(names), "-o", str(other), str(likelihoods), catch_stdout=False)
    assert ligate(pieces, other, output) == 2
    assert f"window-0.bcf is of {SAMPLE}, other.bcf of NA1" in capsys.readouterr().err
    assert not output.exists()


@pytest.mark.parametrize("windows", ["0", "-1", "10001", "many", "1.5"])
def test_a_number_of_windows_out_of_range_ends_with_status_2(
    windows: str, capsys: pytest.CaptureFixture[str]
) -> None:
    files = ["--likelihoods", "l", "--panel", "p", "--map", "m", "--output", "o"]

    with pytest.raises(SystemExit) as stopped:
        cli.run(["impute", *files, f"--windows={windows}"])

    assert stopped.value.code == 2
    assert windows in capsys.readouterr().err
