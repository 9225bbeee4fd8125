"""The README says what the files say."""

import re
from pathlib import Path

import pytest

from core.checkpoint import SHIPPED, read_card
from core.presets import PRESETS

README = (Path(__file__).parents[1] / "README.md").read_text()


@pytest.mark.parametrize("preset", re.findall(r"^\| ours, `([\w-]+)`", README, re.MULTILINE))
def test_the_table_shows_the_figures_of_the_shipped_cards(preset):
    card = read_card(SHIPPED / preset)
    (row,) = re.findall(rf"^\| ours, `{preset}` \| (.*) \|$", README, re.MULTILINE)
    figures = card.figures
    assert row.split(" | ") == [
        f"{figures['class_acc']:.2%}".replace("%", " %"),
        f"{figures['sum_r2']:.4f}",
        f"{figures['sum_acc']:.2%}".replace("%", " %"),
        f"{figures['joint_acc']:.2%}".replace("%", " %"),
        f"{card.parameters:,}",
    ]


def test_every_preset_that_it_names_exists():
    assert set(re.findall(r"--preset (\w[\w-]*)", README)) <= set(PRESETS)


def test_every_file_that_it_links_to_exists():
    root = Path(__file__).parents[1]
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert (root / target).exists(), target


def test_every_word_of_make_that_it_names_exists():
    makefile = (Path(__file__).parents[1] / "Makefile").read_text()
    for word in re.findall(r"`?\bmake ([a-z]+)`", README) + re.findall(r"\$ make ([a-z]+)", README):
        assert re.search(rf"^{word}:", makefile, re.MULTILINE), word
