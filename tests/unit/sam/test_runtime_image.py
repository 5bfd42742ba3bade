"""What goes into the image that stands in for Lambda's, and how it is written."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path, PurePosixPath

import pytest

from tools.sam.runtime_image import APPLETS, File, is_left_out, linked_libraries, write_image

LDD = """\
/opt/python/lib/python3.13/lib-dynload/_ssl.cpython-313-x86_64-linux-gnu.so:
\tlinux-vdso.so.1 (0x00007ffd1b5f2000)
\tlibssl.so.3 => /lib/x86_64-linux-gnu/libssl.so.3 (0x00007f0c5a000000)
\tlibnowhere.so.1 => not found
\t/lib64/ld-linux-x86-64.so.2 (0x00007f0c5a600000)
/bin/busybox:
\tnot a dynamic executable
"""


def test_libraries_and_the_loader_are_read_off_ldd() -> None:
    assert linked_libraries(LDD) == {
        Path("/lib/x86_64-linux-gnu/libssl.so.3"),
        Path("/lib64/ld-linux-x86-64.so.2"),
    }


@pytest.mark.parametrize(
    ("place", "left_out"),
    [
        ("var/lang/lib/python3.13/ssl.py", False),
        ("var/lang/lib/python3.13/unittest/mock.py", False),
        ("var/lang/lib/python3.13/test/test_ssl.py", True),
        ("var/lang/lib/python3.13/site-packages/pip/__init__.py", True),
        ("var/lang/lib/python3.13/__pycache__/ssl.cpython-313.pyc", True),
        ("var/lang/lib/python3.13/lib-dynload/_tkinter.cpython-313-x86_64-linux-gnu.so", True),
        ("var/lang/lib/python3.13/config-3.13-x86_64-linux-gnu/libpython3.13.a", True),
    ],
)
def test_what_no_function_needs_is_left_out(place: str, *, left_out: bool) -> None:
    assert is_left_out(PurePosixPath(place)) is left_out


def test_the_image_holds_copies_scripts_that_run_and_the_shells_commands(tmp_path: Path) -> None:
    library = tmp_path / "library"
    library.write_text("content")
    stream = io.BytesIO()
    files = [
        File(PurePosixPath("lib/library"), library),
        File(PurePosixPath("start.sh"), "#!/bin/sh\n"),
        File(PurePosixPath("etc/group"), "root:x:0:\n"),
    ]
    write_image(files, stream)
    stream.seek(0)
    with tarfile.open(fileobj=stream) as archive:
        members = {member.name: member for member in archive.getmembers()}
        copied = archive.extractfile("lib/library")
        assert copied is not None
        assert copied.read() == b"content"
    assert members["start.sh"].mode == 0o755
    assert members["etc/group"].mode == 0o644
    assert all(members[f"bin/{applet}"].linkname == "busybox" for applet in APPLETS)
    assert {member.uid for member in members.values()} == {0}
