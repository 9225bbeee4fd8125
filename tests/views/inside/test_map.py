"""The map as a figure and on the pages: names, mistakes, and the visitor's drawing."""

import base64
import io
import itertools
import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from core.data.download import DownloadError
from core.data.drawing import mnist_form, rasterize
from core.inspection.network_map import NetworkMap, map_network
from core.specs import SPECS
from tests.support.pages import Pen, compare_page, explain_page, opened, session_of, words
from views.input.sources import EXAMPLES
from views.inside import cached
from views.inside.map_chart import MAP_MARGIN, NAME_STEP, NAME_WIDE, PlacedPicture, map_figure
from views.inside.network_map import beginnings, place_on
from views.session import networks
from views.ui.theme import DARK, LIGHT

NAMES = SPECS["mnist"].class_names


@pytest.fixture(autouse=True)
def drawn_test_images(monkeypatch, data) -> None:
    """The small drawn data set in the place of MNIST's test images."""
    for module in (networks, cached):
        monkeypatch.setattr(module, "test_split", lambda name: data.test)
    monkeypatch.setattr("views.inside.network_map.test_split", lambda name: data.test)
    for cache in (cached._map, cached._sheet):
        cache.clear()


@pytest.fixture
def found(trained, data) -> NetworkMap:
    return map_network(trained, data.test)


def traces(app: AppTest) -> dict[str, dict[str, Any]]:
    (chart,) = app.get("plotly_chart")
    return {trace["name"]: trace for trace in json.loads(chart.proto.spec)["data"]}


def test_each_class_has_a_color_and_its_name_in_the_middle_of_its_hill(found) -> None:
    figure = map_figure(found, NAMES, LIGHT)
    colors = {trace.name: trace.marker.color for trace in figure.data if trace.name != "mistakes"}
    assert len(set(colors.values())) == 10
    placed = {note.text: (note.x, note.y) for note in figure.layout.annotations}
    for label, center in found.centers().items():
        assert placed[f"<b>{label}</b>"] == pytest.approx(tuple(center))


@pytest.mark.parametrize("seed", range(20))
def test_no_name_covers_another_wherever_the_hills_lie(found, seed) -> None:
    centers = np.random.default_rng(seed).normal(0, [0.3, 0.1], (10, 2)).astype(np.float32)
    corners = np.array([[-1, -1], [1, 1]], np.float32)  # and so large is the map
    points = np.concatenate([found.points * 1e-6 + centers[found.labels], corners])
    ends = np.array([0, 0])
    hills = NetworkMap(
        points,
        np.append(found.labels, ends),
        np.append(found.answered, ends),
        found.mean,
        found.axes,
        found.variance,
    )
    height = 460
    notes = map_figure(hills, NAMES, LIGHT, height=height).layout.annotations
    pixel = 2 * (1 + 3 * MAP_MARGIN) / height  # so much of the map
    placed = [(note.x, note.y + (note.yshift or 0) * pixel) for note in notes]
    for (x, y), (across, down) in itertools.combinations(placed, 2):
        assert abs(x - across) >= 2 * NAME_WIDE or abs(y - down) > 0.99 * NAME_STEP * pixel


def test_a_mistake_is_a_cross_and_says_what_it_was_read_as(found) -> None:
    answered = found.answered.copy()
    answered[7] = 3
    figure = map_figure(replace(found, answered=answered), NAMES, LIGHT)
    (mistakes,) = (trace for trace in figure.data if trace.name == "mistakes")
    assert mistakes.marker.symbol == "x" and mistakes.marker.color == LIGHT.wrong
    assert [list(each) for each in mistakes.customdata] == [[7, "7, read as 3"]]
    (sevens,) = (trace for trace in figure.data if trace.name == "7")
    assert 7 not in [place for place, _ in sevens.customdata]


def test_every_image_is_one_point(found) -> None:
    figure = map_figure(found, NAMES, DARK)
    places = sorted(int(place) for trace in figure.data for place, _ in trace.customdata or ())
    assert places == list(range(100))


def test_a_class_that_nobody_has_is_no_point(found) -> None:
    some = found.labels < 3
    few = replace(
        found, points=found.points[some], labels=found.labels[some], answered=found.answered[some]
    )
    names = {trace.name for trace in map_figure(few, ("a", "b", "c"), LIGHT).data}
    assert names == {"a", "b", "c", "mistakes"}


def test_a_name_from_outside_is_shown_letter_by_letter(found) -> None:
    way = np.zeros((1, 2), np.float32)
    names = ("<i>x</i>", *NAMES[1:])
    figure = map_figure(found, names, LIGHT, PlacedPicture("<b>", way))
    texts = " ".join(note.text for note in figure.layout.annotations)
    assert "&lt;i&gt;x" in texts and "<b>&lt;b&gt;</b>" in texts


def test_the_visitors_picture_is_in_view_wherever_it_lies(found) -> None:
    far = 100 * np.abs(found.points).max(0)
    figure = map_figure(found, NAMES, LIGHT, PlacedPicture("mine", far[None]))
    assert figure.layout.xaxis.range[1] > far[0] and figure.layout.yaxis.range[1] > far[1]


def test_a_drawing_grows_until_it_is_whole() -> None:
    """Two strokes of six points in all: the second begins when the first is there."""
    spec = SPECS["mnist"]
    one, other = EXAMPLES["3"][0][:4], ((60.0, 60.0), (90.0, 200.0))
    found = beginnings((one, other), spec)
    parts = [(one[:1],), (one[:2],), (one[:3],), (one,), (one, other[:1])]
    expected = [spec.form(rasterize(part)) for part in parts[1:]]  # the first is only a dot
    distinct = [found[0]]
    for picture in found[1:]:
        if not np.array_equal(picture, distinct[-1]):
            distinct.append(picture)
    for picture in expected:
        assert any(np.array_equal(picture, each) for each in distinct)
    whole = spec.form(rasterize((one, other)))
    assert not any(np.array_equal(whole, each) for each in found[:-1])
    assert beginnings((), spec) == [] == beginnings((((9.0, 9.0),),), spec)


def test_what_is_drawn_lands_on_the_map(pen: Pen, monkeypatch, shipped) -> None:
    pen(EXAMPLES["3"])
    app = opened(explain_page, look="map")
    first = traces(app)["your drawing"]
    model, card = shipped
    image = mnist_form(rasterize(EXAMPLES["3"]))
    assert image is not None
    ((x, y),) = place_on(cached.cached_map(model, card), model, [image], 7)
    assert (first["x"], first["y"]) == (pytest.approx([x], abs=1e-2), pytest.approx([y], abs=1e-2))
    pen(EXAMPLES["7"])
    assert traces(app.run())["your drawing"]["x"] != first["x"]


def test_an_empty_canvas_leaves_the_map_alone(pen: Pen) -> None:
    app = opened(explain_page, look="map")
    assert not {"your drawing", "way"} & set(traces(app))
    said = words(app)
    assert "Each point is one of 100 test images" in said
    assert "Draw, and watch your digit move" in said


def test_the_address_keeps_the_look_and_the_drawing(pen: Pen) -> None:
    app = opened(explain_page, look="map", s="JhIQRGZhCXRoUiWSDCQTk")
    assert app.query_params["look"] == "map"
    session_of(app).choose(look="fool")
    app.run()
    assert app.query_params["look"] == "fool"
    session_of(app).choose(look="ideas")
    app.run()
    assert "look" not in app.query_params


def test_mistakes_are_shown_as_pictures(pen: Pen) -> None:
    said = words(opened(explain_page, look="map"))
    assert "of 100 are read wrong" in said and said.count("read as") > 0


def test_each_compared_network_has_a_map_and_the_pictures_of_its_data_set() -> None:
    app = opened(compare_page, view="map", c="mnist.fashion-late")
    charts = app.get("plotly_chart")
    assert len(charts) == 2
    sheets = [json.loads(part.proto.json) for part in app.get("bidi_component")]
    keys = [sheet["charts"] for sheet in sheets if "charts" in sheet]
    assert keys == [["map_mnist"], ["map_fashion-late"]]


def test_what_was_deleted_has_no_map_any_more(monkeypatch, trained) -> None:
    model, card = trained, networks.load_network("mnist")[1]

    def deleted(name: str) -> None:
        raise DownloadError("Deleted.")

    for again in (lambda: cached.cached_map(model, card), lambda: cached.picture_sheet("mnist")):
        again()
        with monkeypatch.context() as patched:
            patched.setattr(cached, "test_split", deleted)
            with pytest.raises(DownloadError):
                again()


def test_the_sheet_has_each_picture_whole_in_its_place(data) -> None:
    _, _, code = cached.picture_sheet("mnist").partition(",")
    sheet = np.asarray(Image.open(io.BytesIO(base64.b64decode(code))))
    assert sheet.shape == (2 * 28, 50 * 28)
    for place, picture in enumerate(data.test.images[:, 0].numpy()):
        top, left = 28 * (place // 50), 28 * (place % 50)
        assert np.array_equal(sheet[top : top + 28, left : left + 28], picture), place
