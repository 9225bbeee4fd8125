"""The results of a run, beside those of other networks of its data set."""

import re
from dataclasses import replace

import pytest

from core.recipes.presets import PRESETS
from core.recipes.settings import SETTINGS, OptionWords
from core.runs.queue import create_run
from core.runs.run import runs_dir
from core.specs import SPECS
from core.storage import checkpoint
from tests.support.pages import finished, opened, session_of, train_page, words
from views.train import results


def test_a_finished_run_shows_its_metrics_beside_the_shipped_and_published_ones() -> None:
    run = create_run(runs_dir(), "quick", PRESETS["quick"].recipe)
    finished(run)
    said = words(opened(train_page, run=run.id))
    for figure in ("98.59 %", "0.2869", "This run", "Shipped", "Published"):
        assert figure in said


@pytest.mark.parametrize(("fusion", "figure"), [("late", "0.975 %"), ("pixels", "7.34 %")])
def test_a_run_on_garments_is_measured_by_networks_for_garments(fusion: str, figure: str) -> None:
    recipe = PRESETS["quick"].recipe.change({"dataset": "fashion-mnist", "fusion": fusion})
    run = create_run(runs_dir(), "quick", recipe)
    finished(run)
    said = words(opened(train_page, run=run.id))
    assert "test images of Fashion-MNIST" in said
    assert figure in said
    assert "98.59 %" not in said  # of network A, which reads digits


def test_use_this_network_makes_the_draw_page_answer_with_it(left_for) -> None:
    run = create_run(runs_dir(), "quick", PRESETS["quick"].recipe)
    finished(run)
    app = opened(train_page, run=run.id)
    app.button(key="use_network").click().run()
    assert left_for == ["draw"]
    assert session_of(app).link.network == run.id


def test_a_data_set_that_nobody_published_has_results_too(monkeypatch) -> None:
    """A third data set, as if its spec had been added to core/specs.py."""
    third = replace(SPECS["mnist"], name="kmnist", title="KMNIST")
    words_of_third = OptionWords("KMNIST digits", "KMNIST")
    monkeypatch.setitem(SPECS, "kmnist", third)
    monkeypatch.setitem(SETTINGS["dataset"].options, "kmnist", words_of_third)
    recipe = PRESETS["quick"].recipe.change({"dataset": "kmnist", "width": 4})
    run = create_run(runs_dir(), "quick", recipe)
    finished(run, recipe)
    said = words(opened(train_page, run=run.id))
    assert "10,000 test images of KMNIST" in said
    assert "This run" in said
    assert "Published" not in said


def test_a_network_that_answers_can_be_given_back(left_for) -> None:
    run = create_run(runs_dir(), "quick", PRESETS["quick"].recipe)
    finished(run)
    app = opened(train_page, run=run.id, net=run.id)
    assert app.button(key="use_network").label == "Draw with it"
    app.button(key="use_shipped").click().run()
    assert session_of(app).link.network == "mnist"
    assert app.button(key="use_network").label == "Use this network"
    assert "use_shipped" not in {button.key for button in app.button}
    assert left_for == []


def test_each_metric_stands_under_its_own_heading() -> None:
    recipe = PRESETS["quick"].recipe
    card = checkpoint.read_card(checkpoint.WEIGHTS_DIR / "mnist")
    figures = {"class_acc": 0.9, "sum_acc": 0.8, "joint_acc": 0.7, "sum_r2": 0.6, "sum_mae": 0.5}
    table = results._results_table(replace(card, figures=figures), recipe)
    rows = {
        row[0]: row[1:]
        for row in (
            re.findall(r"<t[hd]>(.*?)</t[hd]>", line) for line in re.findall("<tr>.*?</tr>", table)
        )
    }
    assert rows[""] == ["Class", "Rounded sum", "Both right", "R² of the sum"]
    assert rows["This run"] == ["90.00 %", "80.00 %", "70.00 %", "0.6000"]
    assert rows["Published"] == ["98.59 %", "not given", "not given", "0.2869"]
    assert rows["Shipped"][0] == f"{100 * card.figures['class_acc']:.2f} %"
