"""Reads drawn from a person's haplotypes."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from lowpass.reads import READ_LENGTH, TooShortReferenceError, draw_reads, haplotype_sequence
from lowpass.reference import ConflictingAllelesError, synthetic_contig
from lowpass.sequences.fasta import FastaError, read_contig, write_contig
from lowpass.variants import Sites


def ascii_codes(text: str) -> NDArray[np.uint8]:
    return np.frombuffer(text.encode(), dtype=np.uint8)


def random_haplotype(seed: int, length: int) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).choice(ascii_codes("ACGT"), size=length)


SITES = Sites("20", np.array([5, 7, 8, 11]), ("C", "GTA", "T", "A"), ("G", "G", "C", "ATT"))
CONTIG = ascii_codes("NNAACAGTACAGG")


def test_a_haplotype_carries_its_alternate_alleles_and_no_unknown_bases() -> None:
    sequence = haplotype_sequence(CONTIG, SITES, np.array([1, 0, 0, 1], dtype=np.uint8))

    assert sequence.tobytes() == b"AAGAGTACATTGG"


def test_an_allele_inside_a_deletion_is_left_out() -> None:
    sequence = haplotype_sequence(CONTIG, SITES, np.array([0, 1, 1, 0], dtype=np.uint8))

    assert sequence.tobytes() == b"AACAGCAGG"


def test_reads_have_the_asked_depth_and_come_from_both_haplotypes_and_strands() -> None:
    # GIVEN two haplotypes that share no stretch
    haplotypes = [random_haplotype(seed, 60_000) for seed in (1, 2)]

    reads = draw_reads(haplotypes, 4.0, np.random.default_rng(3))

    # 60,000 x 4 / 150 = 1,600 reads expected, standard deviation 40
    assert len(reads.bases) == pytest.approx(1600, abs=200)
    # each fourth of them is one strand of one haplotype; 16 bases without an error tell which
    texts = [haplotype.tobytes() for haplotype in haplotypes]
    complement = bytes.maketrans(b"ACGT", b"TGCA")
    sources = [*texts, *(text[::-1].translate(complement) for text in texts)]
    found = [[read[:16].tobytes() in source for source in sources] for read in reads.bases]
    assert np.mean(found, axis=0) == pytest.approx([0.25 * 0.92] * 4, abs=0.05)


def test_bases_are_wrong_as_often_as_their_qualities_say() -> None:
    haplotype = np.full(READ_LENGTH, ord("A"), dtype=np.uint8)

    reads = draw_reads([haplotype, haplotype], 4_000.0, np.random.default_rng(3))

    is_wrong = ~np.isin(reads.bases, ascii_codes("AT")) | (
        # a read is of one strand, so its rarer letter is an error
        (reads.bases == ord("T")) == ((reads.bases == ord("A")).sum(axis=1) > READ_LENGTH / 2)[:, None]
    )
    assert is_wrong.mean() == pytest.approx(0.005, rel=0.1)
    for quality in (12, 23):
        assert is_wrong[reads.qualities == quality].mean() == pytest.approx(10 ** (-quality / 10), rel=0.15)


def test_a_sequence_shorter_than_a_read_is_refused() -> None:
    with pytest.raises(TooShortReferenceError, match="149 known bases"):
        draw_reads([random_haplotype(1, 149)] * 2, 1.0, np.random.default_rng(1))


def test_a_synthetic_contig_carries_the_reference_alleles_at_their_real_positions() -> None:
    contig = synthetic_contig(SITES_FAR, np.random.default_rng(1))

    assert contig[:40_000].tobytes() == b"N" * 40_000
    assert b"N" not in contig[40_000:].tobytes()
    assert contig[50_000:50_003].tobytes() == b"GTA"
    assert len(contig) == 60_000 + 1 + 10_000


SITES_FAR = Sites("20", np.array([50_001, 60_001]), ("GTA", "C"), ("G", "T"))


def test_reference_alleles_that_contradict_each_other_are_refused() -> None:
    sites = Sites("20", np.array([100, 101]), ("GTA", "C"), ("G", "T"))

    with pytest.raises(ConflictingAllelesError, match="REF C at 20:101 contradicts"):
        synthetic_contig(sites, np.random.default_rng(1))


@pytest.mark.parametrize("name", ["a.fa", "a.fa.gz"])
def test_a_contig_is_read_as_it_was_written(tmp_path: Path, name: str) -> None:
    write_contig(tmp_path / name, "20", CONTIG.tobytes() * 10)

    assert read_contig(tmp_path / name, "20").tobytes() == CONTIG.tobytes() * 10


def test_an_absent_contig_is_named_with_those_that_are_there(tmp_path: Path) -> None:
    write_contig(tmp_path / "a.fa", "20", b"ACGT")

    with pytest.raises(FastaError, match="no contig 'chr20', but 20"):
        read_contig(tmp_path / "a.fa", "chr20")
