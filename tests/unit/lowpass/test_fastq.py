"""FASTQ files: what is read, and what is refused in a sentence."""

import gzip
from pathlib import Path

import pytest

from lowpass.sequences.fastq import ReadsError, read_batches

RECORD = b"@r1 a comment\nACGT\n+\nFFF!\n"


def read(path: Path, content: bytes) -> list[tuple[str, str, str]]:
    path.write_bytes(content)
    records = [record for batch in read_batches(path, 2) for record in batch]
    return [(str(record.name), str(record.sequence), str(record.quality)) for record in records]


@pytest.mark.parametrize("name", ["a.fastq", "a.fastq.gz", "a", "a.txt"])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_reads_are_read_gzipped_or_not_whatever_the_file_is_called(
    tmp_path: Path, name: str, pack: type[bytes]
) -> None:
    second = RECORD.replace(b"r1", b"r2").replace(b"\n", b"\r\n")

    assert read(tmp_path / name, pack(RECORD + second)) == [("r1", "ACGT", "FFF!"), ("r2", "ACGT", "FFF!")]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "a.fastq has no reads"),
        (gzip.compress(b"", mtime=0), "a.fastq has no reads"),
        (b">r1\nACGT\n", "a.fastq is FASTA, and has no base qualities; give FASTQ"),
        (b"<?xml?>\n<Error>", "a.fastq is no FASTQ: its first line is '<?xml?>'; a record begins with @"),
        (RECORD * 2 + b"@r2\nACGT\n+\nFF\n", "line 12: Length of sequence and qualities differ"),
        (RECORD + b"@r2\nACGT\nACGT\n+\n", "line 7: Line expected to start with '+'"),
        (RECORD + b"@r2\nACGT\n", "line 7: Premature end of file"),
        (gzip.compress(RECORD * 100, mtime=0)[:-9], "Compressed file ended before the end-of-stream marker"),
        (b"@r1\nACGT\n+\n\x05FFF\n", "a quality that is no printable character, in the read 'r1'"),
        (RECORD.replace(b"ACGT", b"AC T"), "has ' ' among the bases of the read 'r1 a comment'"),
        (RECORD.replace(b"ACGT", b"MKVL"), "has 'L' among the bases of the read"),
        (RECORD.replace(b"ACGT", b"ACGU"), "has 'U' among the bases of the read"),
        (RECORD.replace(b"ACGT", b"A\0GT"), "has '\\x00' among the bases of the read"),
        (RECORD.replace(b"FFF!", b"hhf@"), "has qualities of Phred + 64, as Illumina wrote them before 2011"),
        ("@r\u00e9\nACGT\n+\nFFFF\n".encode(), "Non-ASCII characters found in record"),
    ],
)
def test_what_is_no_fastq_is_refused_in_one_sentence(tmp_path: Path, content: bytes, message: str) -> None:
    with pytest.raises(ReadsError, match=r"^a\.fastq ") as refused:
        read(tmp_path / "a.fastq", content)

    assert message in str(refused.value)
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 400


def test_a_name_is_made_one_that_sam_can_hold(tmp_path: Path) -> None:
    names = [b"n" * 300, b"a@b\x7fc", b""]

    found = read(tmp_path / "a.fastq", b"".join(b"@%s\nACGT\n+\nFFFF\n" % name for name in names))

    assert [name for name, _, _ in found] == ["n" * 254, "a_b_c", "*"]


def test_a_read_without_bases_is_a_read(tmp_path: Path) -> None:
    assert [name for name, _, _ in read(tmp_path / "a.fastq", b"@r1\n\n+\n\n" + RECORD)] == ["r1", "r1"]


def test_bases_of_any_case_and_code_are_read_and_the_best_qualities_of_today(tmp_path: Path) -> None:
    record = RECORD.replace(b"ACGT", b"aNR.").replace(b"FFF!", b"IJKI")

    assert read(tmp_path / "a.fastq", record) == [("r1", "aNR.", "IJKI")]
