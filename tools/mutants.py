"""Put small bugs into a copy of the code, one at a time, and list those that no test notices.

    python -m tools.mutants                        lines changed since main (`make mutants`)
    python -m tools.mutants --since v1.2 --each 3  since a release, up to three bugs a line
    python -m tools.mutants core/data --most 8 --wide
                                                   all lines of a folder, eight bugs a file

A bug meets the tests of its module, of what imports it, and of its page. Who survives them may be
noticed elsewhere (--wide tries all unit tests of core or views, in minutes for each bug), or be no
bug at all: read the list, and write the test that is missing. Which bugs are tried is drawn at
random by --seed. tools/mutations.py has the kinds of bugs.
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
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

import pytest

from tools.mutations import Mutation, mutations

ROOT = Path(__file__).parents[1]
MUTATED = ("core", "views")
LINKED = ("data",)  # of the checkout: too large to copy, and not changed
# What takes long to import. Each bug is tried in a fork of a process that has imported it already.
IMPORTED = (
    *("torch", "sklearn.metrics", "scipy.ndimage", "pandas", "plotly.graph_objects"),
    *("streamlit.testing.v1", "PIL.Image"),
)
OPTIONS = ("-x", "-q", "--tb=line", "--assert=plain", "-p", "no:cacheprovider", "--basetemp=tmp")
ENVIRONMENT = {"PATIENCE": "20", "PYTHONDONTWRITEBYTECODE": "1"}  # seconds for tests of workers
EVERY_LINE = range(1, 10_000)

Lines = Mapping[str, set[int]]  # of files, whose paths are relative to ROOT


def _git(*arguments: str) -> str:
    command = ["git", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout


def changed_lines(since: str) -> Lines:
    """The lines that were added or changed since a commit, whether committed or not."""
    lines: dict[str, set[int]] = defaultdict(set)
    file = ""
    for line in _git("diff", "--unified=0", "--no-prefix", since, "--", *MUTATED).splitlines():
        if line.startswith("+++ "):
            file = line[4:]
        elif hunk := re.match(r"@@ -\S+ \+(\d+)(?:,(\d+))? @@", line):
            start, count = int(hunk[1]), int(hunk[2] or 1)
            lines[file] |= set(range(start, start + count))
    return {file: found for file, found in lines.items() if file.endswith(".py") and found}


def whole_files(paths: list[str]) -> Lines:
    """All lines of some files, and of the files in some folders."""
    places = [ROOT / path for path in paths]
    files = [file for place in places for file in sorted(place.rglob("*.py")) or [place]]
    return {str(file.relative_to(ROOT)): set(EVERY_LINE) for file in files if file.name[0] != "_"}


def tests_of(file: str, wide: bool) -> list[str]:
    """The tests that a bug in a file meets, the nearest first."""
    path = Path(file)
    room, module = ROOT / "tests" / path.parent, ".".join(path.with_suffix("").parts)
    package, _, name = module.rpartition(".")
    names_it = re.compile(rf"from {module} import|from {package} import .*\b{name}\b")
    everywhere = sorted((ROOT / "tests" / path.parts[0]).rglob("test_*.py"))
    importing = [test for test in everywhere if names_it.search(test.read_text())]
    nearest = [*sorted(room.glob(f"test_{path.stem}*.py")), *importing, *room.glob("test_page.py")]
    found = dict.fromkeys(str(test.relative_to(ROOT)) for test in nearest)
    return [*found, *([f"tests/{path.parts[0]}"] if wide else [])]


class Copy:
    """A copy of the checkout, to put bugs into."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in _git("ls-files", "-z", "-c", "-o", "--exclude-standard").split("\0"):
            if name and (ROOT / name).is_file():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, folder / name)
        for name in LINKED:
            if not (folder / name).exists():
                (folder / name).symlink_to((ROOT / name).resolve())

    def passes(self, tests: list[str], seconds: float = 600) -> bool:
        """Do all tests pass, within so many seconds?"""
        pid = os.fork()
        if pid == 0:
            self._test(tests)
        deadline = time.monotonic() + seconds
        while True:
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                return status == 0
            if time.monotonic() > deadline:
                os.killpg(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
                return False
            time.sleep(0.05)

    def _test(self, tests: list[str]) -> NoReturn:
        """In the fork: pytest, as if it had been started in the copy."""
        status = 1
        try:
            os.setpgid(0, 0)
            os.chdir(self.folder)
            output = os.open("output", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            os.dup2(output, 1)
            os.dup2(output, 2)
            os.environ |= ENVIRONMENT
            sys.dont_write_bytecode = True
            sys.path[:] = [str(self.folder), *(p for p in sys.path if p not in ("", str(ROOT)))]
            for name in [each for each in sys.modules if each.split(".")[0] == "tools"]:
                del sys.modules[name]
            status = int(pytest.main([*OPTIONS, *tests]))
        finally:
            os._exit(status)


def survivors(copy: Copy, file: str, chosen: list[Mutation], tests: list[str]) -> list[str]:
    """The bugs of a file that no test notices, as differences."""
    original, found = (ROOT / file).read_text(), []
    started = time.monotonic()
    if not copy.passes(tests):  # some need more than a copy has
        tests = [test for test in tests if copy.passes([test])]
    if not tests:
        print(f"{file}: its tests fail without any bug", flush=True)
        return []
    seconds = 30 + 4 * (time.monotonic() - started)
    for mutation in chosen:
        (copy.folder / file).write_text(mutation.apply())
        if copy.passes(tests, seconds):
            found.append(_difference(file, original, mutation))
            print(found[-1], flush=True)
    (copy.folder / file).write_text(original)
    return found


def _difference(file: str, original: str, mutation: Mutation) -> str:
    lines = difflib.unified_diff(
        original.splitlines(), mutation.apply().splitlines(), n=0, lineterm=""
    )
    changes = [f"    {line}" for line in list(lines)[2:] if line[0] in "+-"]
    return "\n".join([f"{file}:{mutation.line}", *changes])


def choose(source: str, lines: set[int], options: argparse.Namespace) -> list[Mutation]:
    """Bugs on some lines of a file: so many a line, and so many in all, at random."""
    rng, on_line = random.Random(options.seed), defaultdict(list)
    for mutation in mutations(source):
        if mutation.line in lines:
            on_line[mutation.line].append(mutation)
    some = [each for found in on_line.values() for each in _sample(rng, found, options.each)]
    return sorted(_sample(rng, some, options.most), key=lambda each: each.line)


def _sample(rng: random.Random, found: list[Mutation], most: int) -> list[Mutation]:
    return rng.sample(found, min(most, len(found)))


def main() -> int:
    """Try the bugs; print those that survive."""
    options = _options()
    every = whole_files(options.paths) if options.paths else changed_lines(options.since)
    print(f"seed {options.seed}", flush=True)
    for name in IMPORTED:
        importlib.import_module(name)
    tried = survived = 0
    with tempfile.TemporaryDirectory() as name:
        copy = Copy(Path(name))
        for file, lines in every.items():
            chosen, tests = choose((ROOT / file).read_text(), lines, options), []
            if chosen:
                tests = tests_of(file, options.wide)
            if not tests:
                print(f"{file}: {len(chosen)} bugs and no test that knows it", flush=True)
                continue
            found = survivors(copy, file, chosen, tests)
            tried, survived = tried + len(chosen), survived + len(found)
            print(f"{file}: {len(found)} of {len(chosen)} survive", flush=True)
    print(f"{survived} of {tried} bugs survive (seed {options.seed})")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="mutants", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("paths", nargs="*", help="whole files or folders, not changed lines")
    parser.add_argument("--since", default="main", help="the commit to compare with (main)")
    parser.add_argument("--each", type=int, default=1, help="bugs of a line at most (1)")
    parser.add_argument("--most", type=int, default=1_000_000, help="bugs of a file at most")
    parser.add_argument("--seed", type=int, default=random.randrange(10_000))
    parser.add_argument("--wide", action="store_true", help="also all other unit tests")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
