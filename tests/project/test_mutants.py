"""The tool that puts bugs into the code: which bugs, and which tests they meet."""

import subprocess
import sys
from pathlib import Path

import pytest

from tools import mutants
from tools.mutants import changed_lines, tests_of, whole_files
from tools.mutations import mutations

tests_of.__test__ = False  # type: ignore[attr-defined]  # no test itself


def bugs(source: str) -> set[str]:
    """What a line becomes."""
    return {mutation.apply().strip() for mutation in mutations(source)}


@pytest.mark.parametrize(
    ("line", "bug"),
    [
        ("if a < b: c()", "if a <= b: c()"),
        ("if a: b()", "if False: b()"),
        ("x = a if b else c", "x = a if (b) or True else c"),
        ("x = a and not b", "x = a"),
        ("x = a % 10", "x = a"),
        ("x = min(a, 5)", "x = max(a, 5)"),
        ("x = min(a, 5)", "x = a"),
        ("x = f(a, b)", "x = f(b, a)"),
        ("x = f(a, axis=1)", "x = f(a, )"),
        ("x = a.clone()", "x = a"),
        ("x = a[:10]", "x = a"),
        ("x = a + 1", "x = a - 1"),
        ("x = 60", "x = 61"),
        ("x += 1", "pass"),
        ("f(a)", "pass"),
        ("raise ValueError", "pass"),
        ("with lock: f(a)", "if True: f(a)"),
        ("x = True", "x = False"),
    ],
)
def test_it_knows_the_bugs_that_people_make(line, bug):
    assert bug in bugs(line)


def test_a_decorator_can_be_forgotten_and_a_property_stays_one():
    source = "@cache\ndef f():\n    pass\n"
    assert "def f():\n    pass" in bugs(source)
    assert bugs(source.replace("cache", "property")) == set()


def test_types_imports_and_docstrings_have_no_bugs():
    assert bugs('"""Some words."""\nimport a\nfrom b import c\nx: Literal["a", 5]') == set()


@pytest.mark.parametrize("path", ["core/runs/disk.py", "views/draw/answers.py"])
def test_every_bug_of_a_real_file_is_another_file_that_compiles(path):
    source = (mutants.ROOT / path).read_text()
    found = mutations(source)
    assert len(found) > 100
    for mutation in found[::40]:
        changed = mutation.apply()
        assert changed != source
        compile(changed, path, "exec")


def test_a_bug_meets_the_tests_of_its_module_first_and_then_those_of_who_imports_it():
    found = tests_of("core/data/pieces.py", wide=False)
    assert found[0] == "tests/core/data/test_pieces.py"
    assert "tests/core/data/test_photo.py" in found
    assert tests_of("views/train/charts.py", wide=True)[-1] == "tests/views"


def test_files_are_taken_whole_and_packages_are_left_out():
    assert list(whole_files(["core/errors.py"])) == ["core/errors.py"]
    found = whole_files(["views/live"])
    assert list(found) == [f"views/live/{name}.py" for name in ("answerer", "channel")]


def test_only_changed_lines_of_code_are_tried(monkeypatch):
    diff = """diff --git core/a.py core/a.py
+++ core/a.py
@@ -3,0 +4,2 @@ def f():
+    x = 1
+    y = 2
@@ -9 +11 @@ def g():
-    z = 3
+    z = 4
@@ -20,3 +21,0 @@ def h():
+++ views/style.css
@@ -1 +1 @@
"""
    monkeypatch.setattr(mutants, "_git", lambda *arguments: diff)
    assert changed_lines("main") == {"core/a.py": {4, 5, 11}}


NOTICES = """
import sys
from pathlib import Path
from tools.mutants import Copy
try:
    copy = Copy(Path(sys.argv[1]))
except Exception:
    sys.exit("no copy")
file = copy.folder / "core/systems/locks.py"
for bug in ("lock.acquire(blocking=False)", "pass"):
    file.write_text(file.read_text().replace("lock.acquire(blocking=False)", bug))
    print(copy.passes(["tests/core/systems/test_locks.py"]), flush=True)
"""


def test_a_bug_is_noticed_in_a_copy_and_the_checkout_stays_as_it_is(tmp_path: Path):
    source = (mutants.ROOT / "core/systems/locks.py").read_text()
    command = [sys.executable, "-c", NOTICES, str(tmp_path)]
    ended = subprocess.run(command, cwd=mutants.ROOT, capture_output=True, text=True)
    if "no copy" in ended.stderr:
        pytest.skip("not a git checkout")
    assert ended.stdout.split() == ["True", "False"], ended.stderr
    assert (mutants.ROOT / "core/systems/locks.py").read_text() == source


def test_a_test_that_fails_in_a_copy_anyway_judges_no_bug(tmp_path: Path):
    """The others still do, and a file that has no others is said to be untried."""
    file = "core/systems/locks.py"
    source = (mutants.ROOT / file).read_text()
    (tmp_path / file).parent.mkdir(parents=True)

    class Copied:
        folder = tmp_path

        def passes(self, tests: list[str], seconds: float = 0) -> bool:
            place = tmp_path / file
            is_sound = not place.exists() or place.read_text() == source
            return "broken.py" not in tests and (is_sound or "blind.py" in tests)

    bugs = list(mutations(source))[:2]
    tried = [
        mutants.survivors(Copied(), file, bugs, tests)  # type: ignore[arg-type]
        for tests in (["broken.py", "good.py"], ["broken.py", "blind.py"], ["broken.py"])
    ]
    assert [len(found) for found in tried] == [0, 2, 0]
