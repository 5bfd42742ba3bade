"""`make accept`: tries what Sluice assumes of AWS on a deployed stack."""

import json
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from accept.aws import Aws
from accept.errors import AcceptError
from accept.run import Size, run
from accept.stack import find_stack
from accept.table import Row, Verdict, document, markdown
from sluice_local.terminal.signals import Interrupted, leave_at_once, raise_interrupted

app = typer.Typer(
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
_Stack = Annotated[
    str, typer.Option("--stack", metavar="NAME", help="The deployed stack; make accept STACK=NAME.")
]
_Samples = Annotated[int, typer.Option("--samples", min=3, metavar="N", help="Samples of the cohort.")]
_Launches = Annotated[
    int, typer.Option("--launches", min=2, max=10_000, metavar="N", help="Tasks that are launched at once.")
]
_Output = Annotated[Path, typer.Option("--output", metavar="FOLDER", help="For facts.json and table.md.")]


@app.command()
def accept(
    *,
    stack: _Stack,
    samples: _Samples = 300,
    launches: _Launches = 200,
    output: _Output = Path("out/accept"),
) -> None:
    """Try what Sluice assumes of AWS, on a stack that is deployed.

    It runs short jobs of a public image, deploys the stack twice with another
    value of KeepDays, and takes away what it made. On an account that takes
    ten to twenty minutes and costs less than a dollar.

    \b
    Exit codes: 0 all that was measured is as assumed, 1 something is not, or
    the run could not be made, 2 wrong usage, 130 Ctrl-C, 143 SIGTERM.
    """  # noqa: D301 - \b keeps Typer from joining the lines
    console, began_s = Console(highlight=False, soft_wrap=True), time.time()
    with _told():
        aws = Aws()
        found = find_stack(aws, stack)
    where = f"account {aws.account}, {aws.region}" if aws.is_real else aws.endpoint_url
    console.print(f"Stack {stack} at {where}", style="bold", markup=False)
    prefix, size = f"{stack}-accept-{uuid.uuid4().hex[:8]}", Size(samples, launches)

    def tell(text: str) -> None:
        console.print(f"{time.time() - began_s:5.0f} s  {text}", markup=False)

    with _told():
        rows = run(aws, found, prefix, size, tell)
    _write(output, rows, {**_about(aws, size), "seconds": round(time.time() - began_s, 1)})
    console.print(f"\n{markdown(rows, is_real=aws.is_real)}", markup=False)
    raise typer.Exit(_conclude(console, rows, output))


@contextmanager
def _told() -> Iterator[None]:
    """Say why the run cannot be made, and end."""
    try:
        yield
    except AcceptError as error:
        typer.echo(f"accept: {error}", err=True)
        raise typer.Exit(1) from error


def _about(aws: Aws, size: Size) -> dict[str, object]:
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "endpoint": aws.endpoint_url,
        "isAws": aws.is_real,
        "region": aws.region,
        "samples": size.samples,
        "launches": size.launches,
    }


def _write(output: Path, rows: list[Row], about: dict[str, object]) -> None:
    output.mkdir(parents=True, exist_ok=True)
    facts = json.dumps(document(rows, about), indent=2, ensure_ascii=False)
    (output / "facts.json").write_text(f"{facts}\n", encoding="utf-8")
    (output / "table.md").write_text(markdown(rows, is_real=bool(about["isAws"])), encoding="utf-8")


def _conclude(console: Console, rows: list[Row], output: Path) -> int:
    counts = {verdict: sum(row.verdict is verdict for row in rows) for verdict in Verdict}
    told = ", ".join(f"{count} {verdict.value}" for verdict, count in counts.items())
    console.print(f"{told}. All facts: {output / 'facts.json'}", style="bold", markup=False)
    return 1 if counts[Verdict.DIFFERS] else 0


def main() -> None:
    """Run the command line given to this process, and exit with its status."""
    leave_at_once()
    raise_interrupted()
    try:
        app()
    except Interrupted as interrupted:
        sys.stdout.write("Stopped; what the run had made is taken away.\n")
        sys.exit(interrupted.exit_status)


if __name__ == "__main__":
    main()
