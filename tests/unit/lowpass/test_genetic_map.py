"""Genetic maps: where they are right, and what is refused."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from lowpass.imputation.genetic_map import GeneticMapError, read_map
from lowpass.variants import Sites

SITES = Sites("20", np.array([100, 250, 300]), ("A", "C", "GT"), ("G", "T", "G"))
HEADER = "pos\tchr\tcM\n"


def write_map(path: Path, text: str) -> Path:
    path.write_bytes(gzip.compress(text.encode()))
    return path


def test_genetic_positions_are_linear_between_the_points_of_the_map(tmp_path: Path) -> None:
    path = write_map(tmp_path / "map.gz", f"{HEADER}100\t20\t1.0\n200\t20\t3.0\n300\t20\t3.5\n100\t21\t9.0\n")

    np.testing.assert_allclose(read_map(path, SITES).morgans(SITES), [0.01, 0.0325, 0.035])


def test_sites_a_little_outside_the_map_take_its_mean_rate(tmp_path: Path) -> None:
    path = write_map(tmp_path / "map.gz", f"{HEADER}110\t20\t1.0\n290\t20\t2.8\n")

    np.testing.assert_allclose(read_map(path, SITES).morgans(SITES), [0.009, 0.024, 0.029])


def test_a_map_need_not_be_gzipped(tmp_path: Path) -> None:
    path = tmp_path / "map.tsv"
    path.write_text(f"{HEADER}100\t20\t1.0\n300\t20\t3.0\n")

    np.testing.assert_allclose(read_map(path, SITES).morgans(SITES), [0.01, 0.025, 0.03])


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("100 21 1.0", "no rows of contig 20, which the panel is of, but of 21"),
        ("100 20 x", "not a table of pos chr cM"),
        ("100 20", "not a table of pos chr cM"),
        ("100 20 nan\n300 20 1", "a number that is none in row 1 of contig 20"),
        ("100 20 0\n300 20 inf", "a number that is none in row 2"),
        ("300 20 3\n200 20 2\n100 20 1", "20:200 at 2 cM after 20:300 at 3 cM; positions must rise"),
        ("100 20 1\n100 20 1\n300 20 2", "20:100 at 1 cM after 20:100 at 1 cM; positions must rise"),
        ("100 20 1\n300 20 1", "has 1 cM all along contig 20: nothing would recombine"),
        ("100 20 2\n300 20 1", "20:300 at 1 cM after 20:100 at 2 cM; positions must rise"),
        ("1 20 1\n99 20 2", "covers 20:1-99, but the panel 20:100-300; give a map of the whole panel"),
    ],
)
def test_a_map_that_would_misplace_sites_is_refused(tmp_path: Path, rows: str, message: str) -> None:
    path = write_map(tmp_path / "map.gz", HEADER + rows.replace(" ", "\t") + "\n")

    with pytest.raises(GeneticMapError, match=r"^map\.gz") as refused:
        read_map(path, SITES).morgans(SITES)

    assert message in str(refused.value)


def test_a_map_that_ends_a_megabase_before_the_panel_is_refused(tmp_path: Path) -> None:
    path = write_map(tmp_path / "map.gz", f"{HEADER}100\t20\t1.0\n200\t20\t3.0\n")
    near, far = (Sites("20", np.array([100, end]), ("A", "C"), ("G", "T")) for end in (1_000_200, 1_000_201))

    assert read_map(path, near).outside(near).tolist() == [0, 1_000_000]
    with pytest.raises(GeneticMapError, match="covers 20:100-200, but the panel 20:100-1000201"):
        read_map(path, far)


def test_a_map_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    path = write_map(tmp_path / "map.gz", f"\ufeff{HEADER}100\t20\t1.0\n300\t20\t3.0\n")

    assert read_map(path, SITES).centimorgans.tolist() == [1, 3]


@pytest.mark.parametrize("content", [b"a\tb\n", b"", b"\x1f\x8bbroken", b"\xff\xfe"])
def test_what_is_no_map_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "map.gz"
    path.write_bytes(content)

    with pytest.raises(GeneticMapError, match=r"map\.gz"):
        read_map(path, SITES).morgans(SITES)
