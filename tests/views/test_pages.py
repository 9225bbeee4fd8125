"""What the pages do, without a browser: Streamlit's AppTest runs them, the canvas is stood in for.

AppTest cannot draw; `pen` puts strokes where the browser would have sent them. Runs are made by
hand in a folder of their own: no worker is started.
"""

import gc
import io
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from core import PROJECT, finetune
from core.data.drawing import Strokes, rasterize
from core.dataset import Data
from core.evaluation.saliency import Saliency
from core.finetune import HandExample
from core.model import SumNet
from core.recipes.presets import PRESETS
from core.recipes.recipe import Recipe
from core.runs import queue
from core.runs.queue import QueueError, create_run
from core.runs.run import FinetuneJob, Run, State, find_run, list_runs, runs_dir
from core.storage import bundle, checkpoint
from views.draw.inputs import EXAMPLES
from views.session import jobs, networks
from views.session.link import DEFAULT_SETTINGS, format_strokes, parse_strokes
from views.session.session import prepare_process

DOT: Strokes = (((100.0, 100.0), (103.0, 101.0)),)
ELEVEN: Strokes = (((60.0, 60.0), (60.0, 220.0)), ((180.0, 60.0), (200.0, 220.0)))

TIMEOUT = 60  # seconds for a page; it answers in less than one, a busy machine in some


def draw_page() -> None:
    from views.draw.page import show_draw

    show_draw()


def train_page() -> None:
    from views.train.page import show_train

    show_train()


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs in a folder of this test, and nobody who trains them."""

    class NoWorker:
        def ensure(self) -> None: ...

    monkeypatch.setenv("SKETCH_SUM_RUNS", str(tmp_path / "runs"))
    monkeypatch.setattr(jobs, "worker", NoWorker)
    networks._cached_checkpoint.clear()


@pytest.fixture
def pen(monkeypatch: pytest.MonkeyPatch) -> Callable[[Strokes], None]:
    def draw(strokes: Strokes) -> None:
        monkeypatch.setattr(
            "views.draw.inputs.draw_canvas", lambda canvas: replace(canvas, strokes=strokes)
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


def the_run(app: AppTest) -> Run:
    found = find_run(runs_dir(), app.session_state["session"].run)
    assert found
    return found


def finished(run: Run, recipe: Recipe | None = None) -> None:
    """Give a run the shipped network, as if trained to that, or the fresh one of a recipe."""
    model, card = checkpoint.load(checkpoint.WEIGHTS_DIR / "mnist")
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
    assert parse_strokes(app.query_params["s"]) == EXAMPLES["8"]


def test_a_damaged_shipped_network_is_one_sentence(pen, tmp_path: Path, monkeypatch) -> None:
    for suffix in (".json", ".safetensors"):
        file = (checkpoint.WEIGHTS_DIR / "mnist").with_suffix(suffix)
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "mnist.safetensors").write_bytes(b"\0" * 100)
    monkeypatch.setattr(checkpoint, "WEIGHTS_DIR", tmp_path)
    app = opened(draw_page)
    assert [error.value for error in app.error] == [
        "The weights of 'mnist' are damaged: they do not match their card. "
        "Make it again with `python -m core train --preset mnist`."
    ]


def test_a_run_whose_network_is_damaged_falls_back_to_the_shipped_one(pen) -> None:
    run = create_run(runs_dir(), "quick", PRESETS["quick"].recipe)
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
    for head, weight in (("classification", 1.0), ("regression", 0.003)):
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
    assert settings == DEFAULT_SETTINGS | {"lr": 0.3, "width": 8, "seed": 1_000_000_000}
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
    run = create_run(runs_dir(), "quick", PRESETS["quick"].recipe)
    run.set_state(now)
    app = opened(train_page, run=run.id)
    assert app.get("progress")[0].proto.text == said
    assert app.button(key="train_start").disabled == (not now.is_finished)


def test_a_finished_run_shows_its_figures_beside_the_shipped_and_published_ones() -> None:
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


def test_use_this_network_makes_the_draw_page_answer_with_it(pen) -> None:
    run = create_run(runs_dir(), "quick", PRESETS["quick"].recipe)
    finished(run)
    app = opened(train_page, run=run.id)
    app.button(key="use_network").click().run()
    assert app.session_state["session"].network == run.id


def test_a_network_for_garments_speaks_of_garments(pen, data: Data, monkeypatch) -> None:
    recipe = PRESETS["quick"].recipe.change({"dataset": "fashion-mnist", "width": 4})
    run = create_run(runs_dir(), "quick", recipe)
    finished(run, recipe)
    monkeypatch.setattr(networks, "test_split", lambda name: data.test)
    invited = words(opened(draw_page, net=run.id))
    assert "Draw a garment" in invited
    assert "try one of the test images" in invited
    assert "digit" not in invited
    said = words(opened(draw_page, net=run.id, t="7", n="3"))
    assert "Test image 7 of Fashion-MNIST" in said
    assert "Really: Sneaker (7) + 3 = 10." in said


def test_a_second_visitor_is_answered_by_the_shipped_network(pen) -> None:
    run = create_run(runs_dir(), "quick", PRESETS["quick"].recipe)
    finished(run)
    opened(train_page, run=run.id).button(key="use_network").click().run()
    assert opened(draw_page).session_state["session"].network == networks.DEFAULT_NETWORK


def test_a_card_that_is_no_card_is_one_sentence() -> None:
    run = create_run(runs_dir(), "quick", PRESETS["quick"].recipe)
    finished(run)
    run.checkpoint.with_suffix(".json").write_text(json.dumps({"figures": []}))
    app = opened(train_page, run=run.id)
    assert app.warning[0].value == "The files of this network are damaged. Train again."


# --- doubt


def doubting(monkeypatch: pytest.MonkeyPatch, level: float) -> None:
    """Let every network doubt what has less evidence than that."""
    load = networks.load_network

    def doubtful(name: str):
        model, card = load(name)
        return model, replace(card, doubt_level=level)

    monkeypatch.setattr(networks, "load_network", doubtful)


def test_what_it_cannot_read_is_not_answered(pen, monkeypatch) -> None:
    doubting(monkeypatch, 1e9)
    pen(EXAMPLES["3"])
    said = words(opened(draw_page, n="4"))
    assert "I can&#x27;t read this as a digit</span>" in said
    assert "Closest guess: 3?" in said
    assert ">7?</span>" in said
    assert "Draw it larger and simpler, or tell it below what it was." in said
    for confident in (">3</span>", ">7</span>", " sure", "the heads agree", "before rounding"):
        assert confident not in said


def test_what_it_can_read_is_answered_as_ever(pen, monkeypatch) -> None:
    doubting(monkeypatch, -1e9)
    pen(EXAMPLES["3"])
    said = words(opened(draw_page, n="4"))
    assert ">3</span> + 4 = <span" in said
    assert "can&#x27;t read" not in said


def test_a_garment_that_it_cannot_read_is_called_a_garment(pen, data: Data, monkeypatch) -> None:
    recipe = PRESETS["quick"].recipe.change({"dataset": "fashion-mnist", "width": 4})
    run = create_run(runs_dir(), "quick", recipe)
    finished(run, recipe)
    doubting(monkeypatch, 1e9)
    monkeypatch.setattr(networks, "test_split", lambda name: data.test)
    said = words(opened(draw_page, net=run.id, t="7"))
    assert "I can&#x27;t read this as a garment" in said
    assert "Really: Sneaker (7)" in said
    pen(EXAMPLES["3"])
    said = words(opened(draw_page, net=run.id))
    assert "Draw it larger and simpler.</span>" in said  # it cannot be told what it was


def test_a_dot_is_nothing_drawn(pen) -> None:
    pen(DOT)
    app = opened(draw_page)
    said = words(app)
    assert "That is only a dot: draw a digit with a line or two." in said
    assert "sure" not in said
    assert "tell_7" not in keys(app)


def test_two_figures_are_not_answered(pen) -> None:
    pen(ELEVEN)
    app = opened(draw_page)
    said = words(app)
    assert said.count("I see two figures. Draw one at a time.") == 2  # once to be heard
    assert "Closest guess" in said and "sure" not in said
    assert "tell_1" not in keys(app)  # nothing is to be learned from them


def test_two_figures_on_an_uploaded_picture_are_seen(pen) -> None:
    app = opened(draw_page)
    file = io.BytesIO()
    Image.fromarray(255 - rasterize(ELEVEN)).save(file, "PNG")
    app.session_state["session"].source = "upload"
    app.session_state["session"].upload = file.getvalue()
    assert "I see two figures." in words(app.run())


# --- where it looked


def test_what_hiding_a_part_does_is_said_in_numbers(pen, monkeypatch) -> None:
    maps = np.zeros((2, 28, 28), np.float32)
    maps[:, 12:16, 12:16] = [[[0.63]], [[3.14]]]
    monkeypatch.setattr(networks, "cached_saliency", lambda *_: Saliency(*maps))
    pen(EXAMPLES["3"])
    said = words(opened(draw_page))
    assert 'alt="Where the class head looked"' in said
    assert "Hiding the most colored part costs 63 points of certainty" in said
    assert "Hiding the most colored part moves the sum by 3.1" in said


def test_a_part_that_hardly_matters_gets_no_number(pen, monkeypatch) -> None:
    maps = np.full((2, 28, 28), 0.03, np.float32)
    monkeypatch.setattr(networks, "cached_saliency", lambda *_: Saliency(*maps))
    pen(EXAMPLES["3"])
    said = words(opened(draw_page))
    assert said.count("No single part matters much") == 2
    assert "Hiding" not in said


def test_where_it_looked_is_computed_once_for_a_picture_and_a_number(pen, monkeypatch) -> None:
    networks._saliency.clear()
    asked = []
    real = networks.saliency
    monkeypatch.setattr(networks, "saliency", lambda *a: asked.append(a[2]) or real(*a))
    pen(EXAMPLES["3"])
    app = opened(draw_page)
    app.run()
    app.button(key="tell_3").click().run()
    assert asked == [7]
    app.button(key="addend_4").click().run()
    assert asked == [7, 4]


# --- teaching


def keys(app: AppTest) -> set[str]:
    return {button.key for button in app.button}


def told(app: AppTest) -> list[tuple[int, Strokes]]:
    return [(e.label, e.strokes) for e in app.session_state["session"].examples]


def status(app: AppTest) -> str:
    """The line that says how far the lesson is."""
    return app.get("html")[-1].proto.body


def the_lesson(app: AppTest) -> Run:
    found = find_run(runs_dir(), app.session_state["session"].lesson)
    assert found
    return found


def taught(run: Run) -> None:
    """Let a lesson have come to an end: the shipped network, a little worse on MNIST."""
    model, card = checkpoint.load(checkpoint.WEIGHTS_DIR / "mnist")
    lesson = run.finetune_job()
    assert lesson
    figures = card.figures | {"class_acc": card.figures["class_acc"] - 0.0004}
    card = replace(card, taught=len(lesson.examples), figures=figures)
    checkpoint.save(run.checkpoint, model, card)
    run.set_state(State("finished"))


def a_lesson(*examples: HandExample, base: str = "mnist") -> Run:
    recipe = PRESETS["quick"].recipe
    return create_run(runs_dir(), "quick", recipe, FinetuneJob(base, list(examples)))


THREE, SEVEN = (HandExample(label, EXAMPLES[str(label)]) for label in (3, 7))


def test_a_drawing_that_is_told_is_kept_with_its_strokes(pen) -> None:
    pen(EXAMPLES["8"])
    app = opened(draw_page)
    assert "Wrong? Tell it what it was:" in words(app)
    app.button(key="tell_5").click().run()
    assert told(app) == [(5, EXAMPLES["8"])]
    said = words(app)
    assert "Kept as a 5, see below." in said
    assert "✗ read as 8" in said
    app.button(key="tell_8").click().run()
    assert told(app) == [(8, EXAMPLES["8"])]
    said = words(app)
    assert "Kept as an 8" in said
    assert "✓ read" in said


def test_an_example_can_be_removed(pen) -> None:
    app = opened(draw_page)
    for digit in "378":
        pen(EXAMPLES[digit])
        app.run()
        app.button(key=f"tell_{digit}").click().run()
    assert app.button(key="remove_3").label == "Remove example 3, an 8"
    app.button(key="remove_1").click().run()
    assert told(app) == [(7, EXAMPLES["7"]), (8, EXAMPLES["8"])]
    assert app.button(key="remove_2").label == "Remove example 2, an 8"
    assert app.button(key="teach").label == "Teach it these 2"


def test_a_drawing_of_too_many_points_is_one_sentence(pen, monkeypatch) -> None:
    monkeypatch.setattr(finetune, "MAX_POINTS", 10)
    pen(EXAMPLES["3"])
    app = opened(draw_page)
    app.button(key="tell_3").click().run()
    assert [w.value for w in app.warning] == [
        "There is too much ink in this drawing to learn it. Draw it simpler."
    ]
    assert told(app) == []


def test_only_drawings_are_told(pen, data: Data, monkeypatch) -> None:
    monkeypatch.setattr(networks, "test_split", lambda name: data.test)
    assert "tell_7" not in keys(opened(draw_page))  # nothing is drawn
    assert "tell_7" not in keys(opened(draw_page, t="7"))


def test_a_network_that_cannot_learn_a_hand_does_not_offer_it(pen) -> None:
    recipe = PRESETS["quick"].recipe.change({"fusion": "pixels", "width": 4})
    run = create_run(runs_dir(), "quick", recipe)
    finished(run, recipe)
    pen(EXAMPLES["3"])
    app = opened(draw_page, net=run.id)
    assert "tell_3" not in keys(app)
    assert "Your hand" not in words(app)


def test_teach_makes_a_run_of_the_network_that_answers_and_the_examples(pen) -> None:
    pen(EXAMPLES["8"])
    app = opened(draw_page)
    app.button(key="tell_5").click().run()
    app.button(key="teach").click().run()
    run = the_lesson(app)
    assert run.finetune_job() == FinetuneJob("mnist", [HandExample(5, EXAMPLES["8"])])
    assert run.state() == State("queued")
    assert "Starting." in status(app)
    assert app.button(key="teach").disabled
    assert app.session_state["session"].network == "mnist"  # which answers meanwhile
    assert ">15</span></div>" in words(app)


@pytest.mark.parametrize(
    ("now", "said"),
    [
        (State("preparing"), "Learning your hand."),
        (State("preparing", "Fetching MNIST from a mirror", 0.5), "Fetching MNIST from a mirror"),
        (State("training"), "Learning your hand."),
        (State("evaluating"), "Measuring on MNIST."),
    ],
)
def test_each_state_of_a_lesson_has_its_words(pen, now: State, said: str) -> None:
    run = a_lesson(SEVEN)
    run.set_state(now)
    app = opened(draw_page)
    app.session_state["session"].examples = [SEVEN]
    app.session_state["session"].lesson = run.id
    assert said in status(app.run())


def test_a_lesson_waits_in_line(pen) -> None:
    create_run(runs_dir(), "quick", PRESETS["quick"].recipe)
    app = opened(draw_page)
    app.session_state["session"].lesson = a_lesson(SEVEN).id
    assert "Waiting: one run is before yours." in status(app.run())


def test_the_taught_network_answers_and_says_what_it_gained_and_lost(pen) -> None:
    pen(EXAMPLES["8"])
    app = opened(draw_page)
    app.button(key="tell_8").click().run()
    app.button(key="teach").click().run()
    run = the_lesson(app)
    taught(run)
    app.run()
    before = checkpoint.read_card(checkpoint.WEIGHTS_DIR / "mnist").figures["class_acc"]
    assert app.session_state["session"].network == run.id == app.query_params["net"]
    assert parse_strokes(app.query_params["s"]) == EXAMPLES["8"]  # the drawing stays
    choice = app.selectbox[0]
    assert choice.options[choice.index] == "Your hand (1 example)"
    said = words(app)
    assert f"<th>Before</th><td>1 of 1</td><td>{100 * before:.2f} %</td>" in said
    assert f"<th>Taught</th><td>1 of 1</td><td>{100 * before - 0.04:.2f} %</td>" in said
    assert "−0.04 points" in said
    assert app.button(key="teach").disabled  # it has learned just these


def test_more_examples_are_taught_from_the_same_start(pen) -> None:
    first = a_lesson(THREE)
    taught(first)
    pen(EXAMPLES["7"])
    app = opened(draw_page, net=first.id)
    app.button(key="tell_7").click().run()
    app.button(key="teach").click().run()
    assert the_lesson(app).finetune_job() == FinetuneJob("mnist", [THREE, SEVEN])


def test_a_lesson_that_failed_is_one_sentence_and_keeps_the_examples(pen) -> None:
    pen(EXAMPLES["8"])
    app = opened(draw_page)
    app.button(key="tell_5").click().run()
    app.button(key="teach").click().run()
    the_lesson(app).set_state(State("failed", "The training went wrong. Teach it again."))
    app.run()
    assert [warning.value for warning in app.warning] == [
        "The training went wrong. Teach it again. Your examples are kept."
    ]
    assert told(app) == [(5, EXAMPLES["8"])]
    assert not app.button(key="teach").disabled
    assert app.session_state["session"].network == "mnist"


def test_a_lesson_that_cannot_be_written_is_one_sentence(pen, monkeypatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    app = opened(draw_page)
    app.session_state["session"].examples = [THREE]
    monkeypatch.setattr(queue, "create_run", full)
    app.run().button(key="teach").click().run()
    assert "(No space left on device). Try again later." in app.error[0].value
    assert told(app) == [(3, EXAMPLES["3"])]


def test_a_link_to_a_taught_network_brings_its_examples(pen) -> None:
    run = a_lesson(THREE, SEVEN)
    taught(run)
    app = opened(draw_page, net=run.id)
    assert app.session_state["session"].examples == [THREE, SEVEN]
    assert "2 of 2" in words(app)


def test_a_taught_network_whose_start_is_gone_has_nothing_to_be_compared_with(pen) -> None:
    run = a_lesson(SEVEN, base="0123456789abcdef")
    taught(run)
    app = opened(draw_page, net=run.id)
    assert "Before" not in words(app)
    app.button(key="remove_1").click().run()
    app.session_state["session"].examples = [THREE]
    app.run().button(key="teach").click().run()
    assert app.error[0].value == "That network is no longer kept here."
    assert told(app) == [(3, EXAMPLES["3"])]


def test_damaged_examples_are_none(pen) -> None:
    run = a_lesson(SEVEN)
    taught(run)
    (run.path / "examples.jsonl").write_text("[")
    app = opened(draw_page, net=run.id)
    assert told(app) == []
    assert not app.warning


def test_nobody_sees_another_s_examples(pen) -> None:
    pen(EXAMPLES["8"])
    one = opened(draw_page)
    one.button(key="tell_8").click().run()
    one.button(key="teach").click().run()
    taught(the_lesson(one))
    other = opened(draw_page)
    assert told(other) == []
    assert other.selectbox[0].options == [
        PRESETS[name].title for name in checkpoint.shipped_names()
    ]


def test_examples_are_loaded_from_a_file_beside_those_that_are_there(pen) -> None:
    app = opened(draw_page)
    app.session_state["session"].examples = [HandExample(1, EXAMPLES["7"])]
    app.run()
    app.file_uploader[0].set_value(
        ("hand.jsonl", finetune.dump_examples([THREE, SEVEN]).encode(), "")
    ).run()
    assert told(app) == [(7, EXAMPLES["7"]), (3, EXAMPLES["3"])]
    assert app.file_uploader[0].value is None  # ready for another


@pytest.mark.parametrize("content", [b"no json", b"\xff\xfe", b"{}\n" * 101])
def test_a_file_without_examples_is_one_sentence_and_nothing_is_lost(pen, content: bytes) -> None:
    app = opened(draw_page)
    app.session_state["session"].examples = [SEVEN]
    app.run().file_uploader[0].set_value(("hand.jsonl", content, "")).run()
    assert len(app.warning) == 1
    assert app.warning[0].value.endswith("Choose another file.")
    assert app.session_state["session"].examples == [SEVEN]


def test_runs_are_numbered_as_on_the_compare_page(pen) -> None:
    made = [create_run(runs_dir(), "quick", PRESETS["quick"].recipe) for _ in range(3)]
    for run in made[::2]:
        finished(run)  # the one between has no network yet
    app = opened(draw_page, net=made[2].id)
    app.session_state["session"].own_runs = [run.id for run in made]
    assert app.run().selectbox[0].options[-2:] == ["Run 1", "Run 2"]


def test_pandas_is_there_before_the_first_page() -> None:
    """Imported by one visitor's page, it would be half there for plotly on another's."""
    session = "views.session.session"
    command = (
        f"import sys; import {session} as s; s.prepare_process(); print('pandas' in sys.modules)"
    )
    here = PROJECT
    ended = subprocess.run(
        [sys.executable, "-c", command], cwd=here, capture_output=True, text=True
    )
    assert ended.stdout == "True\n", ended.stderr


def test_what_is_imported_is_not_searched_for_garbage_after_each_answer() -> None:
    try:
        prepare_process()
        assert gc.get_freeze_count() > 100_000
        before = gc.get_freeze_count()
        prepare_process()  # at the next run of a page
        assert gc.get_freeze_count() == before
    finally:
        gc.unfreeze()
        prepare_process.cache_clear()


# --- files of strangers


def test_our_weights_with_another_card_change_nothing_for_others(pen, monkeypatch) -> None:
    """Whoever uploads them must not put their answers in the place of the shipped network's."""
    model, card = checkpoint.load(checkpoint.WEIGHTS_DIR / "mnist")
    forged = SumNet(replace(model.config, dataset="fashion-mnist")).eval()
    forged.load_state_dict(model.state_dict())
    found = {"theirs": (forged, card), "ours": (model, card)}
    monkeypatch.setattr(networks, "load_network", found.__getitem__)
    monkeypatch.setattr(networks, "test_split", lambda name: name)
    monkeypatch.setattr(networks, "_test_split", lambda name: name)
    monkeypatch.setattr(networks, "Reading", lambda model, split: split)
    monkeypatch.setattr(finetune, "read_labels", lambda model, images: [model.config.dataset])
    image = np.zeros((28, 28), np.uint8)
    image[8:20, 13:15] = 255
    for cache in (networks._reading, networks._saliency, networks._read_labels):
        cache.clear()
    for name, dataset in (("theirs", "fashion-mnist"), ("ours", "mnist")):
        assert networks.reading(name) == dataset
        assert networks.cached_labels(*found[name], image[None]) == [dataset]
    theirs, ours = (networks.cached_saliency(*found[name], image, 3) for name in ("theirs", "ours"))
    assert not np.array_equal(theirs.class_loss, ours.class_loss)


@pytest.mark.parametrize(
    ("free", "before", "said"),
    [(1, 0, "The disk is nearly full"), (10**12, 10, "10 networks have been uploaded here.")],
)
def test_networks_are_not_taken_without_end(monkeypatch, free, before, said) -> None:
    session = SimpleNamespace(uploads=before, own_runs=[])
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=free))
    content = bundle.pack_bundle(*checkpoint.load(checkpoint.WEIGHTS_DIR / "mnist"))
    with pytest.raises(QueueError, match=said):
        networks.import_network(session, content)
    assert list(list_runs(runs_dir())) == []


def test_no_two_taught_networks_are_called_the_same(pen) -> None:
    first, second = a_lesson(SEVEN), a_lesson(THREE)
    taught(first)
    taught(second)
    app = opened(draw_page, net=first.id)
    app.session_state["session"].own_runs = [first.id, second.id]
    titles = networks.network_titles(app.session_state["session"])
    assert titles[first.id] == "Your hand (1 example)"
    assert titles[second.id] == "Your hand 2 (1 example)"


def test_an_example_takes_no_drawing_away(pen, monkeypatch) -> None:
    monkeypatch.setattr("views.draw.inputs.draw_canvas", lambda canvas: canvas)
    app = opened(draw_page, s=format_strokes(EXAMPLES["8"]))
    app.button(key="example_3").click().run()
    assert app.session_state["session"].canvas.strokes == EXAMPLES["3"]
    for _ in EXAMPLES["3"]:
        app.button(key="undo").click().run()
    assert app.session_state["session"].canvas.strokes == ()
    app.button(key="undo").click().run()
    assert app.session_state["session"].canvas.strokes == EXAMPLES["8"]


def test_settings_outlive_a_look_at_another_page() -> None:
    def pages() -> None:
        import streamlit as st

        from views.train.page import show_train

        if not st.session_state.get("elsewhere"):
            show_train()

    app = opened(pages)
    app.select_slider(key="setting_lr").set_value(0.3)
    app.selectbox(key="bug").set_value("relu").run()
    app.session_state["elsewhere"] = True
    app.run()
    app.session_state["elsewhere"] = False
    app.run()
    assert app.select_slider(key="setting_lr").value == 0.3
    assert app.selectbox(key="bug").value == "relu"
    app.button(key="train_start").click().run()
    recipe = the_run(app).recipe()[1]
    assert (recipe.train.lr, recipe.bug.name) == (0.3, "relu")
