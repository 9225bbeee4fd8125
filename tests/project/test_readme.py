"""The README says what the files say."""

import re
from pathlib import Path

from benchmarks import networks
from core.recipes.presets import PRESETS

README = (Path(__file__).parents[2] / "README.md").read_text()


def test_the_table_of_networks_is_what_the_cards_say():
    (table,) = re.findall(r"<!-- networks: [^>]* -->\n(.*?)\n<!-- end -->", README, re.DOTALL)
    assert table == networks.table()


def test_every_preset_that_it_names_exists():
    assert set(re.findall(r"--preset (\w[\w-]*)", README)) <= set(PRESETS)


def test_every_file_that_it_links_to_exists():
    root = Path(__file__).parents[2]
    for target in re.findall(r"\]\((?!http://localhost)([^)#]+)\)", README):
        assert (root / target).exists(), target


def test_every_word_of_make_that_it_names_exists():
    makefile = (Path(__file__).parents[2] / "Makefile").read_text()
    for word in re.findall(r"`?\bmake ([a-z]+)`", README) + re.findall(r"\$ make ([a-z]+)", README):
        assert re.search(rf"^{word}:", makefile, re.MULTILINE), word


def test_every_test_that_it_names_exists():
    tests = Path(__file__).parents[1]
    named = re.findall(r"`([\w/]+\.py)::(\w+)`", README)
    assert len(named) > 10
    for file, name in named:
        assert re.search(rf"^def {name}\(", (tests / file).read_text(), re.MULTILINE), name
