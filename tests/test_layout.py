"""The promises of the layout, read from the source: who may import whom, who may touch what."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
CORE = sorted(ROOT.glob("core/**/*.py"))
VIEWS = sorted(ROOT.glob("views/**/*.py"))
ENTRY = ROOT / "streamlit_app.py"

FORBIDDEN_NAMES = {"utils.py", "helpers.py", "config.py", "constants.py", "pages"}
STATEFUL = re.compile(r"session_state|query_params|cache_(data|resource)")
HOME = re.compile(r"(?<![\w.~-])/(?:home|Users|root|work|mnt)/\w+")
# A package index of one's own, named in a file or an option: nobody else may reach it.
INDEX = re.compile(
    r"(?:index-url|find-links|registry)\s*[= ]\s*\S+|//(?:registry|pypi|deb)\.[\w.]+"
)


def imported(source: str) -> set[str]:
    """Every module that a file imports, wherever in it, with its parents: `a.b` gives a, a.b."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    parts = [name.split(".") for name in names]
    return {".".join(part[:end]) for part in parts for end in range(1, len(part) + 1)}


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


def test_imports_are_found_wherever_they_stand():
    source = "import a.b as x\ndef f():\n    from c.d import e\n    from . import g\n"
    assert imported(source) == {"a", "a.b", "c", "c.d", "c.d.e"}


def test_state_is_found_however_it_is_reached():
    source = "@st.cache_data\ndef f(): st.session_state.x\nfrom streamlit import query_params\n"
    assert stateful(source) == {"cache_data", "session_state", "query_params"}


@pytest.mark.parametrize("path", CORE, ids=name_of)
def test_core_knows_no_page(path):
    assert not imported(path.read_text()) & {"streamlit", "plotly", "views", "streamlit_app"}


@pytest.mark.parametrize("path", VIEWS, ids=name_of)
def test_views_know_no_entry(path):
    assert "streamlit_app" not in imported(path.read_text())


PURE = ("charts", "compare_charts", "explain_charts", "diagram", "pictures", "table")


@pytest.mark.parametrize("name", PURE)
def test_pictures_are_drawn_without_streamlit_and_torch(name):
    assert not imported((ROOT / f"views/{name}.py").read_text()) & {"streamlit", "torch"}


@pytest.mark.parametrize("path", [*VIEWS, ENTRY], ids=name_of)
def test_only_one_file_touches_state_and_caches(path):
    found = stateful(path.read_text())
    if path == ROOT / "views/state.py":
        assert found == {"session_state", "query_params", "cache_resource", "cache_data"}
    elif path == ROOT / "views/canvas.py":  # reads what its own widget said last
        assert found == {"session_state"}
    else:
        assert not found


def test_the_entry_holds_no_logic():
    lines = ENTRY.read_text().splitlines()
    assert len(lines) < 80


def test_a_name_lives_beside_its_user():
    assert not {path.name for path in tracked()} & FORBIDDEN_NAMES
    assert not (ROOT / "pages").exists()  # Streamlit would discover it by itself


def test_no_file_names_a_machine_or_its_package_index():
    found = []
    for path in tracked():
        if path == Path(__file__) or not path.is_file():
            continue
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # a picture, weights
        found += [(name_of(path), match[0]) for match in HOME.finditer(text)]
        found += [(name_of(path), match[0]) for match in INDEX.finditer(text)]
    assert found == []


@pytest.mark.parametrize("text", ["/home/ada/data", "--index-url http://x", "registry=http://x"])
def test_a_machine_or_its_package_index_would_be_noticed(text):
    assert HOME.search(text) or INDEX.search(text)


def test_the_first_page_waits_for_no_package_that_it_does_not_need():
    pages = "from views import compare, draw, explain, state, style, train"
    heavy = "{'sklearn', 'scipy', 'torchvision', 'hypothesis'} & set(sys.modules)"
    command = [sys.executable, "-c", f"import sys; {pages}; print({heavy})"]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert said.stdout.strip() == "set()", said.stderr
