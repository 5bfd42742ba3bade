"""What the tests of the whole chain share."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pysam

DATA = Path(__file__).parents[3] / "demo" / "data" / "chr20"
SAMPLE = "NA12829"


class Region(NamedTuple):
    """A small copy of `demo/data/chr20`."""

    panel: Path
    truth: Path
    genetic_map: Path


def write_vcf(path: Path, *records: str, samples: str = "NA06989\tNA06994") -> Path:
    header = ["##fileformat=VCFv4.3", "##contig=<ID=20>", "##contig=<ID=21>"]
    header += ['##FORMAT=<ID=GT,Number=1,Type=String,Description="genotype">']
    columns = f"#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\t{samples}"
    path.write_text("\n".join([*header, columns, *records, ""]))
    return path


def record(position: int, genotypes: str, contig: str = "20", alleles: str = "A\tG") -> str:
    return f"{contig}\t{position}\t.\t{alleles}\t.\t.\t.\tGT\t{genotypes}"


def write_bam(
    path: Path,
    *reads: Mapping[str, object],
    samples: tuple[str, ...] = ("NA1",),
    contigs: tuple[str, ...] = ("20",),
) -> Path:
    """Write reads as `pysam.AlignedSegment.from_dict` takes them; what is not given has a default."""
    groups = [{"ID": sample, "SM": sample} for sample in samples]
    header = {
        "HD": {"VN": "1.6"},
        "SQ": [{"SN": contig, "LN": 1000} for contig in contigs],
        "RG": groups,
    }
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
