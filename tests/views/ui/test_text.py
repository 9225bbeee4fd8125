"""Text from outside in Markdown: shown letter by letter, and nothing else."""

import ast
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from views.ui.text import JOINER, plain

VIEWS = sorted((Path(__file__).parents[3] / "views").glob("**/*.py"))
LIVE = re.compile(r"(?<!\\)[*_~\[\]<>$|#&!]|:(?=[^\s\u2060])|www\.|@(?!\u2060)", re.IGNORECASE)
PIECES = ("![x](http://e/x.png)", "<img src=x>", ":material/home:", "$x$", "**b**", ":red[r]")
PIECES += ("www.e.com", "me@e.com", "https://e.com", "~~s~~", "&amp;", "|", "\\", "a_b_c", "# h")


@given(some.lists(some.sampled_from(PIECES) | some.text(max_size=5), max_size=8).map("".join))
def test_no_markup_of_a_text_is_left(text):
    assert not LIVE.search(re.sub(r"\\\\", "", plain(text)))


@given(some.text(max_size=40))
def test_all_letters_of_a_text_are_shown(text):
    shown = re.sub(r"\\([\\*_~\[\]<>$|#&!+=.)-])", r"\1", plain(text)).replace(JOINER, "")
    assert shown == " ".join(text.replace(JOINER, "").split())


def test_a_sentence_of_ours_stays_as_it_is():
    words = "The network 'mnist' is not there: get it with `python -m core fetch fashion-mnist`."
    assert plain(words) == words


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("1. Semester", "1\\. Semester"),
        ("2) Klasse", "2\\) Klasse"),
        ("12.", "12\\."),
        ("1.5", "1.5"),
    ],
)
def test_a_name_that_begins_with_a_number_is_no_list(name, written):
    assert plain(name) == written


MARKDOWN = {"markdown", "warning", "error", "info", "success", "caption", "write", "subheader"}
MARKDOWN |= {"title", "header", "toast", "progress", "button", "expander"}
FOREIGN = {"error", "trouble", "message", "damaged_words"}  # may quote what is not ours


def foreign_markdown(source: str) -> list[str]:
    """Where a text that may quote a stranger reaches Markdown without `plain`."""
    found = []
    for call in ast.walk(ast.parse(source)):
        if isinstance(call, ast.Call) and _name(call.func) in MARKDOWN:
            given = [*call.args, *(keyword.value for keyword in call.keywords)]
            parts = [part for each in given for part in _parts(each)]
            found += [name for part in parts if (name := _name(part)) in FOREIGN]
    return found


def _parts(node: ast.AST) -> list[ast.AST]:
    """A node and all below it, without what is given to `plain` and the system's own reasons."""
    if (isinstance(node, ast.Call) and _name(node.func) == "plain") or _name(node) == "strerror":
        return []
    return [node, *(part for child in ast.iter_child_nodes(node) for part in _parts(child))]


def _name(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) else getattr(node, "attr", "")


def test_what_may_quote_a_stranger_reaches_no_markdown_as_it_is():
    for path in VIEWS:
        assert foreign_markdown(path.read_text()) == [], path


@pytest.mark.parametrize(
    ("bad", "good"),
    [
        ("st.warning(str(error))", "st.warning(plain(error))"),
        ('st.error(f"{error} Try again.")', 'st.error(f"{plain(error)} Try again.")'),
        ("st.progress(1, text=now.message)", "st.progress(1, text=plain(now.message))"),
    ],
)
def test_a_quote_in_markdown_would_be_noticed(bad, good):
    assert foreign_markdown(bad)
    assert not foreign_markdown(good)
