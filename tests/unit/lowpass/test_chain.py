"""From reads to imputed genotypes on real genotypes."""

import json
from pathlib import Path

import numpy as np
import pysam

from lowpass import cli
from lowpass.variants import read_genotypes, read_numbers
from sluice_cli.report.accuracy import read_accuracy
from tests.unit.lowpass.building import SAMPLE, Region


def test_reads_of_depth_one_are_imputed_well(chain: Path) -> None:
    report = json.loads((chain / "accuracy.json").read_text())

    assert report["samples"][SAMPLE]["common"]["sites"] > 1_000
    # half a megabase has more edge than the 3 Mb of the whole data
    assert report["mean"]["common"]["r2"] > 0.85


def test_the_depth_is_told_beside_the_accuracy_where_likelihoods_are_given(
    region: Region, chain: Path, tmp_path: Path
) -> None:
    inputs = [
        "--imputed",
        str(chain / "imputed.bcf"),
        "--truth",
        str(region.truth),
        "--panel",
        str(region.panel),
    ]
    output = tmp_path / "accuracy.json"

    given = ["--likelihoods", str(chain / "likelihoods.bcf"), "--output", str(output)]
    assert cli.run(["accuracy", *inputs, *given]) == 0

    (found,) = json.loads(output.read_text())["samples"].values()
    before = json.loads((chain / "accuracy.json").read_text())["samples"][SAMPLE]
    depth = found.pop("depth")
    assert 0.8 < depth < 1.1
    assert found == before
    assert read_accuracy(output.read_text())[SAMPLE].depth == depth  # as the cohort's report does


def test_the_alignment_is_sorted_indexed_and_knows_its_sample(chain: Path) -> None:
    with pysam.AlignmentFile(str(chain / "sample.bam")) as file:
        header = file.header.to_dict()
        starts = [read.reference_start for read in file.fetch("20", 2_000_000, 2_500_000)]

    assert header["HD"]["SO"] == "coordinate"
    assert header["RG"] == [{"ID": SAMPLE, "SM": SAMPLE, "PL": "ILLUMINA"}]
    assert starts == sorted(starts)
    # 520 kb at depth 1 in reads of 150, of which fetch gives nearly all
    assert 2_900 < len(starts) < 3_800


def test_the_dictionary_of_contigs_does_not_say_where_it_was_made(chain: Path) -> None:
    assert "UR:" not in (chain / "reference.fa.dict").read_text()


def test_the_most_likely_genotype_agrees_with_the_posteriors(chain: Path) -> None:
    sites, posteriors = read_numbers(chain / "imputed.bcf", "GP")
    _, dosages = read_numbers(chain / "imputed.bcf", "DS")
    _, alleles = read_genotypes(chain / "imputed.bcf", SAMPLE)

    assert len(sites) == len(posteriors)
    np.testing.assert_allclose(posteriors.sum(axis=1), 1, atol=2e-4)
    np.testing.assert_allclose(dosages[:, 0], posteriors @ [0, 1, 2], atol=3e-4)
    # four decimals can hide which of two equal posteriors is the greater
    best = np.take_along_axis(posteriors, alleles.sum(axis=1)[:, None], axis=1)[:, 0]
    assert (posteriors.max(axis=1) - best).max() <= 1e-4


def test_likelihoods_and_depths_are_given_for_every_site_of_the_panel(chain: Path) -> None:
    sites, phred = read_numbers(chain / "likelihoods.bcf", "PL")
    _, depths = read_numbers(chain / "likelihoods.bcf", "AD")

    assert phred.min(axis=1).tolist() == [0] * len(sites)
    assert 0.8 < depths.sum() / sites.are_snps.sum() < 1.1
    assert not depths[~sites.are_snps].any()


def test_the_same_seed_gives_the_same_reads_and_another_sample_others(
    region: Region, chain: Path, tmp_path: Path
) -> None:
    inputs = ["--truth", str(region.truth), "--reference", str(chain / "reference.fa.gz"), "--depth", "1"]
    for name, sample, seed in (("same", SAMPLE, "20"), ("seed", SAMPLE, "21"), ("sample", "NA12003", "20")):
        output = ["--sample", sample, "--seed", seed, "--output", str(tmp_path / f"{name}.fq.gz")]
        assert cli.run(["reads", *inputs, *output]) == 0

    first = (chain / "reads.fq.gz").read_bytes()
    assert (tmp_path / "same.fq.gz").read_bytes() == first
    assert (tmp_path / "seed.fq.gz").read_bytes() != first
    assert (tmp_path / "sample.fq.gz").read_bytes() != first


def test_the_same_likelihoods_give_the_same_imputed_file(region: Region, chain: Path, tmp_path: Path) -> None:
    inputs = ["--likelihoods", str(chain / "likelihoods.bcf"), "--panel", str(region.panel)]
    output = tmp_path / "again.bcf"

    assert cli.run(["impute", *inputs, "--map", str(region.genetic_map), "--output", str(output)]) == 0

    assert output.read_bytes() == (chain / "imputed.bcf").read_bytes()
