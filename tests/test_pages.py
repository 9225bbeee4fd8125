"""What the pages do, without a browser: Streamlit's AppTest runs them, the canvas is stood in for.

AppTest cannot draw; `pen` puts strokes where the browser would have sent them. Runs are made by
hand in a folder of their own: no worker is started.
"""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core import checkpoint, link, runs
from core.dataset import Data
from core.drawing import Strokes
from core.presets import PRESETS
from core.recipe import Recipe
from core.runs import State
from views import state
from views.sources import EXAMPLES

TIMEOUT = 60  # seconds for a page; it answers in less than one, a busy machine in some


def draw_page() -> None:
    from views import draw

    draw.show()


def train_page() -> None:
    from views import train

    train.show()


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs in a folder of this test, and nobody who trains them."""

    class NoWorker:
        def ensure(self) -> None: ...

    monkeypatch.setenv("SKETCH_SUM_RUNS", str(tmp_path / "runs"))
    monkeypatch.setattr(state, "worker", NoWorker)
    state._network.clear()


@pytest.fixture
def pen(monkeypatch: pytest.MonkeyPatch) -> Callable[[Strokes], None]:
    def draw(strokes: Strokes) -> None:
        monkeypatch.setattr(
            "views.sources.draw_canvas", lambda canvas: replace(canvas, strokes=strokes)
        )

    draw(())
    return draw


def opened(page: Callable[[], None], **query: str) -> AppTest:
    app = AppTest.from_function(page, default_timeout=TIMEOUT)
    for name, value in query.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    return app


def words(app: AppTest) -> str:
    """All that the page says."""
    parts = (*app.get("html"), *app.markdown, *app.warning, *app.error, *app.subheader)
    return " ".join(str(getattr(part, "value", None) or part.proto.body) for part in parts)


def the_run(app: AppTest) -> runs.Run:
    found = runs.find(runs.runs_dir(), app.session_state["session"].run)
    assert found
    return found


def finished(run: runs.Run, recipe: Recipe | None = None) -> None:
    """Give a run the shipped network, as if trained to that, or the fresh one of a recipe."""
    model, card = checkpoint.load(checkpoint.SHIPPED / "mnist")
    if recipe:
        model, card = recipe.build(), replace(card, params=recipe.params())
    checkpoint.save(run.checkpoint, model, card)
    run.append({"seconds": 2.0, "step": 4, "steps": 4, "epoch": 1, "images": 512, "lr": 0.0})
    run.set_state(State("finished"))


def test_an_empty_canvas_is_not_answered(pen) -> None:
    said = words(opened(draw_page))
    assert "Draw a digit" in said
    assert "sure" not in said


def test_a_drawing_is_answered_by_both_heads(pen) -> None:
    pen(EXAMPLES["3"])
    said = words(opened(draw_page, n="4"))
    assert "the heads agree" in said
    assert ">3</span> + 4 = <span" in said
    assert ">7</span></div>" in said


def test_a_number_button_changes_the_sum_and_the_address(pen) -> None:
    pen(EXAMPLES["8"])
    app = opened(draw_page)
    app.button(key="addend_9").click().run()
    assert ">17</span></div>" in words(app)
    assert app.query_params["n"] == "9"
    assert link.parse_strokes(app.query_params["s"]) == EXAMPLES["8"]


def test_a_damaged_shipped_network_is_one_sentence(pen, tmp_path: Path, monkeypatch) -> None:
    for suffix in (".json", ".safetensors"):
        file = (checkpoint.SHIPPED / "mnist").with_suffix(suffix)
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "mnist.safetensors").write_bytes(b"\0" * 100)
    monkeypatch.setattr(checkpoint, "SHIPPED", tmp_path)
    app = opened(draw_page)
    assert [error.value for error in app.error] == [
        "The weights of 'mnist' are damaged: they do not match their card. "
        "Make it again with `python -m core train --preset mnist`."
    ]


def test_a_run_whose_network_is_damaged_falls_back_to_the_shipped_one(pen) -> None:
    run = runs.create(runs.runs_dir(), "quick", PRESETS["quick"].recipe)
    finished(run)
    run.checkpoint.with_suffix(".safetensors").write_bytes(b"not weights")
    pen(EXAMPLES["7"])
    app = opened(draw_page, net=run.id)
    assert "are damaged" in app.warning[0].value
    assert app.warning[0].value.endswith("The shipped network answers instead.")
    assert ">14</span></div>" in words(app)


def test_train_hands_over_the_settings_as_they_are(tmp_path: Path) -> None:
    app = opened(train_page)
    app.select_slider(key="setting_lr").set_value(0.05)
    app.number_input(key="setting_seed").set_value(42)
    app.button(key="train_start").click().run()
    preset, recipe = the_run(app).recipe()
    assert (preset, recipe.train.lr, recipe.train.seed) == ("quick", 0.05, 42)
    assert the_run(app).state() == State("queued")
    assert app.button(key="train_start").disabled
    assert app.query_params["lr"] == "0.05"
    assert app.query_params["run"] == the_run(app).id


def test_data_set_fusion_and_sum_head_are_chosen_in_words() -> None:
    app = opened(train_page)
    assert {radio.label: radio.options for radio in app.radio} == {
        "Data set": ["MNIST digits", "Fashion-MNIST garments"],
        "Fusion": [
            "late: number joins the class probabilities",
            "pixels: number written into the picture",
        ],
        "Sum head": ["one value", "19 classes"],
    }
    app.radio(key="setting_dataset").set_value("fashion-mnist")
    app.radio(key="setting_fusion").set_value("pixels")
    app.radio(key="setting_sum_head").set_value("classification").run()
    app.button(key="train_start").click().run()
    model = the_run(app).recipe()[1].model
    assert (model.dataset, model.fusion, model.sum_head) == (
        *("fashion-mnist", "pixels", "classification"),
    )
    assert app.query_params["dataset"] == "fashion-mnist"


def test_the_usual_weight_follows_the_sum_head() -> None:
    app = opened(train_page)
    for head, weight in (("classification", 1.0), ("regression", 0.03)):
        app.radio(key="setting_sum_head").set_value(head).run()
        assert app.select_slider(key=f"setting_sum_weight_{head}").value == weight
        assert app.query_params.get("sum_head", "regression") == head


def test_a_weight_that_the_visitor_chose_stays() -> None:
    app = opened(train_page)
    app.select_slider(key="setting_sum_weight_regression").set_value(0.1)
    app.radio(key="setting_sum_head").set_value("classification").run()
    assert app.select_slider(key="setting_sum_weight_classification").value == 0.1
    assert app.session_state["session"].settings["sum_weight"] == 0.1


def test_moving_a_slider_is_not_forgotten_when_the_sum_head_changes() -> None:
    app = opened(train_page)
    app.select_slider(key="setting_width").set_value(4)
    app.radio(key="setting_sum_head").set_value("classification").run()
    assert app.session_state["session"].settings["width"] == 4


def test_a_bug_says_what_it_comes_with() -> None:
    app = opened(train_page, bug="shared-softmax")
    said = " ".join(caption.value for caption in app.caption)
    assert "Whatever is chosen above, it gets sum as 19 classes and weight of the sum 1." in said
    app.button(key="train_start").click().run()
    recipe = the_run(app).recipe()[1]
    assert (recipe.model.sum_head, recipe.train.sum_weight) == ("classification", 1.0)


def test_a_link_brings_its_bug() -> None:
    app = opened(train_page, bug="broadcast")
    assert app.selectbox(key="bug").value == "broadcast"
    app.button(key="train_start").click().run()
    assert the_run(app).recipe()[1].bug.name == "broadcast"
    assert app.query_params["bug"] == "broadcast"


def test_a_link_brings_its_recipe() -> None:
    app = opened(train_page, lr="0.3", width="8", epochs="1000", dropout="nan", seed="1e9")
    settings = app.session_state["session"].settings
    assert settings == link.DEFAULT_SETTINGS | {"lr": 0.3, "width": 8, "seed": 1_000_000_000}
    assert app.select_slider(key="setting_width").value == 8


@pytest.mark.parametrize(
    ("now", "said"),
    [
        (State("queued"), "Starting."),
        (State("preparing", "Fetching MNIST from a mirror", 0.5), "Fetching MNIST from a mirror"),
        (State("failed", "The loss ran away at step 3."), "The loss ran away at step 3."),
        (State("interrupted", "The training was cut off."), "The training was cut off."),
    ],
)
def test_each_state_of_a_run_has_its_words(now: State, said: str) -> None:
    run = runs.create(runs.runs_dir(), "quick", PRESETS["quick"].recipe)
    run.set_state(now)
    app = opened(train_page, run=run.id)
    assert app.get("progress")[0].proto.text == said
    assert app.button(key="train_start").disabled == (not now.over)


def test_a_finished_run_shows_its_figures_beside_the_shipped_and_published_ones() -> None:
    run = runs.create(runs.runs_dir(), "quick", PRESETS["quick"].recipe)
    finished(run)
    said = words(opened(train_page, run=run.id))
    for figure in ("98.59 %", "0.2869", "This run", "Shipped", "Published"):
        assert figure in said


@pytest.mark.parametrize(("fusion", "figure"), [("late", "0.975 %"), ("pixels", "7.34 %")])
def test_a_run_on_garments_is_measured_by_networks_for_garments(fusion: str, figure: str) -> None:
    recipe = PRESETS["quick"].recipe.change({"dataset": "fashion-mnist", "fusion": fusion})
    run = runs.create(runs.runs_dir(), "quick", recipe)
    finished(run)
    said = words(opened(train_page, run=run.id))
    assert "test images of Fashion-MNIST" in said
    assert figure in said
    assert "98.59 %" not in said  # of network A, which reads digits


def test_use_this_network_makes_the_draw_page_answer_with_it(pen) -> None:
    run = runs.create(runs.runs_dir(), "quick", PRESETS["quick"].recipe)
    finished(run)
    app = opened(train_page, run=run.id)
    app.button(key="use_network").click().run()
    assert app.session_state["session"].network == run.id


def test_a_network_for_garments_speaks_of_garments(pen, data: Data, monkeypatch) -> None:
    recipe = PRESETS["quick"].recipe.change({"dataset": "fashion-mnist", "width": 4})
    run = runs.create(runs.runs_dir(), "quick", recipe)
    finished(run, recipe)
    monkeypatch.setattr(state, "test_split", lambda name: data.test)
    invited = words(opened(draw_page, net=run.id))
    assert "Draw a garment" in invited
    assert "try one of the test images" in invited
    assert "digit" not in invited
    said = words(opened(draw_page, net=run.id, t="7", n="3"))
    assert "Test image 7 of Fashion-MNIST" in said
    assert "Really: Sneaker (7) + 3 = 10." in said


def test_a_second_visitor_is_answered_by_the_shipped_network(pen) -> None:
    run = runs.create(runs.runs_dir(), "quick", PRESETS["quick"].recipe)
    finished(run)
    opened(train_page, run=run.id).button(key="use_network").click().run()
    assert opened(draw_page).session_state["session"].network == state.SHIPPED


def test_a_card_that_is_no_card_is_one_sentence() -> None:
    run = runs.create(runs.runs_dir(), "quick", PRESETS["quick"].recipe)
    finished(run)
    run.checkpoint.with_suffix(".json").write_text(json.dumps({"figures": []}))
    app = opened(train_page, run=run.id)
    assert app.warning[0].value == "The files of this network are damaged. Train again."
