"""The maps of the networks that are compared: a network without one leaves the others theirs."""

import json

import pytest

from core.data.download import DownloadError
from core.evaluation.prediction import AnswerError
from tests.support.pages import compare_page, opened, words
from views.compare import maps
from views.inside.cached import cached_map
from views.session import networks
from views.ui.table import percent


@pytest.mark.parametrize(
    ("error", "said"), [(AnswerError(), maps.LOST_MAP), (DownloadError("Deleted."), "Deleted.")]
)
def test_a_network_without_a_map_says_why_and_leaves_the_others_theirs(
    run, drawn, monkeypatch, error, said
) -> None:
    real = maps._show_map

    def show(network):
        if network.name == "mnist":
            raise error
        return real(network)

    monkeypatch.setattr(maps, "_show_map", show)
    app = opened(compare_page, c=f"mnist.{run.id}", view="map")
    assert [each.value for each in app.warning] == [f"Digits (our best, 99.6 %): {said}"]
    assert len(app.get("plotly_chart")) == 1
    sheets = [json.loads(part.proto.json) for part in app.get("bidi_component")]
    assert [sheet["charts"] for sheet in sheets if "charts" in sheet] == [[f"map_{run.id}"]]


def test_a_map_says_how_many_of_its_images_are_read_wrong(run, drawn) -> None:
    said = words(opened(compare_page, c="mnist", view="map"))
    found = cached_map(*networks.load_network("mnist")[:2])
    wrong = sum(found.answered != found.labels) / len(found.labels)
    assert 0 < wrong < 1 and f"{percent(wrong)} of these" in said
