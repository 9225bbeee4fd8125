"""The lesson on shifted pictures: what is said of other pictures was measured on them."""

from collections.abc import Iterator

import pytest

from core.data.download import DownloadError
from views.guide.courses import COURSES
from views.guide.steps import Story
from views.lessons import shift
from views.lessons.shift import Share
from views.session import networks

TOLD = {step.name: step.told for step in COURSES["shift"].steps if callable(step.told)}


@pytest.fixture(autouse=True)
def measured_anew() -> Iterator[None]:
    shift._measured.cache_clear()
    yield
    shift._measured.cache_clear()


def test_a_share_is_measured_once_the_images_are_there(monkeypatch, data):
    def missing(name: str) -> None:
        raise DownloadError("Not here.")

    monkeypatch.setattr(networks, "test_split", missing)
    assert shift._share("mnist", 3, inverted=False) is None
    monkeypatch.setattr(networks, "test_split", lambda name: data.test.first(30))
    found = shift._share("mnist", 3, inverted=False)
    assert found and found.of == 30


@pytest.mark.parametrize(
    ("step", "share", "said"),
    [
        ("moved", Share(0.9, 30), "Of 30 test images moved so far, it reads 90 %. That is why"),
        ("moved", None, "Measured: **5 pixels**. Well guessed. That is why"),
        ("swapped", Share(0.25, 30), "25 of 100"),
        ("swapped", None, "It has seen white ink on black only."),
    ],
)
def test_only_what_was_measured_is_told(step, share, said):
    facts = {"first": 5, "share": share, "inverted_share": share}
    told = TOLD[step](Story({"pixels": 7, "inverted": 40}, {step: facts}))
    assert said in told
    assert share or ("%" not in told and "of 100" not in told)
