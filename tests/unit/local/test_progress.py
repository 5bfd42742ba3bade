"""How progress reads."""

import io

from rich.console import Console, RenderableType

from sluice_local.terminal.progress import Step, render_block, render_line


def text_of(renderable: RenderableType) -> str:
    console = Console(file=io.StringIO(), width=100)
    console.print(renderable)
    return console.file.getvalue()  # type: ignore[attr-defined, no-any-return]


def test_a_step_says_how_far_it_is() -> None:
    assert render_line(Step("Drawing reads", 3, 12), 61.9) == "[1:01] Drawing reads: 3 of 12"


def test_a_step_of_unknown_length_says_what_it_is() -> None:
    assert render_line(Step("Deploying the stack"), 2) == "[0:02] Deploying the stack"


def test_the_block_of_a_step_shows_its_title() -> None:
    assert "Drawing reads: 3 of 12" in text_of(render_block(Step("Drawing reads", 3, 12), 0))
