"""Half a megabase of the real data, and one person's run over it."""

from pathlib import Path

import pytest
from pysam import bcftools

from lowpass import cli
from tests.unit.lowpass.building import DATA, SAMPLE, Region


@pytest.fixture(scope="session")
def region(tmp_path_factory: pytest.TempPathFactory) -> Region:
    folder = tmp_path_factory.mktemp("region")
    for name in ("panel", "truth"):
        bcftools.view(
            *("-r", "20:2000000-2500000", "-Ob", "-o", str(folder / f"{name}.bcf")),
            str(DATA / f"{name}.bcf"),
            catch_stdout=False,
        )
    return Region(folder / "panel.bcf", folder / "truth.bcf", DATA / "genetic_map.b37.tsv.gz")


@pytest.fixture(scope="session")
def chain(region: Region, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with every file that the commands make for one person at depth 1."""
    folder = tmp_path_factory.mktemp("chain")

    def run(command: str, output: str, **inputs: object) -> None:
        arguments = [text for name, value in inputs.items() for text in (f"--{name}", str(value))]
        assert cli.run([command, *arguments, "--output", str(folder / output)]) == 0

    reference, panel = folder / "reference.fa.gz", region.panel
    run("reference", "reference.fa.gz", panel=panel)
    run("reads", "reads.fq.gz", truth=region.truth, reference=reference, sample=SAMPLE, depth=1)
    run("align", "sample.bam", reads=folder / "reads.fq.gz", reference=reference, sample=SAMPLE)
    run("likelihoods", "likelihoods.bcf", alignment=folder / "sample.bam", panel=panel)
    imputation = {"likelihoods": folder / "likelihoods.bcf", "panel": panel, "map": region.genetic_map}
    run("impute", "imputed.bcf", **imputation)
    run("accuracy", "accuracy.json", imputed=folder / "imputed.bcf", truth=region.truth, panel=panel)
    return folder
