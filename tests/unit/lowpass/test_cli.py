"""The command line: exit status, messages, start-up."""

import subprocess
import sys
from pathlib import Path

import pytest

from lowpass import cli
from tests.unit.lowpass.building import SAMPLE, Region

COMMANDS = ["accuracy", "align", "compile", "impute", "ligate", "likelihoods", "reads", "reference"]


@pytest.mark.parametrize("command", [[], *([command] for command in COMMANDS)])
def test_help_is_printed_and_is_no_error(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        cli.run([*command, "--help"])

    assert stopped.value.code == 0
    assert capsys.readouterr().out.startswith(" ".join(["usage: lowpass", *command]))


def test_help_loads_none_of_the_libraries_that_the_commands_need() -> None:
    program = "import sys, lowpass.cli; print([m for m in ('boto3', 'numpy', 'pysam') if m in sys.modules])"

    printed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert printed.stdout == "[]\n"


def test_the_package_runs_as_a_module_too() -> None:
    command = [sys.executable, "-m", "lowpass", "align", "--reads", "/no/reads", "--reference", "r"]

    ended = subprocess.run([*command, "--output", "o"], capture_output=True, text=True, check=False)

    assert ended.returncode == 2
    assert ended.stderr.startswith("lowpass align: there is no file /no/reads;")


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--depth", "0", "0 is not above 0 and at most 100"),
        ("--depth", "nan", "nan is not above 0"),
        ("--depth", "deep", "'deep' is not a number"),
        ("--seed", "-1", "-1 is negative"),
        ("--seed", "1.5", "'1.5' is not a whole number"),
    ],
)
def test_a_number_out_of_range_ends_with_status_2_and_says_the_range(
    option: str, value: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    files = ["--truth", "t", "--reference", "r", "--sample", "s", "--output", "o"]

    with pytest.raises(SystemExit) as stopped:
        cli.run(["reads", *files, f"{option}={value}"])

    assert stopped.value.code == 2
    assert message in capsys.readouterr().err


def test_an_unknown_sample_ends_with_status_2_and_near_names(
    region: Region, chain: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    inputs = ["--truth", str(region.truth), "--reference", str(chain / "reference.fa.gz")]

    status = cli.run(["reads", *inputs, "--sample", SAMPLE[:-1], "--output", str(tmp_path / "a.fq")])

    assert status == 2
    message = capsys.readouterr().err
    assert SAMPLE in message
    assert message.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_likelihoods_of_another_panel_end_with_status_2(
    region: Region, chain: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # GIVEN a panel of one person at one site
    panel = tmp_path / "panel.vcf"
    header = ["##fileformat=VCFv4.3", "##contig=<ID=20>"]
    header += ['##FORMAT=<ID=GT,Number=1,Type=String,Description="genotype">']
    columns = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tNA1"
    panel.write_text("\n".join([*header, columns, "20\t5\t.\tA\tG\t.\t.\t.\tGT\t0|1", ""]))
    inputs = ["--likelihoods", str(chain / "likelihoods.bcf"), "--map", str(region.genetic_map)]

    status = cli.run(["impute", *inputs, "--panel", str(panel), "--output", str(tmp_path / "a.bcf")])

    assert status == 2
    assert "likelihoods.bcf has other sites than the panel" in capsys.readouterr().err


def test_reads_that_are_no_fastq_end_with_status_1_and_no_output(
    region: Region, chain: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "a.bam"
    inputs = ["--reads", str(region.panel), "--reference", str(chain / "reference.fa.gz")]

    status = cli.run(["align", *inputs, "--output", str(output)])

    assert status == 1
    assert capsys.readouterr().err.startswith("lowpass align: panel.bcf ")
    assert list(tmp_path.iterdir()) == []
