"""What is in the wheel and in the sdist."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path, PurePosixPath

from tests.package.installing import ROOT, build

PACKAGES = {
    "lowpass": "jobs",
    "sluice": "functions",
    "sluice_cli": "src",
    "sluice_local": "src",
    "sluice_pages": "src",
}


def names(wheel: Path) -> set[str]:
    return set(zipfile.ZipFile(wheel).namelist())


def sources() -> set[str]:
    """Every file of the packages, as the wheel names it."""
    return {
        path.relative_to(ROOT / folder).as_posix()
        for package, folder in PACKAGES.items()
        for path in (ROOT / folder / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_the_wheel_holds_the_packages_their_pages_and_the_licence(wheel: Path) -> None:
    packed = {name for name in names(wheel) if ".dist-info/" not in name}
    scripts = {name for name in packed if ".data/scripts/" in name}
    assert {PurePosixPath(name).name for name in scripts} == {"sluice-row"}
    files = packed - scripts
    assert files == sources()
    assert {PurePosixPath(name).parts[0] for name in files} == PACKAGES.keys()
    assert {PurePosixPath(name).suffix for name in files} == {".py", ".js", ".jinja"}
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names(wheel))


def test_an_sdist_builds_the_same_wheel(wheel: Path, tmp_path: Path) -> None:
    sdist = build("sdist", ROOT, tmp_path / "sdist")
    shutil.unpack_archive(sdist, tmp_path)
    again = build("wheel", tmp_path / sdist.name.removesuffix(".tar.gz"), tmp_path / "wheel")
    assert names(again) == names(wheel)
