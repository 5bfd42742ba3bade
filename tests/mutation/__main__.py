"""`python -m tests.mutation [WORD]`: does a test fail when a guard of a promise is turned off?

With a word, only the guards whose promise or name holds it are tried.
"""

from __future__ import annotations

import sys

from rich.console import Console
from rich.table import Table

from tests.mutation.mutant import MutantError
from tests.mutation.mutants import MUTANTS
from tests.mutation.trial import Verdict, check_unmutated, copied_tree, tried


def main(word: str = "") -> int:
    """Tries the mutants one after another and prints the table; 1 if any of them survived."""
    chosen = [mutant for mutant in MUTANTS if word in f"{mutant.promise} {mutant.turned_off}"]
    console = Console()
    with copied_tree() as tree:
        check_unmutated(tree, chosen)
        console.print(f"all tests pass with every guard on; turning {len(chosen)} off, one by one")
        verdicts = [_reported(console, tried(tree, mutant)) for mutant in chosen]
    console.print(_table(verdicts))
    survivors = sum(verdict.survived for verdict in verdicts)
    console.print(f"{len(verdicts) - survivors} of {len(verdicts)} noticed, {survivors} survived")
    return 1 if survivors or not verdicts else 0


def _reported(console: Console, verdict: Verdict) -> Verdict:
    word = "SURVIVED" if verdict.survived else "noticed"
    console.print(f"  {word}: {verdict.mutant.turned_off}", highlight=False)
    return verdict


def _table(verdicts: list[Verdict]) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for title in ("promise", "turned off", "tests that failed"):
        table.add_column(title, overflow="fold")
    for verdict in verdicts:
        failed = "none: it SURVIVED" if verdict.survived else "\n".join(dict.fromkeys(verdict.failed))
        table.add_row(verdict.mutant.promise, verdict.mutant.turned_off, failed)
    return table


if __name__ == "__main__":
    try:
        sys.exit(main(*sys.argv[1:2]))
    except MutantError as error:
        sys.exit(str(error))
