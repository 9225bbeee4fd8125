"""Put small bugs into a copy of the code, one at a time; list those that the unit tests let pass.

    python -m tools.mutants                         lines changed since main (`make mutants`)
    python -m tools.mutants --since v1.2 --each 3   since a release, at most three bugs a line
    python -m tools.mutants core/data views --most 8 --wide
                                                    whole files, eight bugs a file at random

A bug meets the tests of its module, then those of its room; with --wide also all other unit tests
of core or views, which takes minutes for each that survives. What survives the first two may be
noticed elsewhere, and may be no bug at all: read the list, and write the test that is missing.
Random choices follow --seed. Each bug runs in a process forked from one that has imported torch
and Streamlit already.
"""

import argparse
import difflib
import importlib
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).parents[1]
MUTATED = ("core", "views")
LINKED = ("data", "runs")  # of the checkout: too large to copy, and not changed
IMPORTED = ("torch", "sklearn.metrics", "streamlit.testing.v1", "pandas", "scipy.ndimage")
IMPORTED += ("plotly.graph_objects", "PIL.Image", "onnx")
PATIENCE = "20"  # seconds: tests of the worker give up sooner
ALL = range(1, 10_000)


def changed_lines(since: str) -> dict[str, set[int]]:
    """The lines of each file that were added or changed since a commit, and not committed too."""
    command = ["git", "diff", "--unified=0", "--no-prefix", since, "--", *MUTATED]
    text = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    lines: dict[str, set[int]] = defaultdict(set)
    file = ""
    for line in text.splitlines():
        if line.startswith("+++ "):
            file = line[4:]
        elif hunk := re.match(r"@@ -\S+ \+(\d+)(?:,(\d+))? @@", line):
            start, count = int(hunk[1]), int(hunk[2] or 1)
            lines[file] |= set(range(start, start + count))
    return {file: found for file, found in lines.items() if file.endswith(".py")}


def whole_files(paths: list[str]) -> dict[str, set[int]]:
    """All lines of the files, and of the files in the folders."""
    found = [
        file for path in paths for file in (sorted((ROOT / path).rglob("*.py")) or [ROOT / path])
    ]
    return {str(file.relative_to(ROOT)): set(ALL) for file in found if file.name != "__init__.py"}


def copy_project(folder: Path) -> None:
    """The checkout as it is now, without what git ignores."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    for name in LINKED:
        if (ROOT / name).exists() and not (folder / name).exists():
            (folder / name).symlink_to((ROOT / name).resolve())


def tests_of(file: str, wide: bool) -> list[str]:
    """The tests that a bug meets, the nearest first: those of the module, and who imports it."""
    path = Path(file)
    room = ROOT / "tests" / path.parent
    module = ".".join(path.with_suffix("").parts)
    importing = re.compile(
        rf"from {module} import|from {module.rpartition('.')[0]} import .*\b{path.stem}\b"
    )
    others = [
        test
        for test in sorted((ROOT / "tests" / path.parts[0]).rglob("test_*.py"))
        if importing.search(test.read_text())
    ]
    found = [*sorted(room.glob(f"test_{path.stem}*.py")), *others, *room.glob("test_page.py")]
    far = [f"tests/{path.parts[0]}"] if wide else []
    return [*dict.fromkeys(str(test.relative_to(ROOT)) for test in found), *far]


def survives(folder: Path, tests: list[str], limit: float) -> bool:
    """Do all tests pass in a copy, within so many seconds?"""
    pid = os.fork()
    if pid == 0:
        _run_tests(folder, tests)
    deadline = time.monotonic() + limit
    while True:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            return status == 0
        if time.monotonic() > deadline:
            os.killpg(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            return False
        time.sleep(0.05)


def _run_tests(folder: Path, tests: list[str]) -> None:
    os.setpgid(0, 0)
    os.chdir(folder)
    quiet = os.open(folder / "output", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)
    os.environ |= {"PATIENCE": PATIENCE, "PYTHONPATH": str(folder)}
    sys.path[:] = [str(folder), *(entry for entry in sys.path if entry not in ("", str(ROOT)))]
    for name in [name for name in sys.modules if name.split(".")[0] in ("tools", *MUTATED)]:
        del sys.modules[name]
    import pytest

    sys.dont_write_bytecode = True
    options = [
        "-x",
        "-q",
        "--tb=line",
        "--assert=plain",
        "-p",
        "no:cacheprovider",
        "--basetemp",
        str(folder / "tmp"),
    ]
    status = 1
    try:
        status = int(pytest.main([*options, *tests]))
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        os._exit(status)


def main() -> int:
    """Try the bugs; print those that survive."""
    options = _options()
    rng = random.Random(options.seed)
    lines = whole_files(options.paths) if options.paths else changed_lines(options.since)
    print(f"seed {options.seed}, {len(lines)} files", flush=True)
    for name in IMPORTED:
        importlib.import_module(name)
    tried = survived = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        copy_project(folder)
        for file in lines:
            one, other = _try_file(folder, file, lines[file], rng, options)
            tried, survived = tried + one, survived + other
    print(f"{tried} bugs, {survived} survived the tests of their rooms (seed {options.seed})")
    return 0


def _try_file(
    folder: Path, file: str, lines: set[int], rng: random.Random, options: argparse.Namespace
) -> tuple[int, int]:
    """Try bugs of one file: how many, and how many survived."""
    from tools.mutations import mutations

    source = (ROOT / file).read_text()
    tests = tests_of(file, options.wide)
    started = time.monotonic()
    if not tests or not survives(folder, tests, 600):
        print(f"{file}: its tests fail without any bug, or there are none", flush=True)
        return 0, 0
    limit = 60 + 5 * (time.monotonic() - started)
    on_line = defaultdict(list)
    for mutation in mutations(source):
        if mutation.line in lines:
            on_line[mutation.line].append(mutation)
    chosen = [
        m for found in on_line.values() for m in rng.sample(found, min(options.each, len(found)))
    ]
    chosen = rng.sample(chosen, min(options.most, len(chosen)))
    passed = []
    for mutation in sorted(chosen, key=lambda each: each.line):
        mutated = mutation.apply()
        (folder / file).write_text(mutated)
        if survives(folder, tests, limit):
            passed.append(mutated)
            print("\n".join(_difference(file, mutation.line, source, mutated)), flush=True)
    (folder / file).write_text(source)
    print(f"{file}: {len(chosen) - len(passed)} of {len(chosen)} noticed", flush=True)
    return len(chosen), len(passed)


def _difference(file: str, line: int, source: str, mutated: str) -> list[str]:
    compared = difflib.unified_diff(source.splitlines(), mutated.splitlines(), n=0, lineterm="")
    return [f"{file}:{line}", *(f"    {text}" for text in list(compared)[2:] if text[0] in "+-")]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="mutants", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("paths", nargs="*", help="whole files or folders, not changed lines")
    parser.add_argument("--since", default="main", help="commit to compare with (main)")
    parser.add_argument("--each", type=int, default=1, help="bugs a line at most (1)")
    parser.add_argument("--most", type=int, default=1_000_000, help="bugs a file at most")
    parser.add_argument("--seed", type=int, default=random.randrange(10_000))
    parser.add_argument("--wide", action="store_true", help="also all other unit tests")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
