"""Back in time: what a finished run was like after each of its snapshots."""

import re
from dataclasses import replace

import pytest
import torch
from streamlit.testing.v1 import AppTest

from core.evaluation.layers import first_filters
from core.evaluation.prediction import predict
from core.recipes.presets import PRESETS
from core.recipes.recipe import Recipe
from core.runs.queue import create_run
from core.runs.run import Run, State, runs_dir
from core.specs import SPECS
from core.storage import checkpoint, snapshots
from tests.conftest import record
from tests.support.pages import growing_figures, opened, train_page, words
from views.input.input_image import example_image
from views.inside import cached
from views.train import scrubber
from views.ui.images import montage, shades

RECIPE = PRESETS["quick"].recipe.change({"width": 4, "batch_size": 128})


@pytest.fixture(autouse=True)
def drawn_test_images(monkeypatch, data) -> None:
    monkeypatch.setattr(cached, "test_split", lambda name: data.test)
    for cache in (cached._map, cached.snapshot_network, cached.map_at_snapshot):
        cache.clear()


def finished_run(recipe: Recipe = RECIPE, *, state: str = "finished") -> tuple[Run, dict]:
    """A run with the snapshots of two untrained networks, the second of which it ended with."""
    run = create_run(runs_dir(), "quick", recipe)
    networks = {}
    for step in (0, 50):
        networks[step] = recipe.change({"seed": step}).build().eval()
        snapshots.save_snapshot(run.snapshots, step, snapshots.pack_snapshot(networks[step]))
    card = checkpoint.read_card(checkpoint.WEIGHTS_DIR / "mnist")
    checkpoint.save(run.checkpoint, networks[50], replace(card, params=recipe.to_dict()))
    run.append(record(50, loss=1.0, images=6_390))  # the last batch was not full
    run.set_state(State(state))
    return run, networks


def opened_past(run: str, **query: str) -> AppTest:
    """The Train page at a run, with its past unfolded."""
    app = opened(train_page, run=run, **query)
    app.session_state["past"] = True
    return app.run()


def folded(app: AppTest) -> list[str]:
    return [each.label for each in app.expander]


def html_of(app: AppTest) -> str:
    return " ".join(part.proto.body for part in app.get("html"))


def the_map(app: AppTest) -> dict:
    (found,) = [
        spec
        for spec in growing_figures(app)
        if any(t.get("name") == "mistakes" for t in spec["data"])
    ]
    return found


def test_each_moment_has_its_own_answers_filters_and_map() -> None:
    run, _ = finished_run()
    app = opened_past(run.id, n="4")
    image = example_image(SPECS["mnist"]).pixels
    moments = []
    for step in (50, 0):
        app.select_slider(key=f"moment_{run.id}").set_value(step).run()
        model = snapshots.load_snapshot(run.snapshots, RECIPE.model, step)
        answer = predict(model, image, 4)
        assert f"Class head: {answer.label}<" in html_of(app)
        assert f"{answer.sum_value:.2f} before rounding" in html_of(app)
        filters = first_filters(model)
        extent = float(abs(filters).max())
        assert montage(shades(filters, -extent, extent), "Filters", 8) in html_of(app)
        moments.append(the_map(app))
    now, then = moments
    assert now["data"][-1]["name"] == "the example"
    assert now["data"][-1]["x"] != then["data"][-1]["x"]


def test_a_moment_of_a_network_of_19_sums_says_how_sure_it_was() -> None:
    run, _ = finished_run(RECIPE.change({"sum_head": "classification"}))
    said = words(opened_past(run.id))
    assert "before rounding" not in said
    assert len(re.findall(r"[\d.]+ % sure</div>", said)) == 2  # the class and the sum


def test_the_slider_says_how_many_images_it_had_learned_from() -> None:
    run, _ = finished_run()
    slider = opened_past(run.id).select_slider(key=f"moment_{run.id}")
    assert slider.options == ["0", "6,390"] and slider.value == 50


@pytest.mark.parametrize("state", ["training", "failed", "evaluating"])
def test_only_a_network_that_is_there_has_a_past(state: str) -> None:
    run, _ = finished_run(state=state)
    assert "Go back in time" not in folded(opened(train_page, run=run.id))


def test_a_run_without_snapshots_has_no_past() -> None:
    run, _ = finished_run()
    assert "Go back in time" in folded(opened(train_page, run=run.id))
    (run.snapshots / "00000000.safetensors").unlink()
    assert "Go back in time" not in folded(opened(train_page, run=run.id))


def test_nothing_is_computed_for_who_does_not_look(monkeypatch) -> None:
    run, _ = finished_run()
    asked: list[object] = []
    monkeypatch.setattr(scrubber, "cached_map", lambda *a: asked.append(a))
    opened(train_page, run=run.id)
    assert asked == []


def test_a_damaged_moment_says_so_and_the_others_stay() -> None:
    run, _ = finished_run()
    (run.snapshots / "00000000.safetensors").write_bytes(b"junk")
    app = opened_past(run.id)
    app.select_slider(key=f"moment_{run.id}").set_value(0).run()
    assert "This moment is damaged. Choose another one." in words(app)
    app.select_slider(key=f"moment_{run.id}").set_value(50).run()
    assert re.search(r"100 test images, \d+ of them read wrong", words(app))


def test_a_moment_when_the_loss_had_run_away_says_so() -> None:
    run, networks = finished_run()
    with torch.no_grad():
        networks[0].class_head[1].weight.fill_(torch.nan)
    snapshots.save_snapshot(run.snapshots, 0, snapshots.pack_snapshot(networks[0]))
    app = opened_past(run.id)
    app.select_slider(key=f"moment_{run.id}").set_value(0).run()
    assert "answer is not a number" in words(app)


def test_dragging_computes_each_moment_once(monkeypatch) -> None:
    run, _ = finished_run()
    asked: list[int] = []
    real = cached.encode_images
    monkeypatch.setattr(cached, "encode_images", lambda *a: asked.append(len(a[1])) or real(*a))
    app = opened_past(run.id)
    for step in (0, 50, 0):
        app.select_slider(key=f"moment_{run.id}").set_value(step).run()
    assert asked == [100, 100]
    assert scrubber.FILTER_COLUMNS == 8


def test_a_moment_shows_fewer_images_than_the_map_where_that_has_many(monkeypatch) -> None:
    monkeypatch.setattr(cached, "SNAPSHOT_IMAGES", 30)
    run, _ = finished_run()
    assert re.search(r"30 test images, \d+ of them read wrong", words(opened_past(run.id)))
