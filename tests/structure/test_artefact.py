"""What is deployed is `functions/`, its lock, and nothing else."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path

from sluice_local.packaging import zip_folder

ROOT = Path(__file__).parents[2]
LOCKS = [ROOT / "functions/requirements.txt", *sorted((ROOT / "tools/requirements").glob("*.txt"))]
# as measured: 172 KB; room to grow, none for a package that crept in
MAX_BYTES = 180_000


def pins(path: Path) -> dict[str, str]:
    return dict(re.findall(r"^([\w.\-\[\]]+)==([^ ;\\]+)", path.read_text(), flags=re.MULTILINE))


def test_the_zip_holds_the_functions_sources_and_their_lock_only() -> None:
    body = zip_folder(ROOT / "functions")
    names = zipfile.ZipFile(io.BytesIO(body)).namelist()
    assert {Path(name).suffix for name in names} == {".py", ".txt"}
    assert "sluice/aws/tables/task_store.py" in names
    assert len(body) < MAX_BYTES


def test_every_locked_package_has_hashes_and_no_download_address() -> None:
    for path in LOCKS:
        text = path.read_text()
        assert "://" not in text
        assert text.count("==") <= text.count("--hash=sha256:")


def test_a_package_has_one_version_in_all_locks() -> None:
    everything = pins(ROOT / "tools/requirements/dev.txt")
    # the benchmark's peers, checkov and the SAM CLI live elsewhere, the runtime of the last in an image
    elsewhere = {"checkov.txt", "peers.txt", "sam.txt", "sam-runtime.txt"}
    for path in (path for path in LOCKS if path.name not in elsewhere):
        assert pins(path).items() <= everything.items(), path


def test_the_functions_bring_no_sdk_along() -> None:
    assert not pins(ROOT / "functions/requirements.txt").keys() & {"boto3", "botocore"}
