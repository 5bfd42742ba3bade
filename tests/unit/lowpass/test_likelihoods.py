"""Genotype likelihoods against figures worked out by hand."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pysam
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lowpass.likelihoods import (
    AlignmentError,
    Observations,
    allele_depths,
    matched_blocks,
    observe,
    phred_likelihoods,
)
from lowpass.variants import Sites

SITES = Sites("20", np.array([103, 108, 112]), ("A", "C", "GT"), ("G", "T", "G"))


def observations(*bases: tuple[int, bool, float]) -> Observations:
    sites, alternates, errors = zip(*bases, strict=True) if bases else ((), (), ())
    return Observations(
        np.array(sites, dtype=np.int64),
        np.array(alternates, dtype=np.bool_),
        np.array(errors, dtype=np.float64),
    )


def write_bam(path: Path, *reads: Mapping[str, object], samples: tuple[str, ...] = ("NA1",)) -> Path:
    groups = [{"ID": sample, "SM": sample} for sample in samples]
    header = {"HD": {"VN": "1.6"}, "SQ": [{"SN": "20", "LN": 1000}], "RG": groups}
    with pysam.AlignmentFile(str(path), "wb", header=header) as file:
        for number, fields in enumerate(reads):
            segment = pysam.AlignedSegment.from_dict(
                {
                    "name": f"r{number}",
                    "flag": "0",
                    "ref_name": "20",
                    "map_quality": "60",
                    "next_ref_name": "*",
                    "next_ref_pos": "0",
                    "length": "0",
                    "tags": [],
                    **fields,
                },
                file.header,
            )
            file.write(segment)
    return path


def test_one_reference_base_of_quality_20_has_the_likelihoods_of_the_formula() -> None:
    # 0.99, (0.99 + 0.01/3) / 2 = 0.49667 and 0.01/3: 0, 2.996 and 24.73 below the best in Phred
    assert phred_likelihoods(observations((0, False, 0.01)), 1).tolist() == [[0, 3, 25]]


def test_one_base_of_each_allele_makes_the_heterozygote_likeliest() -> None:
    # homozygote 0.99 x 0.01/3 = 0.0033, heterozygote 0.49667^2 = 0.24668: 18.74 apart in Phred
    assert phred_likelihoods(observations((0, False, 0.01), (0, True, 0.01)), 1).tolist() == [[19, 0, 19]]


def test_a_site_without_bases_says_nothing() -> None:
    assert phred_likelihoods(observations((1, True, 0.01)), 3).tolist()[0] == [0, 0, 0]


@given(
    st.lists(st.tuples(st.integers(0, 2), st.booleans(), st.floats(1e-4, 0.1)), max_size=12),
)
def test_exchanging_the_alleles_exchanges_the_homozygotes(bases: list[tuple[int, bool, float]]) -> None:
    exchanged = [(site, not alternate, error) for site, alternate, error in bases]

    phred = phred_likelihoods(observations(*bases), 3)

    np.testing.assert_array_equal(phred[:, ::-1], phred_likelihoods(observations(*exchanged), 3))
    assert (phred.min(axis=1) == 0).all()


def test_depths_count_each_allele() -> None:
    bases = observations((0, False, 0.01), (0, True, 0.01), (0, True, 0.01), (2, False, 0.01))

    assert allele_depths(bases, 3).tolist() == [[1, 2], [0, 0], [1, 0]]


def test_blocks_skip_clips_insertions_and_deletions() -> None:
    cigar = [(pysam.CSOFT_CLIP, 2), (pysam.CMATCH, 5), (pysam.CINS, 1), (pysam.CMATCH, 3), (pysam.CDEL, 4)]
    cigar.append((pysam.CEQUAL, 6))

    assert list(matched_blocks(cigar, 100)) == [(2, 100, 5), (8, 105, 3), (11, 112, 6)]


def test_bases_are_found_behind_a_deletion_and_indel_sites_are_left_out(tmp_path: Path) -> None:
    # GIVEN a read from 101 with bases 104 to 105 deleted: its third base is at 103, its sixth at 108
    bam = write_bam(
        tmp_path / "a.bam",
        {"ref_pos": "101", "cigar": "3M2D7M", "seq": "TTGTTTTTTT", "qual": "IIIIIIIIII"},
    )

    sample, found = observe(bam, SITES)

    assert sample == "NA1"
    assert found.sites.tolist() == [0, 1]
    assert found.alternates.tolist() == [True, True]
    # quality I is Phred 40
    np.testing.assert_allclose(found.errors, 1e-4)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"flag": "1024"}, "a duplicate"),
        ({"flag": "256"}, "a secondary alignment"),
        ({"map_quality": "9"}, "an uncertain place"),
        ({"qual": "IIIII*IIII"}, "a base of Phred 9"),
        ({"seq": "TTTTTATTTT"}, "neither allele"),
    ],
)
def test_a_base_is_left_out_when_it_is_of(tmp_path: Path, fields: dict[str, object], reason: str) -> None:
    good = {"ref_pos": "103", "cigar": "10M", "seq": "TTTTTCTTTT", "qual": "IIIIIIIIII"}

    _, found = observe(write_bam(tmp_path / "a.bam", {**good, **fields}), SITES)

    assert found.sites.tolist() == [], reason


def test_the_lower_of_base_and_mapping_quality_counts(tmp_path: Path) -> None:
    read = {"ref_pos": "108", "cigar": "1M", "seq": "C", "qual": "I", "map_quality": "20"}

    _, found = observe(write_bam(tmp_path / "a.bam", read), SITES)

    np.testing.assert_allclose(found.errors, 0.01)


@pytest.mark.parametrize("samples", [(), ("NA1", "NA2")])
def test_a_file_that_is_not_of_one_sample_is_refused(tmp_path: Path, samples: tuple[str, ...]) -> None:
    bam = write_bam(tmp_path / "a.bam", samples=samples)

    with pytest.raises(AlignmentError, match=f"read groups of {len(samples)} samples"):
        observe(bam, SITES)


def test_a_file_of_another_contig_is_refused_by_name(tmp_path: Path) -> None:
    sites = Sites("chr20", SITES.positions, SITES.references, SITES.alternates)

    with pytest.raises(AlignmentError, match="no contig 'chr20', which the panel is on, but 20"):
        observe(write_bam(tmp_path / "a.bam"), sites)
