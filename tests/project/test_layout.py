"""The promises of the layout, read from the source: who may import whom, who may touch what."""

import ast
import re
import subprocess
import sys
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

import pytest

from core.specs import SPECS
from tests.support.layout import (
    CORE,
    ENTRY,
    FLOOR,
    ROOT,
    VIEWS,
    imported,
    module_of,
    room_of,
    rooms_used,
    source_of,
)

MOST_FILES, MOST_LINES, MOST_FUNCTION_LINES = 9, 300, 50

FORBIDDEN_NAMES = {"utils.py", "helpers.py", "config.py", "constants.py", "pages"}
STATEFUL = re.compile(r"session_state|query_params|cache_(data|resource)")


def stateful(source: str) -> set[str]:
    """The parts of Streamlit that hold state or cache and are named in a file."""
    nodes = list(ast.walk(ast.parse(source)))
    names = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and node.module == "streamlit":
            names |= {alias.name for alias in node.names}
    return {name for name in names if STATEFUL.fullmatch(name)}


def tracked() -> Iterator[Path]:
    try:
        listed = subprocess.run(
            ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout")
    return (ROOT / name for name in listed.stdout.split("\0") if name)


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def offenders(found: Mapping[str, Collection[object]]) -> dict[str, Collection[object]]:
    """The files for which something was found, and what."""
    return {name: what for name, what in found.items() if what}


def test_imports_are_found_wherever_they_stand():
    source = "import a.b as x\ndef f():\n    from c.d import e\n    from . import g\n"
    assert imported(source) == {"a", "a.b", "c", "c.d", "c.d.e"}


def test_state_is_found_however_it_is_reached():
    source = "@st.cache_data\ndef f(): st.session_state.x\nfrom streamlit import query_params\n"
    assert stateful(source) == {"cache_data", "session_state", "query_params"}


def test_arrows_go_one_way():
    above = {}
    for path in (*CORE, *VIEWS, ENTRY):
        room = room_of(module_of(path))
        assert room, f"{path} lies in no room of the table"
        above[name_of(path)] = {used for used in rooms_used(path) if FLOOR[used] >= FLOOR[room]}
    assert offenders(above) == {}


def test_core_knows_no_page():
    pages = {"streamlit", "plotly"}
    assert offenders({name_of(path): imported(source_of(path)) & pages for path in CORE}) == {}


def test_every_room_of_the_table_is_there():
    for room in FLOOR:
        place = ROOT / room.replace(".", "/")
        assert place.is_dir() or place.with_suffix(".py").is_file(), room


def test_a_room_has_at_most_nine_files():
    for room in FLOOR:
        files = [p.name for p in (ROOT / room.replace(".", "/")).glob("*.py")]
        assert len({*files} - {"__init__.py"}) <= MOST_FILES, (room, files)


def test_a_package_says_what_it_is_and_imports_nothing_of_ours():
    for path in (path for path in (*CORE, *VIEWS) if path.name == "__init__.py"):
        source = source_of(path)
        assert ast.get_docstring(ast.parse(source)), path
        assert not imported(source) & {"core", "views"}, path


def test_a_test_lies_where_what_it_tests_lies():
    """Tests mirror the rooms: a folder for each."""
    for folder in {path.parent.relative_to(ROOT) for path in (*CORE, *VIEWS)}:
        assert (ROOT / "tests" / folder).is_dir(), folder


def test_a_file_is_short_enough_to_be_read():
    for path in (*CORE, *VIEWS, *ROOT.glob("tests/**/*.py")):
        source = source_of(path)
        assert len(source.splitlines()) <= MOST_LINES, path
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.FunctionDef):
                lines = (node.end_lineno or 0) - node.lineno
                assert lines < MOST_FUNCTION_LINES, (path, node.name)


PURE = ("ui/theme", "ui/images", "ui/table", "ui/answer_charts", "train/charts", "compare/charts")
PURE += ("compare/bars", "explain/figures", "explain/diagram", "inside/map_chart", "inside/charts")


@pytest.mark.parametrize("name", PURE)
def test_pictures_are_drawn_without_streamlit_and_torch(name):
    assert not imported((ROOT / f"views/{name}.py").read_text()) & {"streamlit", "torch"}


STATE_ELSEWHERE = {
    "views/input/canvas.py": {"session_state"},  # reads what its own widget said last
    "views/inside/cached.py": {"cache_data", "cache_resource"},  # computes once for all visitors
}


def test_only_one_room_touches_state_and_caches():
    others = [path for path in (*VIEWS, ENTRY) if path.parent != ROOT / "views/session"]
    found = {name_of(path): stateful(source_of(path)) for path in others}
    assert offenders(found) == STATE_ELSEWHERE


# A spec says what its data set is like; these files name data sets, as defaults or as history.
NAMING = ("core/specs.py", "core/recipes/presets.py", "core/recipes/published.py")


def compared_strings(source: str) -> set[str]:
    """The strings that a file compares something with, or matches."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Compare | ast.match_case):
            parts = ast.walk(node if isinstance(node, ast.Compare) else node.pattern)
            found |= {part.value for part in parts if isinstance(part, ast.Constant)}
    return {value for value in found if isinstance(value, str)}


def test_nobody_asks_which_data_set_it_has():
    others = [path for path in (*CORE, *VIEWS) if name_of(path) not in NAMING]
    found = {name_of(path): compared_strings(source_of(path)) & set(SPECS) for path in others}
    assert offenders(found) == {}


@pytest.mark.parametrize(
    "source", ['a == "mnist"', 'a.name in ("x", "mnist")', 'match a:\n case "mnist": pass']
)
def test_a_question_for_a_data_set_would_be_noticed(source):
    assert "mnist" in compared_strings(source)


def public_names(path: Path) -> set[str]:
    """The names that a file defines at its top level, for others to import."""
    names: set[str] = set()
    for node in ast.parse(source_of(path)).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names |= {n.id for t in targets for n in ast.walk(t) if isinstance(n, ast.Name)}
    return {name for name in names if not name.startswith("_")}


def test_a_public_name_means_one_thing():
    files: dict[str, list[str]] = {}
    for path in (*CORE, *VIEWS):
        for name in public_names(path):
            files.setdefault(name, []).append(name_of(path))
    assert {name: where for name, where in files.items() if len(where) > 1} == {}


def test_the_entry_holds_no_logic():
    """Nothing is defined or decided there: it imports, and makes one app."""
    _, *statements = ast.parse(ENTRY.read_text()).body  # the first says what it is
    kinds = [type(each) for each in statements if not isinstance(each, ast.Import | ast.ImportFrom)]
    assert kinds == [ast.Assign]


def test_a_name_lives_beside_its_user():
    assert not {path.name for path in tracked()} & FORBIDDEN_NAMES
    assert not (ROOT / "pages").exists()  # Streamlit would discover it by itself


def test_a_browser_test_waits_for_what_it_reads():
    """`texts` and `expect` wait; what Playwright calls all is what is there at that moment."""
    hasty = re.compile(r"\.all_(inner_texts|text_contents)\(|assert .*\.count\(\) ==")
    tests = ROOT.glob("tests/browser/test_*.py")
    assert [path.name for path in tests if hasty.search(path.read_text())] == []


def test_no_source_file_is_ignored_by_git():
    """A room may be called data or runs; what is made at run time lies in the project's folder."""
    names = [name_of(path) for path in (*CORE, *VIEWS)]
    asked = subprocess.run(
        ["git", "check-ignore", "--no-index", *names], cwd=ROOT, capture_output=True, text=True
    )
    assert asked.stdout == ""


def test_the_first_page_waits_for_no_package_that_it_does_not_need():
    heavy = "{'sklearn', 'scipy', 'torchvision', 'hypothesis'} & set(sys.modules)"
    pages = "; ".join(f"import {module_of(path)}" for path in VIEWS if path.name == "page.py")
    command = [sys.executable, "-c", f"import sys; {pages}; print({heavy})"]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert said.stdout.strip() == "set()", said.stderr
