"""The command line of `lowpass`: arguments, exit status and the one line that a job's log shows."""

from __future__ import annotations

import argparse
import gc
import os
import signal
import sys
import time
from importlib import import_module
from typing import TYPE_CHECKING, NoReturn

from lowpass.errors import LowpassError, missing_extra
from lowpass.storage import Workspace

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TypeAlias

    # argparse has no public name for it
    Commands: TypeAlias = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001

DEFAULT_SEED = 20
# reads are made in memory; low-pass is 0.1 to 4
MAXIMUM_DEPTH = 100
# children of an array job: <https://docs.aws.amazon.com/batch/latest/userguide/array_jobs.html>
MAXIMUM_WINDOWS = 10_000

_DESCRIPTION = """\
Imputes one low-pass sequencing sample: align, likelihoods, impute.

Every file may be a local path or an s3://bucket/key URI. An output appears under its name only when it is
complete."""

_EPILOG = """\
one sample, from synthetic reads to a figure:
  lowpass reference   --panel panel.bcf --output reference.fa.gz
  lowpass reads       --truth truth.bcf --reference reference.fa.gz --sample NA06989 --output NA06989.fastq.gz
  lowpass align       --reads NA06989.fastq.gz --reference reference.fa.gz --output NA06989.bam
  lowpass likelihoods --alignment NA06989.bam --panel panel.bcf --output NA06989.gl.bcf
  lowpass impute      --likelihoods NA06989.gl.bcf --panel panel.bcf --map map.tsv.gz --output NA06989.bcf
  lowpass accuracy    --imputed NA06989.bcf --truth truth.bcf --panel panel.bcf --output accuracy.json

exit status: 0 done, 1 it failed, 2 another argument is needed (the message says which)"""


def main() -> NoReturn:
    """Run the command line given to this process, and exit with its status."""
    # a job has one vCPU, and what NumPy's threads spend on waiting for each other counts as CPU time
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    # to look for cycles as often as Python does costs a sixth of an imputation, which makes none
    gc.set_threshold(1_000_000)
    # Batch ends a job by SIGTERM; as an exception it lets the temporary files be removed
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
    try:
        sys.exit(run(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.stderr.write("Stopped.\n")
        sys.exit(128 + signal.SIGINT)


def run(command_line: Sequence[str]) -> int:
    """Run one command and return its exit status; usage errors raise SystemExit(2), as argparse does."""
    arguments = build_parser().parse_args(command_line)
    started = time.monotonic()
    try:
        with Workspace() as files:
            # each command loads what it needs and nothing else: start-up is a good part of a short job
            outcome = import_module(f"lowpass.{arguments.command}").run(arguments, files)
    except ModuleNotFoundError as error:
        sys.stderr.write(f"{missing_extra(error, program='lowpass', extra='lowpass')}\n")
        return 1
    except (LowpassError, OSError) as error:
        sys.stderr.write(f"lowpass {arguments.command}: {error}\n")
        return error.exit_status if isinstance(error, LowpassError) else 1
    sys.stdout.write(f"lowpass {arguments.command}: {outcome} ({time.monotonic() - started:.1f} s)\n")
    return 0


def build_parser() -> argparse.ArgumentParser:
    """Build the parser; each subcommand is the name of the module that carries it out."""
    parser = argparse.ArgumentParser(
        prog="lowpass",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for add in (
        *(_add_align, _add_likelihoods, _add_impute, _add_ligate),
        *(_add_reference, _add_reads, _add_accuracy),
    ):
        add(commands)
    _command(commands, "compile", "compile the loops of impute ahead, as for a container image (Numba)")
    return parser


def _add_align(commands: Commands) -> None:
    command = _command(commands, "align", "align reads to a sorted, indexed BAM file (bwa mem)")
    _file(command, "reads", "single-end reads, FASTQ")
    _file(command, "reference", "FASTA with its BWA index beside it, as `lowpass reference` makes it")
    _file(command, "output", "BAM file; its index gets the suffix .bai")
    command.add_argument(
        "--sample", type=_sample, help="name for the read group (default: the name of the reads file)"
    )


def _add_likelihoods(commands: Commands) -> None:
    command = _command(commands, "likelihoods", "compute genotype likelihoods at the panel's SNPs")
    _file(command, "alignment", "BAM file of one sample")
    _file(command, "panel", "reference panel, BCF or VCF")
    _region(command)
    _file(command, "output", "BCF file with PL and AD at every site of the panel")


def _add_impute(commands: Commands) -> None:
    command = _command(commands, "impute", "impute genotypes at every site of the panel (Li and Stephens)")
    _file(command, "likelihoods", "BCF file that `lowpass likelihoods` made with the same panel")
    _file(command, "panel", "phased reference panel, BCF or VCF")
    _file(command, "map", "genetic map, columns pos, chr, cM")
    _region(command)
    command.add_argument(
        "--windows",
        type=_windows,
        default=1,
        metavar="N",
        help="cut the sites into N windows, with 250 kb on either side, and impute one of them",
    )
    command.add_argument(
        "--window",
        type=_whole_number,
        metavar="INDEX",
        help="which one, from 0 on (default: AWS_BATCH_JOB_ARRAY_INDEX, as in an array job of Batch)",
    )
    _file(
        command, "output", "BCF file with GT, DS and GP; {window} in its name stands for the window's number"
    )
    _seed(command)


def _add_ligate(commands: Commands) -> None:
    command = _command(commands, "ligate", "join the windows of a sample by their phase (bcftools concat)")
    command.add_argument(
        "--windows", type=_windows, required=True, metavar="N", help="how many windows there are"
    )
    _file(
        command, "imputed", "BCF files that `lowpass impute --windows N` made, with {window} for the number"
    )
    _file(command, "likelihoods", "BCF file that they were imputed from; all of its sites must be there")
    _region(command)
    _file(command, "output", "BCF file with the fields of its parts, and PS and PQ")


def _add_reference(commands: Commands) -> None:
    command = _command(commands, "reference", "make a synthetic reference that carries the panel's sites")
    _file(command, "panel", "reference panel, BCF or VCF")
    _file(command, "output", "FASTA file, BGZF if it ends in .gz; its BWA index goes beside it")
    _seed(command)


def _add_reads(commands: Commands) -> None:
    command = _command(commands, "reads", "draw reads from a person's real genotypes")
    _file(command, "truth", "genotypes, BCF or VCF; their alleles are taken in the order of the file")
    _file(command, "reference", "FASTA that `lowpass reference` made")
    command.add_argument("--sample", required=True, help="the person's name in the truth file")
    command.add_argument(
        "--depth", type=_depth, default=0.4, help="mean reads over a base (default: %(default)s)"
    )
    _file(command, "output", "FASTQ file, gzipped if it ends in .gz")
    _seed(command)


def _add_accuracy(commands: Commands) -> None:
    command = _command(commands, "accuracy", "compare imputed dosages with known genotypes")
    command.add_argument(
        "--imputed",
        required=True,
        action="append",
        metavar="FILE",
        help="BCF file that `lowpass impute` made; give it once a sample",
    )
    command.add_argument(
        "--likelihoods",
        default=[],
        action="append",
        metavar="FILE",
        help="BCF file that `lowpass likelihoods` made of a sample; adds the sample's depth",
    )
    _file(command, "truth", "known genotypes of the same samples, BCF or VCF")
    _file(command, "panel", "the panel that was imputed from")
    _file(command, "output", "JSON file: r2 by frequency bin, a sample and the mean")


def _command(commands: Commands, name: str, summary: str) -> argparse.ArgumentParser:
    return commands.add_parser(name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.")


def _file(command: argparse.ArgumentParser, name: str, summary: str) -> None:
    command.add_argument(f"--{name}", required=True, metavar="FILE", help=summary)


def _region(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--region", metavar="CONTIG:START-END", help="only the sites in it (default: all of the panel)"
    )


def _seed(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--seed", type=_whole_number, default=DEFAULT_SEED, help="of all chance (default: %(default)s)"
    )


def _sample(text: str) -> str:
    # what a header line of SAM and a column of VCF can hold
    if not text.strip() or not text.isprintable():
        raise argparse.ArgumentTypeError(
            f"{text!r} is empty or has a tab, line break or other control character"
        )
    return text


def _depth(text: str) -> float:
    try:
        depth = float(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number") from error
    if not 0 < depth <= MAXIMUM_DEPTH:
        raise argparse.ArgumentTypeError(f"{text} is not above 0 and at most {MAXIMUM_DEPTH}")
    return depth


def _whole_number(text: str) -> int:
    try:
        number = int(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from error
    if number < 0:
        raise argparse.ArgumentTypeError(f"{text} is negative; the first is 0")
    return number


def _windows(text: str) -> int:
    if not 1 <= (number := _whole_number(text)) <= MAXIMUM_WINDOWS:
        raise argparse.ArgumentTypeError(f"{text} is not 1 to {MAXIMUM_WINDOWS:,}")
    return number
