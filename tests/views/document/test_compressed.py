"""Streamlit's scripts and styles come compressed, for whoever takes that; all else passes."""

import gzip
from pathlib import Path

import pytest
from starlette.responses import PlainTextResponse
from streamlit import file_util

from tests.support.asgi import ask
from views.document.compressed import PLOTLY, PLOTLY_FILE, Compressed

STATIC = Path(file_util.get_static_dir()) / "static"
SCRIPT = max((STATIC / "js").glob("index.*.js"), key=lambda file: file.stat().st_size)
PATH = f"/static/js/{SCRIPT.name}"


APP = Compressed(PlainTextResponse("passed on"))
GZIP = {"accept-encoding": "gzip, br"}


@pytest.mark.parametrize("base", ["", "/sums"])
def test_a_script_has_less_than_half_its_bytes_and_is_the_same(base):
    answer = ask(APP, base + PATH, headers=GZIP)
    assert gzip.decompress(answer.content) == SCRIPT.read_bytes()
    assert len(answer.content) < SCRIPT.stat().st_size / 2
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["content-type"].startswith("text/javascript")
    assert "immutable" in answer.headers["cache-control"]


@pytest.mark.parametrize(
    "headers",
    [{}, {"accept-encoding": "identity"}, {"accept-encoding": "gzip", "range": "bytes=0-9"}],
)
def test_who_does_not_take_it_compressed_gets_it_from_streamlit(headers):
    assert ask(APP, PATH, headers=headers).text == "passed on"


def test_a_name_that_no_file_can_have_is_passed_on():
    assert ask(APP, f"/static/js/{300 * 'x'}.js", headers=GZIP).text == "passed on"


@pytest.mark.parametrize("headers", [{}, GZIP])
def test_plotly_comes_from_its_package_to_everybody(headers):
    answer = ask(APP, f"/static/{PLOTLY}", headers=headers)
    content = answer.content
    if headers:
        assert len(content) < 2e6
        content = gzip.decompress(content)
    assert content == PLOTLY_FILE.read_bytes()
    assert content.startswith(b"/**\n* plotly.js v")
    assert "immutable" in answer.headers["cache-control"]


@pytest.mark.parametrize(
    "path",
    [
        *("/", "/static/js/gone.js", "/static/media/font.woff2", "/_stcore/health"),
        *("/static/js/../../index.js", "/static/js/.."),
    ],
)
def test_other_files_are_passed_on(path):
    assert ask(APP, path, headers=GZIP).text == "passed on"


@pytest.mark.parametrize(
    "name, is_kept",
    [("index-ynYgWHmM.js", True), ("index-y_Yg-HmM.css", True), ("index.js", False)],
)
def test_a_component_with_a_hash_in_its_name_is_kept(name, is_kept):
    answer = ask(APP, f"/sums/_stcore/bidi-components/canvas.canvas/{name}")
    assert answer.text == "passed on"
    assert ("immutable" in answer.headers.get("cache-control", "")) == is_kept


def test_a_component_that_is_not_found_is_asked_for_again():
    app = Compressed(PlainTextResponse("gone", 404))
    answer = ask(app, "/_stcore/bidi-components/canvas.canvas/index-ynYgWHmM.js")
    assert "cache-control" not in answer.headers
