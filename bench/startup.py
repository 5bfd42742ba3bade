"""What a cold start costs: import time and peak memory of each function's module, and what they go to.

Each measurement is a fresh interpreter without `site`, with the artefact first on its path and this
environment's packages (for boto3, which Lambda's runtime brings) behind it. Compiled modules decide the most:
a Lambda zip holds none, and its folder cannot be written to.
"""

import compileall
import importlib.metadata
import io
import json
import re
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from sluice_local.packaging import zip_folder

FUNCTIONS: Final = Path(__file__).parents[1] / "functions"

CACHES: Final = {
    "compiled": "every module has its cache",
    "deployed": "as in a Lambda zip: the artefact has none, the runtime's boto3 and standard library have",
    "uncompiled": "no module has one",
}

HEAVIEST: Final = 12
SHOWN: Final = 6

_PROBE: Final = """
import sys
sys.path[:0] = sys.argv[2:]
import time
start = time.perf_counter()
__import__(sys.argv[1])
seconds = time.perf_counter() - start
import json, resource
print(json.dumps([seconds * 1000, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]))
"""

_IMPORT_LINE: Final = re.compile(r"import time:\s+(\d+) \|\s+(\d+) \|( +)(\S+)")


@dataclass(frozen=True)
class Imported:
    """One line of `-X importtime`: a module, its own time and that of all it was the first to import."""

    module: str
    own_us: int
    total_us: int


@dataclass(frozen=True)
class Startup:
    """One function under one kind of cache; times are medians.

    `packages_ms` sums the modules' own times by top-level package; `heaviest_ms` are the modules that took
    longest with all that they were the first to import. Both are of one further run, under the profiler.
    """

    function: str
    caches: str
    import_ms: float
    fastest_ms: float
    peak_memory_mib: float
    packages_ms: dict[str, float]
    heaviest_ms: dict[str, float]


def startup(runs: int, output: Path) -> int:
    """Measures every function `runs` times, prints a table and writes the figures as JSON; returns 0."""
    with tempfile.TemporaryDirectory() as folder:
        bare, compiled = Path(folder, "bare"), Path(folder, "compiled")
        for artefact in (bare, compiled):
            build_artefact(FUNCTIONS, artefact)
        compileall.compile_dir(compiled, quiet=1)
        folders = {"compiled": compiled, "deployed": bare, "uncompiled": bare}
        found = [
            measure(function, caches, folders[caches], runs=runs)
            for function in function_names(FUNCTIONS)
            for caches in CACHES
        ]
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps(_document(found, runs), indent=2) + "\n", encoding="utf-8")
    _print(found, runs)
    return 0


def function_names(functions: Path) -> list[str]:
    """Names the folders that hold a handler."""
    return sorted(path.parent.name for path in functions.glob("*/app.py"))


def build_artefact(functions: Path, folder: Path) -> None:
    """Puts into `folder` what a Lambda zip holds: the sources and the packages of their lock, uncompiled."""
    zipfile.ZipFile(io.BytesIO(zip_folder(functions))).extractall(folder)
    for name in locked_packages((functions / "requirements.txt").read_text(encoding="utf-8")):
        distribution = importlib.metadata.distribution(name)
        for file in distribution.files or ():
            if file.suffix != ".pyc" and ".." not in file.parts:
                target = folder / file
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(Path(str(distribution.locate_file(file))).read_bytes())


def locked_packages(lock: str) -> list[str]:
    """Names the packages that a requirements file pins."""
    return re.findall(r"^([\w.-]+)==", lock, flags=re.MULTILINE)


def measure(function: str, caches: str, artefact: Path, *, runs: int) -> Startup:
    """Imports a function's module in `runs` fresh interpreters, and once more under `-X importtime`."""
    module = f"{function}.app"
    with tempfile.TemporaryDirectory() as empty:
        # a prefix hides the caches that lie beside the sources; -B keeps new ones from being written
        options = ["-X", f"pycache_prefix={empty}"] if caches == "uncompiled" else []
        probes = [json.loads(_python(options, module, artefact).stdout) for _ in range(runs)]
        profile = parse_import_times(_python([*options, "-X", "importtime"], module, artefact).stderr)
    milliseconds = [probe[0] for probe in probes]
    return Startup(
        function=function,
        caches=caches,
        import_ms=round(statistics.median(milliseconds), 1),
        fastest_ms=round(min(milliseconds), 1),
        peak_memory_mib=round(statistics.median(probe[1] for probe in probes), 1),
        packages_ms=by_package(profile),
        heaviest_ms=heaviest(profile, but_for=function),
    )


def parse_import_times(text: str) -> list[Imported]:
    """Reads what `python -X importtime` wrote; the innermost imports come first.

    https://docs.python.org/3/using/cmdline.html#cmdoption-X
    """
    lines = (_IMPORT_LINE.fullmatch(line) for line in text.splitlines())
    return [Imported(match[4], int(match[1]), int(match[2])) for match in lines if match]


def by_package(profile: Iterable[Imported]) -> dict[str, float]:
    """Sums the modules' own times by top-level package in ms, the largest first; below 1 ms is left out."""
    sums: defaultdict[str, int] = defaultdict(int)
    for imported in profile:
        package = imported.module.split(".")[0]
        sums["standard library" if package in sys.stdlib_module_names else package] += imported.own_us
    ranked = sorted(sums.items(), key=lambda item: -item[1])
    return {name: round(us / 1000, 1) for name, us in ranked if us >= 1000}


def heaviest(profile: Iterable[Imported], *, but_for: str) -> dict[str, float]:
    """The modules that took longest with all that they brought, in ms; the function's own is left out."""
    others = [imported for imported in profile if imported.module.split(".")[0] != but_for]
    ranked = sorted(others, key=lambda imported: -imported.total_us)[:HEAVIEST]
    return {imported.module: round(imported.total_us / 1000, 1) for imported in ranked}


def _python(options: Sequence[str], module: str, artefact: Path) -> subprocess.CompletedProcess[str]:
    site_packages = sysconfig.get_paths()["purelib"]
    command = [sys.executable, "-I", "-S", "-B", *options, "-c", _PROBE, module, str(artefact), site_packages]
    return subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - our own probe


def _document(found: Sequence[Startup], runs: int) -> dict[str, object]:
    return {
        "python": sys.version.split()[0],
        "boto3": importlib.metadata.version("boto3"),
        "runs": runs,
        "caches": CACHES,
        "functions": [asdict(each) for each in found],
    }


def _print(found: Sequence[Startup], runs: int) -> None:
    table = Table(title=f"Start-up of the functions (median of {runs} fresh interpreters)")
    for column in ("function", "caches", "import ms", "fastest ms", "peak MiB"):
        table.add_column(column, justify="right" if column.endswith(("ms", "MiB")) else "left", no_wrap=True)
    for each in found:
        figures = (each.import_ms, each.fastest_ms, each.peak_memory_mib)
        table.add_row(each.function, each.caches, *(f"{figure:.0f}" for figure in figures))
    console = Console()
    console.print(table)
    for name, meaning in CACHES.items():
        console.print(f"{name}: {meaning}")
    for each in found:
        if each.caches == "deployed":
            packages = ", ".join(f"{name} {ms:.0f}" for name, ms in list(each.packages_ms.items())[:SHOWN])
            console.print(f"{each.function}, deployed, own time by package in ms: {packages}")
