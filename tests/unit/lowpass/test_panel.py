"""Reference panels: what is read, and what is refused before anything is computed."""

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pysam import bcftools

from lowpass import cli, variants
from lowpass.variants import RegionError, VariantFileError, read_panel, read_sites
from lowpass.variants.htslib import indexed, is_indexed
from tests.unit.lowpass.building import DATA, Region, record, write_vcf


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(
    alleles=st.lists(st.lists(st.integers(0, 1), min_size=5, max_size=5), min_size=1, max_size=6),
    haploid=st.integers(0, 2),
)
def test_haplotypes_are_read_as_they_are_written_be_a_person_diploid_or_haploid(
    tmp_path: Path, alleles: list[list[int]], haploid: int
) -> None:
    # GIVEN five haplotypes of three people, one of whom has one only
    def genotypes(row: list[int]) -> str:
        texts = [str(allele) for allele in row]
        cells = [
            texts.pop(0) if person == haploid else f"{texts.pop(0)}|{texts.pop(0)}" for person in range(3)
        ]
        return "\t".join(cells)

    records = [record(100 + number, genotypes(row)) for number, row in enumerate(alleles)]

    panel = read_panel(write_vcf(tmp_path / "a.vcf", *records, samples="A\tB\tC"))

    assert panel.haplotypes.tolist() == alleles


@pytest.mark.parametrize(
    ("genotypes", "message"),
    [
        ("0|1\t.|.", r"\.\|\. of NA06994 at 20:200; a panel has no missing genotypes: drop such sites"),
        ("0|1\t.", r"\. of NA06994 at 20:200; a panel has no missing"),
        ("0/1\t0|1", "0/1 of NA06989 at 20:200; a panel is phased: phase it first"),
        ("0|1\t0|1|1", r"0\|1\|1 of NA06994 at 20:200; a panel has one allele"),
    ],
)
@pytest.mark.parametrize("before", [["0|1\t0|0"], []])
def test_a_genotype_that_is_none_of_a_phased_panel_is_named(
    tmp_path: Path, genotypes: str, message: str, before: list[str]
) -> None:
    records = [record(100, each) for each in before]
    path = write_vcf(tmp_path / "a.vcf", *records, record(200, genotypes))

    with pytest.raises(VariantFileError, match=message):
        read_panel(path)


def test_a_person_who_is_haploid_at_some_sites_only_is_named(tmp_path: Path) -> None:
    path = write_vcf(tmp_path / "a.vcf", record(100, "0|1\t0|0"), record(200, "0|1\t1"))

    with pytest.raises(VariantFileError, match=r"1 of NA06994 at 20:200; .* number of alleles .*--region"):
        read_panel(path)


def test_a_panel_of_one_haplotype_is_refused(tmp_path: Path) -> None:
    with pytest.raises(VariantFileError, match="has 1 haplotypes; a panel needs two or more"):
        read_panel(write_vcf(tmp_path / "a.vcf", record(100, "1"), samples="A"))


def test_a_panel_without_people_is_refused(
    region: Region, chain: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "sites.bcf"
    bcftools.view("-G", "-Ob", "-o", str(path), str(region.panel), catch_stdout=False)
    inputs = ["--likelihoods", str(chain / "likelihoods.bcf"), "--map", str(region.genetic_map)]

    assert cli.run(["impute", *inputs, "--panel", str(path), "--output", str(tmp_path / "a.bcf")]) == 1
    assert "sites.bcf has no genotypes; a panel needs two haplotypes or more" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("records", "message"),
    [
        ([(200, "A\tG"), (100, "A\tG")], "20:100 after 20:200; sort it: bcftools sort"),
        ([(100, "A\tG"), (100, "a\tg")], "20:100 A>G twice; drop one: bcftools norm -d exact"),
        ([(100, "A\tG,T")], "ALT alleles G,T at 20:100; split such sites .bcftools norm -m- .*view -M2"),
        ([(100, "A\t.")], "no ALT allele at 20:100; drop such sites: bcftools view -m2"),
        ([(100, "A\tG"), (200, "A\tG!")], "has 20:200 A>G!, which is no pair of alleles"),
        ([(100, "<A>\tG")], "has 20:100 <A>>G, which is no pair of alleles"),
        ([(0, "A\tG")], "a position that is not 1 to 2,147,483,647, in record 1"),
        ([(100, "A\tG"), (3_000_000_000, "A\tG")], "20:.* after 20:100|not 1 to 2,147,483,647, in record 2"),
    ],
)
def test_sites_that_every_command_would_misread_are_refused(
    tmp_path: Path, records: list[tuple[int, str]], message: str
) -> None:
    lines = [record(position, "0|1\t0|0", alleles=alleles) for position, alleles in records]

    with pytest.raises(VariantFileError, match=message):
        read_sites(write_vcf(tmp_path / "a.vcf", *lines))


def test_alleles_are_folded_to_upper_case_and_symbolic_ones_are_no_snps(tmp_path: Path) -> None:
    alleles = ("a\tg", "C\t*", "c\t<DEL>", "AT\tA", "A\tN")
    lines = [record(100 + row, "0|1\t0|0", alleles=each) for row, each in enumerate(alleles)]

    sites = read_sites(write_vcf(tmp_path / "a.vcf", *lines))

    assert sites.keys[0] == ("20", 100, "A", "G")
    assert sites.are_snps.tolist() == [True, False, False, False, False]
    assert sites.are_sequences.tolist() == [True, False, False, True, True]


def test_what_is_no_text_is_refused_in_a_sentence(tmp_path: Path) -> None:
    path = write_vcf(tmp_path / "a.vcf", record(100, "0|1\t0|0", alleles="A\tG?"))
    path.write_bytes(path.read_bytes().replace(b"G?", b"G\xe9"))

    with pytest.raises(VariantFileError, match="no pair of alleles; is it damaged"):
        read_sites(path)


@pytest.mark.parametrize("alternate", ["*", "<DEL>", "<INS:ME:ALU>", "A[21:5[", "]21:5]A", "A.", ".A", "R"])
def test_alleles_that_vcf_allows_are_sites_without_reads(tmp_path: Path, alternate: str) -> None:
    path = write_vcf(tmp_path / "a.vcf", record(100, "0|1\t0|0", alleles=f"A\t{alternate}"))

    assert not read_sites(path).are_snps.any()


def test_an_index_older_than_its_file_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.bcf"
    plain = write_vcf(tmp_path / "a.vcf", record(100, "0|1\t1|1"), record(200, "0|0\t0|1"))
    bcftools.view("-Ob", "-o", str(path), str(plain), catch_stdout=False)
    index = tmp_path / "a.bcf.csi"
    index.write_bytes(b"of what was there before")
    os.utime(index, (1, 1))

    assert not is_indexed(path)
    assert len(read_sites(path, variants.Region("20", 150, 300))) == 1


def test_two_alternates_of_a_position_on_lines_of_their_own_are_two_sites(tmp_path: Path) -> None:
    lines = [record(100, "0|1\t0|0", alleles=each) for each in ("A\tG", "A\tT")]

    assert len(read_sites(write_vcf(tmp_path / "a.vcf", *lines))) == 2


@pytest.mark.parametrize("is_indexed", [True, False])
def test_a_region_has_the_sites_that_begin_in_it(tmp_path: Path, is_indexed: bool) -> None:
    # GIVEN a deletion that begins before the region and ends in it
    lines = [record(position, "0|1\t1|1", alleles=f"{'A' * 5}\tA") for position in (98, 100, 110, 111)]
    plain = write_vcf(tmp_path / "a.vcf", *lines)
    path = tmp_path / "a.bcf"
    bcftools.view("-Ob", "-o", str(path), str(plain), catch_stdout=False)
    if is_indexed:
        bcftools.index(str(path), catch_stdout=False)

    panel = read_panel(path, variants.Region("20", 100, 110))

    assert panel.sites.positions.tolist() == [100, 110]
    assert panel.haplotypes.tolist() == [[0, 1, 1, 1]] * 2
    with pytest.raises(RegionError, match="no sites in 20:500-600"):
        read_panel(path, variants.Region("20", 500, 600))


def test_regions_side_by_side_make_up_the_whole_panel() -> None:
    path = DATA / "panel.bcf"
    whole = read_panel(path)

    starts = range(1_000_000, 4_000_000, 1_000_000)
    parts = [read_panel(path, variants.Region("20", start, start + 999_999)) for start in starts]

    np.testing.assert_array_equal(np.concatenate([part.haplotypes for part in parts]), whole.haplotypes)


@pytest.mark.parametrize("text", ["20", "20:5", "20:9-5", "20:0-5", "20:a-b", ":1-2"])
def test_what_is_no_region_is_refused(text: str) -> None:
    with pytest.raises(RegionError, match=text):
        variants.Region.parse(text)


def test_a_region_is_written_as_it_is_read() -> None:
    assert variants.Region.parse("HLA:A*01:1,000-2,000") == variants.Region("HLA:A*01", 1000, 2000)
    assert str(variants.Region("20", 1, 2)) == "20:1-2"


def test_a_file_whose_end_is_missing_is_refused_in_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "panel.bcf"
    path.write_bytes((DATA / "panel.bcf").read_bytes()[:-28])

    for read in (read_sites, read_panel):
        with pytest.raises(VariantFileError) as refused:
            read(path)
        assert str(refused.value) == (
            "panel.bcf cannot be read as VCF or BCF: no BGZF EOF marker; file may be truncated"
        )


def test_a_panel_without_an_index_gets_one_for_the_time_that_it_is_read(tmp_path: Path) -> None:
    plain = write_vcf(tmp_path / "a.vcf", record(100, "0|1\t1|1"), record(200, "0|0\t0|1"))
    path = tmp_path / "a.bcf"
    bcftools.view("-Ob", "-o", str(path), str(plain), catch_stdout=False)

    with indexed(path) as found:
        assert is_indexed(found)
        assert read_panel(found, variants.Region("20", 150, 300)).haplotypes.tolist() == [[0, 0, 0, 1]]

    assert not is_indexed(path)
    # plain VCF cannot have one, and is read all the same
    with indexed(plain) as found:
        assert read_panel(found, variants.Region("20", 150, 300)).haplotypes.tolist() == [[0, 0, 0, 1]]
