"""VCF and BCF files as arrays, and genetic maps."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from lowpass.variants import (
    Sites,
    UnknownSampleError,
    VariantFileError,
    read_genotypes,
    read_numbers,
    read_panel,
    read_samples,
    read_sites,
    write_bcf,
)
from tests.unit.lowpass.building import record, write_vcf

SITES = Sites("20", np.array([100, 250, 300]), ("A", "C", "GT"), ("G", "T", "G"))
DOSAGE = '##FORMAT=<ID=DS,Number=A,Type=Float,Description="dosage">'


def test_a_panel_is_read_as_haplotypes_in_the_order_of_the_file(tmp_path: Path) -> None:
    path = write_vcf(tmp_path / "a.vcf", record(100, "0|1\t1|1"), record(200, "0|0\t0|1"))

    panel = read_panel(path)

    assert panel.haplotypes.tolist() == [[0, 1, 1, 1], [0, 0, 0, 1]]
    assert panel.sites.keys == [("20", 100, "A", "G"), ("20", 200, "A", "G")]
    assert panel.minor_allele_frequencies.tolist() == [0.25, 0.25]


def test_one_samples_genotypes_may_be_phased_or_not(tmp_path: Path) -> None:
    path = write_vcf(tmp_path / "a.vcf", record(100, "0|1\t1/0"), record(200, "0|0\t1|1"))

    assert read_genotypes(path, "NA06994")[1].tolist() == [[1, 0], [1, 1]]


def test_an_unknown_sample_is_answered_with_near_names_and_how_to_list_all(tmp_path: Path) -> None:
    path = write_vcf(tmp_path / "a.vcf", record(100, "0|1\t1|0"))

    with pytest.raises(UnknownSampleError, match=r"no sample 'NA0698'.*NA06989.*query -l .* lists all 2"):
        read_genotypes(path, "NA0698")


def test_a_file_of_two_contigs_is_refused_by_their_names(tmp_path: Path) -> None:
    path = write_vcf(tmp_path / "a.vcf", record(100, "0|1\t0|0"), record(100, "0|1\t0|0", contig="21"))

    with pytest.raises(VariantFileError, match="sites on 20, 21"):
        read_sites(path)


def test_a_file_without_sites_is_refused(tmp_path: Path) -> None:
    with pytest.raises(VariantFileError, match="no sites"):
        read_sites(write_vcf(tmp_path / "a.vcf"))


@pytest.mark.parametrize("read", [read_sites, read_samples])
def test_what_is_no_variant_file_is_refused(tmp_path: Path, read: Callable[[Path], object]) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("hello")

    with pytest.raises(VariantFileError, match=r"notes\.txt cannot be read as VCF or BCF"):
        read(path)


def test_what_is_written_is_read_back_and_always_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.bcf", "b.bcf"):
        write_bcf(
            tmp_path / name,
            SITES,
            sample="NA1",
            header=[DOSAGE],
            records=[(".", each) for each in ("0.5", "1", "2")],
        )

    sites, dosages = read_numbers(tmp_path / "a.bcf", "DS")

    assert sites.keys == SITES.keys
    assert sites.are_snps.tolist() == [True, True, False]
    assert dosages.tolist() == [[0.5], [1], [2]]
    assert read_samples(tmp_path / "a.bcf") == ["NA1"]
    assert (tmp_path / "a.bcf").read_bytes() == (tmp_path / "b.bcf").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.bcf", "b.bcf"]


def test_a_missing_number_is_refused(tmp_path: Path) -> None:
    write_bcf(
        tmp_path / "a.bcf",
        SITES,
        sample="NA1",
        header=[DOSAGE],
        records=[(".", each) for each in ("0.5", ".", "2")],
    )

    with pytest.raises(
        VariantFileError, match=r"a\.bcf has the DS \. at 20:250 C>T; it must be 1 number of 0 or more"
    ):
        read_numbers(tmp_path / "a.bcf", "DS")
