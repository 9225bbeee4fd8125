"""The bar of pages at the lower edge of a phone."""

import json

from streamlit.testing.v1 import AppTest

from tests.support.pages import opened_app
from views.input.sources import EXAMPLES


def marks(app: AppTest) -> list[int]:
    """The places in the bar that are marked as the page that is shown."""
    found = [json.loads(part.proto.json) for part in app.get("bidi_component")]
    return [data["page"] for data in found if "page" in data]


def links(app: AppTest) -> list[str]:
    return [link.proto.label for link in app.get("page_link")]


def test_it_leads_to_every_page_and_marks_the_one_that_is_shown(pen):
    pen(EXAMPLES["3"])
    app = opened_app()
    assert (links(app)[0], marks(app)) == ("Draw", [0])
    app.button(key="train_your_own").click().run()
    assert marks(app) == [links(app).index("Train")] == [1]


def test_a_link_that_hides_the_pages_has_no_bar(pen):
    app = opened_app(hide="pages")
    assert (links(app), marks(app)) == ([], [])
