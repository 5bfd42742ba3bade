"""Inputs and outputs by local path or `s3://bucket/key`, so that the programs see plain files only.

S3 itself is in `lowpass.s3`, loaded for an `s3://` URI only: boto3 takes longer to import than some commands
to run.
"""

from __future__ import annotations

import functools
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, Self

from lowpass.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import TracebackType

S3_SCHEME = "s3://"


class ObjectStore(Protocol):
    """Where `s3://` URIs lead to."""

    def download(self, bucket: str, key: str, path: Path) -> None:
        """Copy the object to a local file."""

    def upload(self, path: Path, bucket: str, key: str) -> None:
        """Copy a local file to the object."""


def bucket_and_key(uri: str) -> tuple[str, str]:
    """Split `s3://bucket/key`.

    Raises:
        ArgumentError: when the bucket or the key is missing.
    """
    bucket, _, key = uri.removeprefix(S3_SCHEME).partition("/")
    if not bucket or not key or key.endswith("/"):
        raise ArgumentError(f"{uri} is not of the form s3://bucket/key")
    return bucket, key


def _s3() -> ObjectStore:
    from lowpass.s3 import S3Objects  # noqa: PLC0415 - see the top of this file

    return S3Objects.of_environment()


@dataclass(frozen=True)
class _Output:
    """One file to publish: where the program writes it and where it goes in the end."""

    written: Path
    location: str


class Workspace:
    """Stages the inputs of one command and publishes its outputs when, and only when, it succeeds.

    Use it as a context manager. Outputs are written under temporary names; on success they are renamed
    (local) or uploaded (S3), companions before the file that they belong to, so whoever sees the file finds
    it complete. Temporary files are removed in either case.
    """

    def __init__(self, connect: Callable[[], ObjectStore] = _s3) -> None:
        # connected for the first `s3://` URI only
        self._objects = functools.cache(connect)
        self._folders: list[Path] = []
        self._outputs: list[_Output] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._publish()
        finally:
            for folder in self._folders:
                shutil.rmtree(folder, ignore_errors=True)

    def input(self, location: str, companions: Iterable[str] = ()) -> Path:
        """Return a local path that holds the file, with its companions beside it.

        Args:
            location: an `s3://bucket/key` URI or a local path.
            companions: the locations of further files, such as an index, that have to lie beside it.

        Raises:
            ArgumentError: when one of the files is not there.
            S3Error: when S3 refuses or cannot be reached.
        """
        if not location.startswith(S3_SCHEME):
            for path in (location, *companions):
                _require_file(Path(path))
            return Path(location)
        folder = self._temporary_folder(None)
        for uri in (location, *companions):
            self._objects().download(*bucket_and_key(uri), folder / _name(uri))
        return folder / _name(location)

    def output(self, location: str, companions: Iterable[str] = ()) -> Path:
        """Return the temporary path to write to; what lies there on success is published, companions too.

        Raises:
            ArgumentError: when the folder of a local output does not exist, or the output is one itself.
        """
        folder = self._output_folder(location)
        self._outputs += [_Output(folder / _name(target), target) for target in (*companions, location)]
        return folder / _name(location)

    def _output_folder(self, location: str) -> Path:
        if location.startswith(S3_SCHEME):
            bucket_and_key(location)
            return self._temporary_folder(None)
        parent = Path(location).parent
        if Path(location).is_dir():
            raise ArgumentError(f"{location} is a folder; give the name of a file to write")
        if not parent.is_dir():
            raise ArgumentError(f"the folder {parent} of {location} does not exist; create it first")
        # beside the output, because a rename is atomic within one file system only
        return self._temporary_folder(parent)

    def _temporary_folder(self, parent: Path | None) -> Path:
        folder = Path(tempfile.mkdtemp(prefix=".lowpass-", dir=parent))
        self._folders.append(folder)
        return folder

    def _publish(self) -> None:
        for output in self._outputs:
            if output.location.startswith(S3_SCHEME):
                self._objects().upload(output.written, *bucket_and_key(output.location))
            else:
                output.written.replace(output.location)


def _name(location: str) -> str:
    return location.rsplit("/", 1)[-1]


def _require_file(path: Path) -> None:
    if not path.is_file():
        raise ArgumentError(f"there is no file {path}; check the path, or give an s3://bucket/key URI")
