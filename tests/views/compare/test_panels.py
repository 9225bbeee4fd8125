"""The five views of the Compare page."""

import json
from dataclasses import replace

import numpy as np
import pytest

from core.data import download
from core.data.download import DownloadError
from core.evaluation.diagnostics import Mistake
from core.evaluation.prediction import AnswerError
from core.specs import SPECS
from core.storage import checkpoint
from core.storage.history import history_file, write_history
from tests.support.pages import compare_page, opened, session_of, words
from tests.views.compare.conftest import LOOKS, QUICK, look, made
from views.compare import mistakes, panels
from views.session import networks
from views.ui.table import percent


def test_what_a_bug_showed_it_is_not_called_unseen(trained) -> None:
    sound, broken = (
        made(trained, replace(QUICK, model=replace(QUICK.model, bug=bug)))
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
        "Digits (our best, 99.6 %): The test images of MNIST are not on this machine. Get them "
        "with `python -m core fetch mnist`."
    ]


@pytest.mark.parametrize("view", ["Sums", "Reliability", "Worst mistakes"])
def test_data_that_are_not_here_leave_the_other_networks(run, drawn, monkeypatch, view) -> None:
    real = panels._analysis

    def analysis(network):
        if network.name == "mnist":
            raise DownloadError("They are gone.")
        return real(network)

    monkeypatch.setattr(panels, "_analysis", analysis)
    app = look(opened(compare_page, run=run.id), view)
    assert [info.value for info in app.info] == ["Digits (our best, 99.6 %): They are gone."]
    assert len(app.get("plotly_chart")) == (view != "Worst mistakes")
    assert "width 4, seed 3, 50.0 %" in words(app)


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


@pytest.mark.parametrize("kind", ["class", "sum"])
def test_a_mistake_opens_with_the_number_that_was_added_to_it(run, drawn, left_for, kind) -> None:
    app = look(opened(compare_page, run=run.id), "Worst mistakes")
    first = next(each for each in app.button if each.key.startswith(f"open_{kind}_mnist_"))
    index = int(first.key.rsplit("_", 1)[1])
    addend = networks.reading("mnist").addends[index]
    session_of(app).choose(addend=int(addend + 1) % 10)
    first.click().run()
    assert (session_of(app).picture, session_of(app).link.addend) == (index, addend)


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
    compared = [made(trained, QUICK) for _ in range(2)]
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
    assert mistakes._what("class", mistake, SPECS["mnist"], False) == ("4, read as 9", said)


def chart(app) -> dict:
    """The first chart of the page."""
    return json.loads(app.get("plotly_chart")[0].proto.spec)


def test_the_curves_show_what_is_asked_for(trained) -> None:
    run = made(trained, QUICK.change({"width": 4, "epochs": 4}))
    app = opened(compare_page, c=run.id)
    assert chart(app)["data"][0]["x"] == [1, 2, 4]
    app.button_group(key="curves_over").set_value("seconds").run()
    assert chart(app)["data"][0]["x"] == [3, 6, 12]
    app.button_group(key="curves_measure").set_value("Class").run()
    assert chart(app)["data"][0]["x"] == []  # these records have no accuracy of the class


def test_a_card_counts_each_image_ten_times_and_the_page_once() -> None:
    card = checkpoint.read_card(checkpoint.WEIGHTS_DIR / "mnist")
    assert sum(map(sum, panels._images(card))) == pytest.approx(10_000)


def test_shades_of_garments_are_not_those_of_digits(trained) -> None:
    digits = made(trained, QUICK)
    recipe = QUICK.change({"dataset": "fashion-mnist", "width": 4})
    garments = made(recipe.build(), recipe)
    for run, wrong in ((digits, 100), (garments, 500)):
        card = run.checkpoint.with_suffix(".json")
        facts = json.loads(card.read_text())
        facts["confusion"] = [[1000 * (i == j) for j in range(10)] for i in range(10)]
        facts["confusion"][2][2:4] = [1000 - wrong, wrong]
        card.write_text(json.dumps(facts))
    app = look(opened(compare_page, c=f"{digits.id}.{garments.id}"), "Confusion")
    charts = [json.loads(each.proto.spec) for each in app.get("plotly_chart")]
    assert [each["data"][0]["zmax"] for each in charts] == [0.1, 0.5]
    assert charts[1]["data"][0]["x"][7] == "Sneaker"


def test_each_network_is_described_by_its_own_figures(run, drawn) -> None:
    figures = checkpoint.read_card(run.checkpoint).figures
    said = words(look(opened(compare_page, c=run.id), "Confusion"))
    assert '50.0 % <span class="note">50.00 % right</span>' in said
    said = words(look(opened(compare_page, c=run.id), "Sums"))
    assert f"R² {figures['sum_r2']:.4f}, mean error {figures['sum_mae']:.3f}" in said


def test_the_reliability_is_said_in_numbers(run, drawn) -> None:
    said = words(look(opened(compare_page, c=run.id), "Reliability"))
    reading = networks.reading(run.id)
    assert reading.analysis
    each = reading.analysis.reliability
    assert f"expected calibration error {100 * each.error:.2f}\u00a0%" in said
    assert (
        f"{percent(each.mean_confidence)} sure on average, {percent(each.mean_right)} right" in said
    )


@pytest.mark.parametrize(
    ("dataset", "said"),
    [("mnist", "7 + 3 = 10"), ("fashion-mnist", "Sneaker (7) + 3 = 10")],
)
def test_a_wrong_sum_is_said_as_an_addition(dataset, said) -> None:
    mistake = Mistake(0, np.zeros((28, 28), np.uint8), 7, 3, 7, 0.9, 12.04, 12)
    assert mistakes._what("sum", mistake, SPECS[dataset], False) == (said, "it says 12.0")


def test_of_19_sums_a_mistake_is_the_likeliest_and_its_mean_is_called_so() -> None:
    mistake = Mistake(0, np.zeros((28, 28), np.uint8), 7, 3, 7, 0.9, 10.2, 12)
    assert mistakes._what("sum", mistake, SPECS["mnist"], True)[1] == "it says 12, mean 10.2"


@pytest.mark.parametrize(
    ("head", "said"), [("regression", "before rounding"), ("classification", "mean of the")]
)
def test_it_is_said_what_the_values_of_the_sums_are(drawn, head: str, said: str) -> None:
    recipe = QUICK.change({"width": 4, "sum_head": head})
    run = made(recipe.build(), recipe)
    (caption,) = [
        each.value
        for each in look(opened(compare_page, c=run.id), "Sums").caption
        if "for each true sum" in each.value
    ]
    assert said in caption
    assert ("before rounding" in caption) == (head == "regression")


def test_answers_that_are_no_numbers_leave_the_other_networks(run, drawn, monkeypatch) -> None:
    real = panels._analysis

    def analysis(network):
        if network.name == "mnist":
            raise AnswerError
        return real(network)

    monkeypatch.setattr(panels, "_analysis", analysis)
    app = look(opened(compare_page, run=run.id), "Sums")
    assert [warning.value for warning in app.warning] == [
        f"Digits (our best, 99.6 %): {panels.LOST_READING}"
    ]
    assert len(app.get("plotly_chart")) == 1
    assert "50.0 % <span" in words(app)


def test_what_one_visitor_let_it_read_is_not_read_again(run, drawn, monkeypatch) -> None:
    while networks.reading(run.id).advance() < 1:
        pass
    monkeypatch.setattr(panels, "_advance", lambda reading: pytest.fail("read again"))
    app = look(opened(compare_page, c=run.id), "Sums")
    assert len(app.get("plotly_chart")) == 1


def test_of_three_networks_the_third_stands_in_a_second_row(trained) -> None:
    ids = [made(trained, QUICK.change({"width": 4, "seed": seed})).id for seed in (1, 2, 3)]
    app = look(opened(compare_page, c=".".join(ids)), "Confusion")
    assert len(app.get("plotly_chart")) == 3
