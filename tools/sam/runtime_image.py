"""Writes the file system of an image that stands in for AWS's `public.ecr.aws/lambda/python:3.13`.

`python3.13 -m tools.sam.runtime_image PACKAGES` writes a tar file. It has this machine's own Python 3.13
where AWS's image has its, and PACKAGES (Lambda's runtime client and boto3, as pip installed them) beside it.
Places, environment and entry point are AWS's, https://docs.aws.amazon.com/lambda/latest/dg/python-image.html;
its content is not: it is for machines that reach no registry, and what ran on it has not run on AWS's image.
"""

import io
import re
import subprocess
import sys
import sysconfig
import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

LANGUAGE = PurePosixPath("var/lang")
RUNTIME = PurePosixPath("var/runtime")
APPLETS = ("sh", "cat", "chmod", "cp", "env", "ls", "mkdir", "mv", "rm")
"""What the SAM CLI's own layer on the image and the scripts below call; busybox has all of them."""

_FOLDERS = ("dev", "opt", "proc", "sys", "var/rapid", "var/task")
_LEFT_OUT = {"__pycache__", "dist-packages", "idlelib", "site-packages", "test", "tkinter", "turtledemo"}
_BUSYBOX = Path("/bin/busybox")
_CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
_LIBRARY = re.compile(r"^\s*(?:\S+ => )?(/\S+) \(0x[0-9a-f]+\)$", re.MULTILINE)

_BOOTSTRAP = """\
#!/bin/sh
export AWS_EXECUTION_ENV=AWS_Lambda_python3.13
export PYTHONPATH=/var/task:/opt/python:/var/runtime
exec /var/lang/bin/python3.13 -m awslambdaric "$_HANDLER"
"""
_ENTRYPOINT = """\
#!/bin/sh
export _HANDLER="$1"
[ -n "$AWS_LAMBDA_RUNTIME_API" ] && exec /var/runtime/bootstrap
exec /usr/local/bin/aws-lambda-rie /var/runtime/bootstrap
"""
_ACCOUNTS = "root:x:0:0::/root:/bin/sh\nsbx_user1051:x:993:990::/home/sbx_user1051:/bin/sh\n"


@dataclass(frozen=True)
class File:
    """One file of the image.

    Attributes:
        place: where it stands, without the leading slash.
        content: the file of this machine that it is a copy of, or its text.
    """

    place: PurePosixPath
    content: Path | str


def image_files(packages: Path) -> list[File]:
    """Return every file of the image: interpreter, packages, the libraries of both, and scripts."""
    programs = [*_interpreter(), *_tree(packages, RUNTIME)]
    libraries = [File(_same_place(path), path) for path in sorted(_libraries_of(programs))]
    return [*programs, *libraries, *_surroundings()]


def write_image(files: Iterable[File], stream: BinaryIO) -> None:
    """Write the files as a tar file, all of them root's."""
    with tarfile.open(fileobj=stream, mode="w|", dereference=True) as archive:
        for name in _FOLDERS:
            archive.addfile(_folder(name, 0o755))
        archive.addfile(_folder("tmp", 0o1777))
        for applet in APPLETS:
            archive.addfile(_link(f"bin/{applet}", "busybox"))
        for file in files:
            _add(archive, file)


def linked_libraries(ldd_output: str) -> set[Path]:
    """Read the paths of shared libraries, and of the loader, from what `ldd` says."""
    return {Path(path) for path in _LIBRARY.findall(ldd_output)}


def is_left_out(path: PurePosixPath) -> bool:
    """Say whether a file of Python's library is of no use to a function: tests, Tk, byte code, archives."""
    return bool(_LEFT_OUT.intersection(path.parts)) or path.suffix == ".a" or path.name.startswith("_tkinter")


def _interpreter() -> Iterator[File]:
    yield File(LANGUAGE / "bin" / "python3.13", Path(sys.executable).resolve())
    library = Path(sysconfig.get_path("stdlib"))
    for file in _tree(library, LANGUAGE / "lib" / "python3.13"):
        if not is_left_out(file.place):
            yield file


def _tree(folder: Path, place: PurePosixPath) -> Iterator[File]:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield File(place / path.relative_to(folder).as_posix(), path)


def _libraries_of(programs: Iterable[File]) -> set[Path]:
    """Return what the programs link; the C++ runtime is loaded by the runtime client."""
    linking = [
        str(file.content) for file in programs if ".so" in file.place.name or "bin" in file.place.parts
    ]
    told = subprocess.run(["ldd", *linking], capture_output=True, text=True, check=False)  # noqa: S603, S607 - our own files
    return linked_libraries(told.stdout)


def _surroundings() -> list[File]:
    return [
        File(RUNTIME / "bootstrap", _BOOTSTRAP),
        File(PurePosixPath("lambda-entrypoint.sh"), _ENTRYPOINT),
        File(PurePosixPath("bin/busybox"), _BUSYBOX),
        File(PurePosixPath("etc/passwd"), _ACCOUNTS),
        File(PurePosixPath("etc/group"), "root:x:0:\n"),
        File(PurePosixPath("etc/nsswitch.conf"), "hosts: files dns\n"),
        File(_same_place(_CERTIFICATES), _CERTIFICATES),
    ]


def _same_place(path: Path) -> PurePosixPath:
    return PurePosixPath(path.as_posix().removeprefix("/"))


def _folder(name: str, mode: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.type, entry.mode = tarfile.DIRTYPE, mode
    return entry


def _link(name: str, target: str) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname = tarfile.SYMTYPE, target
    return entry


def _add(archive: tarfile.TarFile, file: File) -> None:
    if isinstance(file.content, str):
        body = file.content.encode()
        entry = tarfile.TarInfo(str(file.place))
        entry.size, entry.mode = len(body), 0o755 if body.startswith(b"#!") else 0o644
        archive.addfile(entry, io.BytesIO(body))
    else:
        archive.add(file.content, str(file.place), recursive=False, filter=_as_root)


def _as_root(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = "root"
    return entry


if __name__ == "__main__":
    write_image(image_files(Path(sys.argv[1])), sys.stdout.buffer)
