"""The five views of the Compare page."""

import json
from dataclasses import replace

import numpy as np
import pytest

from core.data import download
from core.evaluation.diagnostics import Mistake
from core.specs import SPECS
from core.storage import checkpoint
from core.storage.history import history_file, write_history
from tests.support.pages import compare_page, opened, session_of, words
from tests.views.compare.conftest import LOOKS, QUICK, look, made
from views.compare import panels
from views.session import networks


def test_what_a_bug_showed_it_is_not_called_unseen(trained) -> None:
    sound, broken = (
        made(trained, replace(QUICK, model=replace(trained.config, bug=bug)))
        for bug in ("", "seen-images")
    )
    app = opened(compare_page, c=f"{sound.id}.{broken.id}")
    said = words(app).replace("\N{WORD JOINER}", "")
    title = "Shared, broken: Evaluation on training images, width 4, 50.0 %"
    assert f"which {title} learned from" in said
    assert "which no network learned from" in words(opened(compare_page, c=sound.id))


def test_no_mistake_is_said(run, drawn) -> None:
    app = look(opened(compare_page, run=run.id), "Worst mistakes")
    assert "None among the test images." in words(app)


@pytest.mark.parametrize(
    ("view", "charts"), [("Learning curves", 1), ("Confusion", 2), ("Sums", 2), ("Reliability", 1)]
)
def test_each_view_has_its_charts(run, drawn, view: str, charts: int) -> None:
    app = look(opened(compare_page, run=run.id), view)
    assert len(app.get("plotly_chart")) == charts


def test_data_that_are_not_here_are_one_sentence(monkeypatch) -> None:
    def no_fetch(*_: object, **__: object) -> None:
        raise AssertionError("a page must not fetch")

    monkeypatch.setattr(download, "is_present", lambda *_: False)
    monkeypatch.setattr(download, "download", no_fetch)
    app = look(opened(compare_page), "Sums")
    assert [info.value for info in app.info] == [
        "The test images of MNIST are not on this machine. Get them with "
        "`python -m core fetch mnist`."
    ]


def test_a_click_on_a_mistake_opens_it_with_the_network_that_made_it(
    run, drawn, data, left_for
) -> None:
    """The shipped network never saw a calculator's digits."""
    app = look(opened(compare_page, run=run.id), "Worst mistakes")
    first = next(button for button in app.button if button.key.startswith("open_class_mnist_"))
    index = int(first.key.rsplit("_", 1)[1])
    assert first.label.startswith(f"![{int(data.test.labels[index])}, read as ")
    session_of(app).choose(network=run.id)
    first.click().run()
    session = session_of(app)
    assert left_for == ["draw"]
    assert (session.source, session.picture, session.link.network) == ("test", index, "mnist")
    assert session.link.addend == networks.reading("mnist").addends[index]


def test_a_click_on_a_mistake_forgets_the_network_that_was_gone(run, drawn, left_for) -> None:
    app = look(opened(compare_page, run=run.id), "Worst mistakes")
    session_of(app).gone_network = "0123456789abcdef"
    next(button for button in app.button if button.key.startswith("open_class_mnist_")).click()
    app.run()
    assert session_of(app).gone_network == ""


@pytest.mark.parametrize("kept", [{"lock": "number"}, {"lock": "network"}, {"hide": "sources"}])
def test_mistakes_open_nothing_where_a_link_keeps_the_choices(run, drawn, kept) -> None:
    app = look(opened(compare_page, run=run.id, **kept), "Worst mistakes")
    mistakes = [button for button in app.button if (button.key or "").startswith("open_")]
    assert mistakes and all(button.disabled for button in mistakes)
    assert "Click a picture" not in words(app)


def test_a_network_without_a_history_has_no_curve_and_that_is_said(run) -> None:
    app = opened(compare_page, run=run.id)
    assert "Digits (our best, 99.6 %) has no curve: its history was not kept" in words(app)
    assert "50.0 % has no curve" not in words(app)
    write_history(history_file(checkpoint.WEIGHTS_DIR / "mnist"), LOOKS)
    assert "was not kept" not in words(opened(compare_page, run=run.id))


def test_a_damaged_network_is_one_sentence_and_the_others_stay(run) -> None:
    run.checkpoint.with_suffix(".safetensors").write_bytes(b"not weights")
    app = opened(compare_page, run=run.id)
    assert [warning.value for warning in app.warning] == [
        "The weights of 'checkpoint' are damaged: they do not match their card."
    ]
    assert app.multiselect[0].value == ["mnist"]


def test_one_shade_means_the_same_for_all_networks(trained) -> None:
    """The first network confuses half of the twos, the second one a tenth of them."""
    compared = [made(trained, replace(QUICK, model=trained.config)) for _ in range(2)]
    for run, wrong in zip(compared, (500, 100), strict=True):
        card = run.checkpoint.with_suffix(".json")
        facts = json.loads(card.read_text())
        facts["confusion"] = [[1000 * (i == j) for j in range(10)] for i in range(10)]
        facts["confusion"][2][2:4] = [1000 - wrong, wrong]
        card.write_text(json.dumps(facts))
    app = look(opened(compare_page, c=".".join(run.id for run in compared)), "Confusion")
    charts = [json.loads(chart.proto.spec) for chart in app.get("plotly_chart")]
    assert [chart["data"][0]["zmax"] for chart in charts] == [0.5, 0.5]


@pytest.mark.parametrize(
    ("confidence", "said"),
    [(0.99996, "over 99.99 % sure"), (0.9999, "99.99 % sure"), (0.5, "50.00 % sure")],
)
def test_no_network_is_said_to_be_certain_of_a_mistake(confidence, said) -> None:
    mistake = Mistake(0, np.zeros((28, 28), np.uint8), 4, 3, 9, confidence, 12.0, 12)
    assert panels._what("class", mistake, SPECS["mnist"]) == ("4, read as 9", said)
