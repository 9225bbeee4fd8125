"""The style sheets of the pages: all are shown, and have the colors of the figures."""

import re
import subprocess
import tomllib
from dataclasses import fields
from pathlib import Path

import pytest

from core import PROJECT
from tests.support.pages import PAGES, opened, opened_app
from views.ui.theme import DARK, LIGHT, Palette

SHEETS = sorted(PROJECT.glob("views/**/*.css"))
OWN_SHEETS = {"compare": "views/compare/compare.css", "explain": "views/explain/explain.css"}
SET_BY_HTML = ("--fill", "--mine", "--depth", "--share", "--above", "--below", "--columns")


def rules(sheet: Path) -> str:
    return f"<style>{sheet.read_text()}</style>"


def test_every_page_has_the_style_and_the_colors_of_the_theme(pen) -> None:
    shown = [part.proto.body for part in opened_app().get("html")]
    assert rules(PROJECT / "views/ui/static/style.css") in shown
    assert any(f"--class-head:{LIGHT.class_head};" in body for body in shown)


@pytest.mark.parametrize("page", OWN_SHEETS)
def test_a_page_shows_its_own_style_sheet(page, pen) -> None:
    shown = [part.proto.body for part in opened(PAGES[page]).get("html")]
    assert rules(PROJECT / OWN_SHEETS[page]) in shown


def test_a_style_sheet_uses_only_colors_of_the_palette() -> None:
    known = {f"--{field.name.replace('_', '-')}" for field in fields(Palette)}
    text = "".join(sheet.read_text() for sheet in SHEETS)
    local = set(re.findall(r"(--[\w-]+):", text)) | set(SET_BY_HTML)
    used = set(re.findall(r"var\((--[\w-]+)\)", text))
    assert used - local - known == {"--st-primary-color", "--st-text-color"}  # Streamlit's own


@pytest.mark.parametrize("name", SET_BY_HTML)
def test_what_the_html_is_to_set_it_sets(name) -> None:
    code = "".join(file.read_text() for file in (PROJECT / "views").rglob("*.py"))
    assert re.search(rf"[\"';]{name}:", code)


@pytest.mark.parametrize(("name", "palette"), [("light", LIGHT), ("dark", DARK)])
def test_paper_is_the_background_of_the_theme(name, palette) -> None:
    config = tomllib.loads((PROJECT / ".streamlit/config.toml").read_text())
    assert palette.paper == config["theme"][name]["backgroundColor"]


def test_style_sheets_are_kept_by_git_and_in_the_container() -> None:
    names = [sheet.relative_to(PROJECT).as_posix() for sheet in SHEETS]
    assert len(names) >= 4
    asked = ["git", "check-ignore", "--no-index", *names]
    ignored = subprocess.run(asked, cwd=PROJECT, capture_output=True, text=True)
    assert ignored.stdout == ""
    left_out = (PROJECT / ".dockerignore").read_text().split()
    assert not {"views", "**/static", "**/*.css", "*.css"} & set(left_out)
