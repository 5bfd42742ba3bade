"""Genotype likelihoods against figures worked out by hand."""

from pathlib import Path
from typing import Literal

import numpy as np
import pysam
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lowpass import cli
from lowpass.likelihoods import AlignmentError, pile_up, sample_of
from lowpass.variants import Sites
from tests.unit.lowpass.building import record, write_bam, write_vcf

SITES = Sites("20", np.array([103, 108, 112]), ("A", "C", "GT"), ("G", "T", "G"))
# I is Phred 40
GOOD = {"ref_pos": "103", "cigar": "10M", "seq": "GTTTTCTTTT", "qual": "IIIIIIIIII"}
PAIR = {**GOOD, "name": "molecule", "next_ref_name": "20", "next_ref_pos": "103"}


def test_one_base_is_as_likely_of_a_homozygote_as_its_quality_says(tmp_path: Path) -> None:
    found = pile_up(write_bam(tmp_path / "a.bam", GOOD), SITES)

    # ALT at the first site, REF at the second, no SNP; half of a heterozygote's reads show either allele
    assert found.phred.tolist() == [[40, 3, 0], [0, 3, 40], [0, 0, 0]]
    assert found.depths.tolist() == [[0, 1], [1, 0], [0, 0]]


def test_one_base_of_each_allele_makes_the_heterozygote_likeliest(tmp_path: Path) -> None:
    found = pile_up(write_bam(tmp_path / "a.bam", GOOD, {**GOOD, "seq": "ATTTTTTTTT"}), SITES)

    for phred in found.phred[:2].tolist():
        assert phred[1] == 0
        assert 30 <= phred[0] == phred[2] <= 40
    assert found.depths.tolist() == [[1, 1], [1, 1], [0, 0]]


def test_bases_are_found_behind_a_deletion(tmp_path: Path) -> None:
    # the third base is at 103, bases 104 and 105 are deleted, the sixth is at 108
    read = {"ref_pos": "101", "cigar": "3M2D7M", "seq": "TTGTTTTTTT", "qual": "IIIIIIIIII"}

    assert pile_up(write_bam(tmp_path / "a.bam", read), SITES).depths.tolist() == [[0, 1], [0, 1], [0, 0]]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"flag": "1024"}, "a duplicate"),
        ({"flag": "256"}, "a secondary alignment"),
        ({"flag": "2048"}, "a supplementary alignment"),
        ({"flag": "512"}, "a read that failed the sequencer's checks"),
        ({"map_quality": "9"}, "an uncertain place"),
        ({"qual": "*IIII*IIII"}, "a base of Phred 9"),
        ({"seq": "TTTTTATTTT"}, "neither allele"),
        ({"ref_name": "21"}, "another contig"),
    ],
)
def test_a_base_is_left_out_when_it_is_of(tmp_path: Path, fields: dict[str, object], reason: str) -> None:
    bam = write_bam(tmp_path / "a.bam", {**GOOD, **fields}, contigs=("20", "21"))

    found = pile_up(bam, SITES)

    assert not found.depths.any(), reason
    assert not found.phred.any(), reason


def test_mates_that_overlap_are_one_molecule(tmp_path: Path) -> None:
    pair = {**PAIR, "flag": "99", "length": "10"}, {**PAIR, "flag": "147", "length": "-10"}

    found = pile_up(write_bam(tmp_path / "a.bam", *pair), SITES)

    assert found.depths.tolist() == [[0, 1], [1, 0], [0, 0]]
    assert found.phred[0, 1] == 3


def test_the_lower_of_base_and_mapping_quality_counts(tmp_path: Path) -> None:
    found = pile_up(write_bam(tmp_path / "a.bam", {**GOOD, "map_quality": "20"}), SITES)

    assert found.phred[0].tolist() == [20, 3, 0]


def test_a_base_that_is_neither_allele_of_one_site_may_be_of_another(tmp_path: Path) -> None:
    sites = Sites("20", np.array([103, 103, 103]), ("A", "A", "A"), ("C", "G", "T"))

    found = pile_up(write_bam(tmp_path / "a.bam", GOOD), sites)

    assert found.depths.tolist() == [[0, 0], [0, 1], [0, 0]]
    assert found.phred.tolist() == [[0, 0, 0], [40, 3, 0], [0, 0, 0]]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=10)
@given(
    bases=st.lists(st.tuples(st.sampled_from("ACGTN"), st.integers(2, 41)), max_size=6),
    alleles=st.permutations("ACGT").map(lambda order: order[:2]),
)
def test_exchanging_the_alleles_exchanges_the_homozygotes(
    tmp_path: Path, bases: list[tuple[str, int]], alleles: list[str]
) -> None:
    reads = [
        {"ref_pos": "102", "cigar": "3M", "seq": f"N{base}N", "qual": f"I{chr(quality + 33)}I"}
        for base, quality in bases
    ]
    bam = write_bam(tmp_path / "a.bam", *reads)
    first, second = alleles

    found = pile_up(bam, Sites("20", np.array([103]), (first,), (second,)))
    exchanged = pile_up(bam, Sites("20", np.array([103]), (second,), (first,)))

    counted = [base for base, quality in bases if quality >= 10]
    assert found.depths.tolist() == [[counted.count(first), counted.count(second)]]
    assert found.phred.min() == 0
    np.testing.assert_array_equal(found.phred[:, ::-1], exchanged.phred)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=10)
@given(shift=st.integers(-90, 90))
def test_a_contig_that_is_moved_has_the_same_likelihoods(tmp_path: Path, shift: int) -> None:
    moved = {**GOOD, "ref_pos": str(103 + shift)}
    sites = Sites("20", SITES.positions + shift, SITES.references, SITES.alternates)

    found = pile_up(write_bam(tmp_path / "a.bam", moved), sites)

    assert found.phred.tolist() == [[40, 3, 0], [0, 3, 40], [0, 0, 0]]


def test_the_sample_is_that_of_the_read_groups(tmp_path: Path) -> None:
    assert sample_of(write_bam(tmp_path / "a.bam"), "20") == "NA1"


@pytest.mark.parametrize(
    ("samples", "message"),
    [
        ((), r"a\.bam does not name its sample; add it: samtools addreplacerg -r ID:1 -r SM:NAME"),
        (("NA1", "NA2"), r"read groups of 2 samples \(NA1, NA2\); give one sample's file"),
    ],
)
def test_a_file_that_is_not_of_one_sample_is_refused(
    tmp_path: Path, samples: tuple[str, ...], message: str
) -> None:
    with pytest.raises(AlignmentError, match=message):
        sample_of(write_bam(tmp_path / "a.bam", samples=samples), "20")


def test_a_read_group_without_a_sample_is_refused(tmp_path: Path) -> None:
    header = {"HD": {"VN": "1.6"}, "SQ": [{"SN": "20", "LN": 1000}], "RG": [{"ID": "1"}]}
    with pysam.AlignmentFile(str(tmp_path / "a.bam"), "wb", header=header):
        pass

    with pytest.raises(AlignmentError, match=r"a\.bam does not name its sample"):
        sample_of(tmp_path / "a.bam", "20")


@pytest.mark.parametrize(
    ("mode", "message"),
    [
        ("w", r"a is SAM; make sorted BAM of it: samtools sort -o sorted\.bam a"),
        ("wc", r"a is CRAM; make BAM of it, with its reference: samtools view -b -T reference\.fa a"),
    ],
)
def test_a_file_of_another_format_is_refused_with_the_command_that_helps(
    tmp_path: Path, mode: Literal["w", "wc"], message: str
) -> None:
    bam = write_bam(tmp_path / "a.bam", GOOD)
    with (
        pysam.AlignmentFile(str(bam)) as reads,
        pysam.AlignmentFile(
            str(tmp_path / "a"), mode, template=reads, format_options=["no_ref=1"] if mode == "wc" else None
        ) as file,
    ):
        for read in reads.fetch(until_eof=True):
            file.write(read)

    with pytest.raises(AlignmentError, match=message):
        sample_of(tmp_path / "a", "20")


def test_a_file_of_another_contig_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(AlignmentError, match="no contig 'chr20', which the panel is on, but 20"):
        sample_of(write_bam(tmp_path / "a.bam"), "chr20")


def test_sites_behind_the_end_of_the_contig_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # GIVEN a contig of 1,000 bases
    bam = write_bam(tmp_path / "a.bam", GOOD)
    panel = write_vcf(tmp_path / "a.vcf", record(103, "0|1\t0|0"), record(1001, "0|1\t0|0"))
    files = ["--alignment", str(bam), "--panel", str(panel), "--output", str(tmp_path / "a.bcf")]

    assert cli.run(["likelihoods", *files]) == 0
    told = "1 bases of NA1 at 1 of 2 SNPs; 1 sites of the panel lie behind the end of contig 20 at 1,000"
    assert told in capsys.readouterr().out


def test_a_file_that_is_not_sorted_is_refused(tmp_path: Path) -> None:
    bam = write_bam(tmp_path / "a.bam", {**GOOD, "ref_pos": "500"}, GOOD)

    with pytest.raises(
        AlignmentError, match=r"a\.bam is damaged or not sorted by position \(samtools sort\): .*"
    ):
        pile_up(bam, SITES)


def test_a_file_that_is_cut_off_is_refused(tmp_path: Path) -> None:
    whole = write_bam(tmp_path / "a.bam", *[GOOD] * 5_000)
    cut = tmp_path / "cut.bam"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])

    with pytest.raises(AlignmentError, match=r"cut\.bam is damaged"):
        pile_up(cut, SITES)
