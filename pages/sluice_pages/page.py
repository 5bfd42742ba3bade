"""A self-contained HTML page with Plotly charts: it loads nothing from anywhere."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from plotly.offline import get_plotlyjs

Figure = dict[str, Any]


def render_page(template: Path, figures: Mapping[str, Figure], **values: Any) -> str:
    """Return the page that a template makes.

    Args:
        template: a Jinja file that extends `page.html.jinja`, beside this module.
        figures: Plotly figures by the id of the element that each is drawn in.
        **values: what else the template uses.
    """
    templates = Environment(
        loader=FileSystemLoader([template.parent, Path(__file__).parent]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page = templates.get_template(template.name)
    return page.render(figures=figures, plotly_js=get_plotlyjs(), **values)
