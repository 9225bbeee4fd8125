"""README.md, CONTRIBUTING.md and docs/ say what the code says."""

import inspect
import re
from pathlib import Path

import pytest
from cogapp import Cog

from core.cli.main import main
from core.cluster.cluster import CERTIFICATES, VARIABLE
from core.recipes.presets import PRESETS
from core.runs.limits import Limits, variable_of
from tools import tables

ROOT = Path(__file__).parents[2]
WRITTEN = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]  # by cog, in part
PAGES = [*WRITTEN, ROOT / "CONTRIBUTING.md"]
TEXTS = {page: page.read_text() for page in PAGES}
ALL = "\n".join(TEXTS.values())


def targets() -> list[tuple[Path, str]]:
    """Links and pictures within the project: the page, and where its link leads."""
    shown = r'\]\(([^)\s]+)\)|\bsrc="([^"]+)"'
    found = [(page, a or b) for page, text in TEXTS.items() for a, b in re.findall(shown, text)]
    return [(page, target) for page, target in found if "://" not in target]


def anchors(page: Path) -> set[str]:
    """What the headings of a page are called in links, as GitHub does it."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_table_is_what_the_code_writes(capsys):
    options = ["--check", "--diff", "--check-fail-msg=Run `make docs`."]
    status = Cog().main(["cog", *options, *map(str, WRITTEN)])
    assert status == 0, capsys.readouterr().out


def test_every_table_that_the_code_writes_stands_somewhere():
    functions = inspect.getmembers(tables, inspect.isfunction)
    ours = {name for name, f in functions if f.__module__ == tables.__name__}
    public = {name for name in ours if not name.startswith("_")}
    assert len(public) > 5
    assert set(re.findall(r"cog\.out\(tables\.(\w+)\(\)\)", ALL)) == public


def test_the_readme_is_short():
    assert len(TEXTS[ROOT / "README.md"].encode()) <= 10_000


def test_every_file_that_they_link_to_exists():
    found = {page.parent / target.partition("#")[0] for page, target in targets()}
    assert len(found) > 10
    assert [path for path in found if not path.exists()] == []


def test_every_heading_that_they_link_to_exists():
    found = [(page, *target.split("#")) for page, target in targets() if "#" in target]
    assert len(found) > 10
    for page, file, anchor in found:
        assert anchor in anchors(page.parent / file if file else page), (page.name, file, anchor)


def test_every_document_is_found_from_the_readme():
    linked = {target for page, target in targets() if page == ROOT / "README.md"}
    assert len(WRITTEN) > 1
    assert {f"docs/{page.name}" for page in WRITTEN[1:]} <= linked


def test_every_preset_that_they_name_exists():
    named = set(re.findall(r"--preset (\w[\w-]*)", ALL))
    assert named
    assert named <= set(PRESETS)


def test_every_command_that_they_name_exists(capsys):
    named = sorted(set(re.findall(r"-m core ([a-z]+)", ALL)))
    assert len(named) > 4
    for word in named:
        with pytest.raises(SystemExit) as ended:
            main([word, "--help"])
        assert ended.value.code == 0, word


def test_every_word_of_make_that_they_name_exists():
    makefile = (ROOT / "Makefile").read_text()
    named = set(re.findall(r"(?:`|\$ )make ([a-z]+)", ALL))
    assert len(named) > 4
    for word in named:
        assert re.search(rf"^{word}:", makefile, re.MULTILINE), word


def test_every_variable_that_they_name_exists():
    named = set(re.findall(r"SKETCH_SUM_\w+", ALL))
    limits = {variable_of(name) for name in Limits.__dataclass_fields__}
    assert limits <= named
    others = {"SKETCH_SUM_DATA", "SKETCH_SUM_RUNS", "SKETCH_SUM_LIVE", "SKETCH_SUM_ALLOWED_ORIGINS"}
    assert named - limits == others | {VARIABLE, *CERTIFICATES.values()}


def test_every_program_and_module_that_they_name_exists():
    """Tests are named from tests/ on."""
    rooms = "benchmarks|core|deploy|tests|tools|views"
    named = set(re.findall(rf"(?<![\w/.-])(?:{rooms})/[\w/-]*(?:\.\w+)?", ALL))
    assert len(named) > 20
    for path in named:
        assert (ROOT / path).exists() or (ROOT / "tests" / path).exists(), path


def test_every_test_that_they_name_exists():
    named = re.findall(r"`([\w/]+\.py)::(\w+)`", ALL)
    assert len(named) > 10
    for file, name in named:
        text = (ROOT / "tests" / file).read_text()
        assert re.search(rf"^def {name}\(", text, re.MULTILINE), name
