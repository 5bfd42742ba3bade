"""What the field's own tools make of the files."""

import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from pysam import bcftools

from lowpass import cli
from lowpass.impute import information_scores
from lowpass.variants import read_numbers, read_sites, write_bcf
from tests.unit.lowpass.building import SAMPLE, Region

FILES = ["likelihoods.bcf", "imputed.bcf"]


@pytest.fixture
def program() -> str:
    found = shutil.which("bcftools")
    if not found:
        pytest.skip("bcftools is not installed: apt install bcftools")
    return found


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize(
    "command", [["view"], ["stats"], ["norm", "-m", "-any"], ["query", "-f", "%POS[ %GT]\n"], ["index", "-f"]]
)
def test_bcftools_reads_every_output_without_a_warning(
    chain: Path, program: str, name: str, command: list[str]
) -> None:
    if name == "likelihoods.bcf" and "query" in command:
        command = ["query", "-f", "%POS[ %PL]\n"]

    ended = subprocess.run(
        [program, *command, str(chain / name)], capture_output=True, text=True, check=False
    )

    assert ended.returncode == 0
    remarks = [line for line in ended.stderr.splitlines() if not line.startswith("Lines ")]
    assert remarks == []


def test_the_imputed_file_is_phased_and_tells_the_panels_frequency(region: Region, chain: Path) -> None:
    text = str(bcftools.query("-f", "%POS %INFO/RAF %INFO/INFO [%GT]\n", str(chain / "imputed.bcf")))
    panel = str(bcftools.query("-f", "[%GT|]\n", str(region.panel)))
    rows = [line.split() for line in text.splitlines()]

    assert all(re.fullmatch(r"[01]\|[01]", row[3]) for row in rows)
    frequencies = [np.mean([int(each) for each in line[:-1].split("|")]) for line in panel.splitlines()]
    np.testing.assert_allclose([float(row[1]) for row in rows], frequencies, atol=1e-4)
    assert all(0 <= float(row[2]) <= 1 for row in rows)


def test_the_information_score_is_none_for_what_the_frequency_says_and_full_for_certainty() -> None:
    posteriors = np.array([[0.25, 0.5, 0.25], [0, 1, 0], [1, 0, 0], [0.5, 0.5, 0]])

    # the last: dosage 0.5, variance 0.25, expected 0.5 x 0.75
    np.testing.assert_allclose(information_scores(posteriors), [0, 1, 1, 1 - 0.25 / 0.375])


def test_a_region_is_called_and_imputed_alone(region: Region, chain: Path, tmp_path: Path) -> None:
    where = ["--panel", str(region.panel), "--region", "20:2100000-2300000"]
    likelihoods, imputed = tmp_path / "likelihoods.bcf", tmp_path / "imputed.bcf"
    alignment = ["--alignment", str(chain / "sample.bam")]

    assert cli.run(["likelihoods", *alignment, *where, "--output", str(likelihoods)]) == 0
    inputs = ["--likelihoods", str(chain / "likelihoods.bcf"), "--map", str(region.genetic_map)]
    assert cli.run(["impute", *inputs, *where, "--output", str(imputed)]) == 0

    whole, phred = read_numbers(chain / "likelihoods.bcf", "PL")
    inside = (whole.positions >= 2_100_000) & (whole.positions <= 2_300_000)
    sites, found = read_numbers(likelihoods, "PL")
    assert sites.positions.tolist() == whole.positions[inside].tolist()
    np.testing.assert_array_equal(found, phred[inside])
    assert read_numbers(imputed, "DS")[0].are(sites)


def test_a_region_without_sites_ends_with_status_2(
    region: Region, chain: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    inputs = ["--alignment", str(chain / "sample.bam"), "--panel", str(region.panel)]

    status = cli.run(["likelihoods", *inputs, "--region", "20:1-2", "--output", str(tmp_path / "a.bcf")])

    assert status == 2
    assert "panel.bcf has no sites in 20:1-2" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["a\tb", "a\nb", "", " "])
def test_a_sample_that_no_header_can_hold_ends_with_status_2(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    files = ["--reads", "r", "--reference", "f", "--output", "o"]

    with pytest.raises(SystemExit) as stopped:
        cli.run(["align", *files, "--sample", name])

    assert stopped.value.code == 2
    assert "is empty or has a tab, line break or other control character" in capsys.readouterr().err


def test_likelihoods_without_a_read_end_with_status_1(
    region: Region, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sites = read_sites(region.panel)
    header = ('##FORMAT=<ID=PL,Number=G,Type=Integer,Description="none">',)
    records = [(".", "0,0,0")] * len(sites)
    write_bcf(tmp_path / "none.bcf", sites, sample=SAMPLE, header=header, records=records)
    inputs = ["--likelihoods", str(tmp_path / "none.bcf"), "--panel", str(region.panel)]

    for windows in ([], ["--windows", "2", "--window", "1"]):
        output = ["--map", str(region.genetic_map), "--output", str(tmp_path / "{window}.bcf")]
        assert cli.run(["impute", *inputs, *windows, *output]) == 1
        assert "no site of the panel has a read" in capsys.readouterr().err


def test_likelihoods_of_another_contig_end_with_status_2(
    region: Region, chain: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # GIVEN the panel under the other usual name of its contig
    names = tmp_path / "names.txt"
    names.write_text("20 chr20\n")
    panel = tmp_path / "panel.bcf"
    options = ("--rename-chrs", str(names), "-Ob", "-o", str(panel), str(region.panel))
    bcftools.annotate(*options, catch_stdout=False)
    inputs = ["--likelihoods", str(chain / "likelihoods.bcf"), "--map", str(region.genetic_map)]

    assert cli.run(["impute", *inputs, "--panel", str(panel), "--output", str(tmp_path / "a.bcf")]) == 2
    assert "of contig 20, the panel of chr20; the names of contigs must agree" in capsys.readouterr().err

    inputs = ["--imputed", str(chain / "imputed.bcf"), "--truth", str(region.truth)]
    assert cli.run(["accuracy", *inputs, "--panel", str(panel), "--output", str(tmp_path / "a.json")]) == 2
    assert "of contig 20, the panel of chr20" in capsys.readouterr().err


def test_a_long_read_name_is_cut(chain: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "reads.fq").write_text(f"@{'n' * 300}\n{'ACGT' * 25}\n+\n{'F' * 100}\n")
    files = ["--reads", str(tmp_path / "reads.fq"), "--reference", str(chain / "reference.fa.gz")]

    assert cli.run(["align", *files, "--sample", SAMPLE, "--output", str(tmp_path / "a.bam")]) == 0
    assert f"0 of 1 reads of {SAMPLE} mapped" in capsys.readouterr().out


@pytest.mark.parametrize("phred", ["0,3", "0,3,40,5", ".", "0,3,.", "-1,0,3", "nan,0,3"])
def test_likelihoods_that_are_not_of_a_diploid_person_are_refused(
    region: Region, tmp_path: Path, capsys: pytest.CaptureFixture[str], phred: str
) -> None:
    # GIVEN one site of many with other likelihoods
    sites = read_sites(region.panel)
    header = ('##FORMAT=<ID=PL,Number=.,Type=Float,Description="of one read">',)
    records = [(".", "0,3,40")] * len(sites)
    records[7] = (".", phred)
    write_bcf(tmp_path / "odd.bcf", sites, sample=SAMPLE, header=header, records=records)
    inputs = ["--likelihoods", str(tmp_path / "odd.bcf"), "--panel", str(region.panel)]

    status = cli.run(["impute", *inputs, "--map", str(region.genetic_map), "--output", str(tmp_path / "a")])

    assert status == 1
    assert f"at {sites.key(7)}; it must be 3 numbers of 0 or more" in capsys.readouterr().err


def test_likelihoods_that_are_all_unlikely_count_by_their_differences(region: Region, tmp_path: Path) -> None:
    sites = read_sites(region.panel)
    header = ('##FORMAT=<ID=PL,Number=G,Type=Integer,Description="of one read">',)
    found = []
    for name, phred in (("usual", "0,3,40"), ("high", "100000,100003,100040")):
        likelihoods, output = tmp_path / f"{name}.gl.bcf", tmp_path / f"{name}.bcf"
        write_bcf(likelihoods, sites, sample=SAMPLE, header=header, records=[(".", phred)] * len(sites))
        inputs = ["--likelihoods", str(likelihoods), "--panel", str(region.panel)]
        where = ["--map", str(region.genetic_map), "--output", str(output)]
        assert cli.run(["impute", *inputs, *where]) == 0
        found.append(read_numbers(output, "DS")[1])

    assert found[0].tolist() == found[1].tolist()


def test_an_output_that_is_a_folder_ends_with_status_2(
    region: Region, chain: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    inputs = ["--alignment", str(chain / "sample.bam"), "--panel", str(region.panel)]

    assert cli.run(["likelihoods", *inputs, "--output", str(tmp_path)]) == 2
    assert f"{tmp_path} is a folder; give the name of a file to write" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("suffix", "content", "message"),
    [
        (".gz.bwt", b"cut", ".bwt has 3 bytes instead of"),
        (".gz.sa", b"cut", ".sa has 3 bytes instead of"),
        (".gz.pac", b"cut", ".pac has 3 bytes instead of"),
        (".gz.ann", b"", "list index out of range"),
        (".dict", b"", "is damaged"),
        (".dict", b"@HD\tVN:1.0\n@SQ\tSN:21\tLN:5\n", "the dictionary and the BWA index"),
    ],
)
def test_a_damaged_index_of_the_reference_is_refused(  # noqa: PLR0913, PLR0917 - what varies, and where
    chain: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    suffix: str,
    content: bytes,
    message: str,
) -> None:
    for path in chain.glob("reference.*"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / f"reference.fa{suffix}").write_bytes(content)
    inputs = ["--reads", str(chain / "reads.fq.gz"), "--reference", str(tmp_path / "reference.fa.gz")]

    assert cli.run(["align", *inputs, "--output", str(tmp_path / "a.bam")]) == 1
    told = capsys.readouterr().err
    assert message in told
    assert "make it again: bwa index, and samtools dict" in told
