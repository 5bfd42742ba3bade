"""What `sam package` does: puts a template's local files into S3 and their places into the template."""

import copy
import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from samtranslator.yaml_helper import yaml_parse

from sluice_local.errors import LocalError

Template = dict[str, Any]
Upload = Callable[[str, bytes], None]
"""Stores a body under a key."""

_CACHE_FOLDERS = {"__pycache__", ".mypy_cache", ".pytest_cache", ".ruff_cache"}
_ZIP_TIME = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip can hold; a fixed one keeps its hash


class PackagingError(LocalError):
    """Raised when a template names a file or folder that is not there."""


def package(template_path: Path, *, bucket: str, upload: Upload) -> Template:
    """Read a SAM template, upload what it names on this disk, and return it with S3 locations instead.

    Each `CodeUri` folder is zipped without caches and uploaded once, under a key made of its content, so
    that an unchanged folder changes nothing in the stack. State machines' `DefinitionUri` likewise.

    Raises:
        PackagingError: a path that does not exist.
    """
    packager = _Packager(template_path.parent, bucket, upload)
    template = read_template(template_path.read_text(encoding="utf-8"))
    return packager.packaged(template)


def read_template(text: str) -> Template:
    """Parse a template, its short forms such as `!Ref` written out, into what JSON can hold."""
    parsed: Template = json.loads(json.dumps(yaml_parse(text), default=str))
    return parsed


def zip_folder(folder: Path) -> bytes:
    """Zip a folder's files, caches left out; the same content always gives the same bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in _deployed_files(folder):
            entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), _ZIP_TIME)
            entry.external_attr = (path.stat().st_mode & 0o777) << 16
            archive.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _deployed_files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        is_cache = _CACHE_FOLDERS.intersection(path.relative_to(folder).parts)
        if path.is_file() and not is_cache and path.suffix != ".pyc":
            yield path


class _Packager:
    """Replaces the local paths of one template, each uploaded once."""

    def __init__(self, folder: Path, bucket: str, upload: Upload) -> None:
        self._folder = folder
        self._bucket = bucket
        self._upload = upload
        self._keys: dict[Path, str] = {}

    def packaged(self, template: Template) -> Template:
        packaged = copy.deepcopy(template)
        for properties in _function_properties(packaged):
            if _is_local(properties.get("CodeUri")):
                properties["CodeUri"] = f"s3://{self._bucket}/{self._key(properties['CodeUri'])}"
        for properties in _properties_of("AWS::Serverless::StateMachine", packaged):
            if _is_local(properties.get("DefinitionUri")):
                key = self._key(properties["DefinitionUri"])
                properties["DefinitionUri"] = {"Bucket": self._bucket, "Key": key}
        return packaged

    def _key(self, local_path: str) -> str:
        path = (self._folder / local_path).resolve()
        if path not in self._keys:
            body, ending = _read(path)
            self._keys[path] = hashlib.sha256(body).hexdigest() + ending
            self._upload(self._keys[path], body)
        return self._keys[path]


def _read(path: Path) -> tuple[bytes, str]:
    if path.is_dir():
        return zip_folder(path), ".zip"
    if path.is_file():
        return path.read_bytes(), "".join(path.suffixes)
    raise PackagingError(f"The template names {path}, which is not there; fix the path in the template")


def _is_local(location: object) -> bool:
    return isinstance(location, str) and not location.startswith("s3://")


def _function_properties(template: Template) -> Iterator[dict[str, Any]]:
    yield from _properties_of("AWS::Serverless::Function", template)
    globals_ = template.get("Globals", {}).get("Function")
    if globals_:
        yield globals_


def _properties_of(resource_type: str, template: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for resource in template["Resources"].values():
        if resource.get("Type") == resource_type:
            yield resource.setdefault("Properties", {})
