"""Checks that a tag may be released: `python -m tools.sam.release v0.1.0`."""

import re
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sluice_local.packaging import read_template

_ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Versions:
    """What the files say which version this is.

    Attributes:
        project: of pyproject.toml.
        template: the `SemanticVersion` of template.yaml.
        changelog: CHANGELOG.md, whole.
    """

    project: str
    template: str
    changelog: str


def problems(tag: str, versions: Versions) -> Iterator[str]:
    """Yield each reason not to release `tag`, with the file to fix."""
    if tag != f"v{versions.project}":
        yield f"The tag is {tag}; pyproject.toml says {versions.project}, whose tag is v{versions.project}."
    if versions.template != versions.project:
        yield f"template.yaml has SemanticVersion {versions.template}; pyproject.toml has {versions.project}."
    heading = rf"^## \[{re.escape(versions.project)}\] - \d{{4}}-\d\d-\d\d$"
    if not re.search(heading, versions.changelog, flags=re.MULTILINE):
        yield f"CHANGELOG.md has no dated heading `## [{versions.project}] - YYYY-MM-DD`."


def read_versions(folder: Path) -> Versions:
    """Read the versions of a checkout."""
    project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    template = read_template((folder / "template.yaml").read_text(encoding="utf-8"))
    metadata = template["Metadata"]["AWS::ServerlessRepo::Application"]
    changelog = (folder / "CHANGELOG.md").read_text(encoding="utf-8")
    return Versions(project["version"], metadata["SemanticVersion"], changelog)


if __name__ == "__main__":
    found = list(problems(sys.argv[1], read_versions(_ROOT)))
    sys.exit("\n".join(found) or 0)
