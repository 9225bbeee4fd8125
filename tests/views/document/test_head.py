"""What a chat, a search and a mistyped address get: over ASGI, as a server asks."""

import re

import pytest
from PIL import Image
from starlette.responses import HTMLResponse, PlainTextResponse

from tests.support.asgi import Answer, ask
from views.document import head as head_module
from views.document.head import DESCRIPTION, DOCUMENT_FILES, ELEMENTS, PREVIEW, Document

STREAMLIT = "<html><head><title>Streamlit</title></head><body></body></html>"


def answer(path: str, headers: dict[str, str] | None = None, method: str = "GET") -> Answer:
    """What our middleware makes of Streamlit's document."""
    return ask(Document(HTMLResponse(STREAMLIT, headers={"etag": "x"})), path, method, headers)


def passed(path: str, method: str = "GET") -> str:
    """What it makes of another answer."""
    return ask(Document(PlainTextResponse("<title>Streamlit</title>")), path, method).text


def meta(page: str) -> dict[str, str]:
    return dict(re.findall(r'<meta (?:name|property)="([^"]+)" content="([^"]*)"', page))


@pytest.mark.parametrize("path", ["/", "/train", "/compare?c=mnist"])
def test_every_page_has_a_title_a_description_and_a_picture(path):
    page = answer(path).text
    assert "<title>Sketch &amp; Sum</title>" in page and "<title>Streamlit" not in page
    assert meta(page)["description"] == meta(page)["og:description"] == DESCRIPTION
    assert meta(page)["og:image"] == "https://sum.example.org/preview.png"


def test_our_script_says_when_the_font_and_the_canvas_are_asked_for():
    document = STREAMLIT.replace("<title>", '<link rel="preload" href="./a.woff2" /><title>')
    page = ask(Document(HTMLResponse(document)), "/").text
    assert '<link rel="later-font" href="./a.woff2" />' in page
    [canvas] = re.findall(r'<link rel="later-canvas" href="\./_stcore/([^"]+)"', page)
    assert re.search(r"drawable_canvas/index-[\w-]{8}\.js$", canvas)
    assert page.index("later-canvas") < page.index("<script>")


def test_the_scripts_of_what_the_first_page_shows_can_be_asked_for_early():
    names = re.findall(r'"later-element" href="\./static/js/(\w+)\.[\w-]+\.js"', answer("/").text)
    assert names == list(ELEMENTS)


def test_the_picture_is_there_in_the_size_that_chats_show():
    picture = answer(f"/{PREVIEW}")
    assert (picture.status, picture.headers["content-type"]) == (200, "image/png")
    with Image.open(DOCUMENT_FILES / PREVIEW) as shown:
        assert shown.size == (1200, 630)


def test_below_a_path_the_picture_is_below_it_too(monkeypatch):
    monkeypatch.setattr(head_module.config, "get_option", {"server.baseUrlPath": "sums"}.get)
    assert meta(answer("/sums/train").text)["og:image"].endswith(".org/sums/preview.png")
    assert answer("/sums/preview.png").headers["content-type"] == "image/png"


@pytest.mark.parametrize(
    ("headers", "image"),
    [
        ({"host": "10.0.0.7:8501"}, "https://10.0.0.7:8501/preview.png"),
        ({"host": "[2001:db8::1]:8501"}, "https://[2001:db8::1]:8501/preview.png"),
        ({"host": "inside", "x-forwarded-host": "a.example"}, "https://a.example/preview.png"),
        ({"host": 'x"><script>'}, None),
        ({"host": "evil.example/path"}, None),
    ],
)
def test_the_picture_is_where_the_visitor_sees_the_app(headers, image):
    page = answer("/", headers).text
    assert meta(page).get("og:image") == image
    assert "<script>evil" not in page and 'x">' not in page


def test_the_document_is_whole_and_never_taken_for_the_one_of_streamlit():
    whole = answer("/", {"if-none-match": "x", "accept-encoding": "gzip"})
    assert whole.status == 200 and "etag" not in whole.headers
    assert int(whole.headers["content-length"]) == len(whole.content)


@pytest.mark.parametrize("path", ["/_stcore/health", "/static/js/index.js", "/media/x"])
def test_what_is_no_page_passes_untouched(path):
    assert passed(path) == "<title>Streamlit</title>"


def test_what_is_no_html_passes_untouched():
    assert passed("/") == "<title>Streamlit</title>"


@pytest.mark.parametrize(
    ("path", "target"),
    [
        *(("/Train", "train"), ("/train.", "train"), ("/TRAIN)", "train"), ("/train,", "train")),
        *(("/sums/Compare", "compare"), ("/draw", "./"), ("/Draw", "./"), ("/.", "./")),
        ("/Train?n=4&s=Rg8", "train?n=4&s=Rg8"),
        ("//evil.example/Train", "train"),  # no way to another site
    ],
)
def test_a_mistyped_address_leads_to_its_page(path, target):
    found = answer(path)
    assert (found.status, found.headers["location"]) == (307, target)


@pytest.mark.parametrize("path", ["/", "/train", "/trian", "/favicon.png", "/sums/train"])
def test_other_addresses_stay(path):
    assert answer(path).status == 200


def test_a_question_that_changes_something_is_passed_on():
    assert passed("/Train", "PUT") == "<title>Streamlit</title>"
