"""A self-contained HTML page with Plotly charts: it loads nothing from anywhere."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import BaseLoader, Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from plotly.offline import get_plotlyjs

if TYPE_CHECKING:
    from collections.abc import Mapping

Figure = dict[str, Any]

PLOTLY = "plotly"


def render_page(template: Path, figures: Mapping[str, Figure] | None = None, /, **values: Any) -> str:
    """Return the page that a template makes.

    Args:
        template: a Jinja file that extends `page.html.jinja`, beside this module. `script(NAME)` in it stands
            for the text of a script that lies beside it or beside this module, or for Plotly's own.
        figures: Plotly figures by the id of the element that each is drawn in.
        **values: what else the template uses.
    """
    loader = FileSystemLoader([template.parent, Path(__file__).parent])
    templates = Environment(
        loader=loader,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.globals["script"] = partial(_script, loader, templates)
    return templates.get_template(template.name).render(figures=figures or {}, **values)


def _script(loader: BaseLoader, templates: Environment, name: str) -> Markup:
    """Our own files, as they are: nothing from outside is in them."""
    text = get_plotlyjs() if name == PLOTLY else loader.get_source(templates, name)[0]
    return Markup(text)  # noqa: S704 - see above
