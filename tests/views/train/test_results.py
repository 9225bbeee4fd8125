"""The results of a run, beside those of other networks of its data set."""

import pytest

from core.recipes.presets import PRESETS
from core.runs.run import create_run, runs_dir
from tests.support.pages import finished, opened, session_of, train_page, words


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
