"""Teach it: drawings with labels, the run that learns them, and what it changed."""

from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from core import finetune
from core.data.drawing import Strokes
from core.dataset import Data
from core.finetune import HandExample
from core.recipes.presets import PRESETS
from core.runs import queue
from core.runs.limits import LIMITS
from core.runs.queue import create_run
from core.runs.run import FinetuneJob, Run, State, runs_dir
from core.storage import checkpoint
from tests.support.pages import (
    draw_page,
    finetune_run,
    finished,
    keys,
    opened,
    session_of,
    taught,
    the_finetune_run,
    words,
)
from views.input.sources import EXAMPLES
from views.session import networks
from views.session.link import parse_strokes


def told(app: AppTest) -> list[tuple[int, Strokes]]:
    return [(e.label, e.strokes) for e in session_of(app).examples]


def status(app: AppTest) -> str:
    """The line that says how far the learning is."""
    return " ".join(bar.proto.text for bar in app.get("progress"))


THREE, SEVEN = (HandExample(label, EXAMPLES[str(label)]) for label in (3, 7))


def test_a_drawing_that_is_told_is_kept_with_its_strokes(pen) -> None:
    pen(EXAMPLES["8"])
    app = opened(draw_page)
    assert "Wrong? Tap what it was:" in words(app)
    app.button(key="tell_5").click().run()
    assert told(app) == [(5, EXAMPLES["8"])]
    said = words(app)
    assert "Kept as a 5." in said
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


def test_another_example_of_the_same_digit_stays(pen) -> None:
    app = opened(draw_page)
    for drawing in ("3", "8"):
        pen(EXAMPLES[drawing])
        app.run()
        app.button(key="tell_8").click().run()
    app.button(key="remove_1").click().run()
    assert told(app) == [(8, EXAMPLES["8"])]


def test_examples_are_read_and_drawn_once_and_not_with_each_page(pen, monkeypatch) -> None:
    """A hundred scribbles take half a second."""
    run = finetune_run(SEVEN, THREE)
    taught(run)
    opened(draw_page, net=run.id)
    read, made = [], []
    monkeypatch.setattr(Run, "finetune_job", lambda run: read.append(run))
    monkeypatch.setattr("core.finetune.rasterize", lambda *_: made.append(1))
    monkeypatch.setattr(finetune, "dump_examples", lambda *_: made.append(1))
    app = opened(draw_page, net=run.id)
    app.run()
    assert told(app) == [(7, EXAMPLES["7"]), (3, EXAMPLES["3"])]
    assert (read, made) == ([], [])


def test_only_drawings_are_told(pen, data: Data, monkeypatch) -> None:
    monkeypatch.setattr(networks, "test_split", lambda name: data.test)
    assert "tell_7" not in keys(opened(draw_page))  # nothing is drawn
    assert "tell_7" not in keys(opened(draw_page, t="7"))


def test_a_network_that_cannot_learn_handwriting_does_not_offer_it(pen) -> None:
    recipe = PRESETS["quick"].recipe.change({"fusion": "pixels", "width": 4})
    run = create_run(runs_dir(), "quick", recipe)
    finished(run, recipe)
    pen(EXAMPLES["3"])
    app = opened(draw_page, net=run.id)
    assert "tell_3" not in keys(app)
    assert "your handwriting" not in words(app)


def test_teach_makes_a_run_of_the_network_that_answers_and_the_examples(pen) -> None:
    pen(EXAMPLES["8"])
    app = opened(draw_page)
    app.button(key="tell_5").click().run()
    app.button(key="teach").click().run()
    run = the_finetune_run(app)
    assert run.finetune_job() == FinetuneJob("mnist", [HandExample(5, EXAMPLES["8"])])
    assert run.state() == State("queued")
    assert "Starting." in status(app)
    assert app.button(key="teach").disabled
    assert session_of(app).link.network == "mnist"  # which answers meanwhile
    assert ">15</span></div>" in words(app)


@pytest.mark.parametrize(
    ("now", "said"),
    [
        (State("preparing"), "Learning your handwriting."),
        (
            State("preparing", "Downloading MNIST from a mirror", 0.5),
            "Downloading MNIST from a mirror",
        ),
        (State("training"), "Learning your handwriting."),
        (State("evaluating"), "Testing it on MNIST."),
    ],
)
def test_each_state_of_a_finetune_run_has_its_words(pen, now: State, said: str) -> None:
    run = finetune_run(SEVEN)
    run.set_state(now)
    app = opened(draw_page)
    session_of(app).examples = [SEVEN]
    session_of(app).finetune_run = run.id
    assert said in status(app.run())


def test_a_fine_tuning_waits_in_the_queue(pen) -> None:
    finetune_run(SEVEN)  # somebody else's
    app = opened(draw_page)
    session_of(app).finetune_run = finetune_run(SEVEN).id
    assert "Waiting: one run is before yours." in status(app.run())


def test_the_taught_network_answers_and_says_what_it_gained_and_lost(pen) -> None:
    pen(EXAMPLES["8"])
    app = opened(draw_page)
    app.button(key="tell_8").click().run()
    app.button(key="teach").click().run()
    run = the_finetune_run(app)
    taught(run)
    app.run()
    before = checkpoint.read_card(checkpoint.WEIGHTS_DIR / "mnist").figures["class_acc"]
    assert session_of(app).link.network == run.id == app.query_params["net"]
    assert parse_strokes(app.query_params["s"]) == EXAMPLES["8"]  # the drawing stays
    choice = app.selectbox[0]
    assert choice.options[choice.index] == "Your handwriting (1 example)"
    said = words(app)
    assert f"<th>Before</th><td>1 of 1</td><td>{100 * before:.2f} %</td>" in said
    assert f"<th>Taught</th><td>1 of 1</td><td>{100 * before - 0.04:.2f} %</td>" in said
    assert "−0.04 points" in said
    assert app.button(key="teach").disabled  # it has learned just these


def test_more_examples_are_taught_from_the_same_start(pen) -> None:
    first = finetune_run(THREE)
    taught(first)
    pen(EXAMPLES["7"])
    app = opened(draw_page, net=first.id)
    app.button(key="tell_7").click().run()
    app.button(key="teach").click().run()
    assert the_finetune_run(app).finetune_job() == FinetuneJob("mnist", [THREE, SEVEN])


def test_a_finetune_run_that_failed_is_one_sentence_and_keeps_the_examples(pen) -> None:
    pen(EXAMPLES["8"])
    app = opened(draw_page)
    app.button(key="tell_5").click().run()
    app.button(key="teach").click().run()
    the_finetune_run(app).set_state(State("failed", "The training went wrong. Teach it again."))
    app.run()
    assert [warning.value for warning in app.warning] == [
        "The training went wrong. Teach it again. Your examples are kept."
    ]
    assert told(app) == [(5, EXAMPLES["8"])]
    assert not app.button(key="teach").disabled
    assert session_of(app).link.network == "mnist"


def test_a_finetune_run_that_cannot_be_written_is_one_sentence(pen, monkeypatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    app = opened(draw_page)
    session_of(app).examples = [THREE]
    monkeypatch.setattr(queue, "create_run", full)
    app.run().button(key="teach").click().run()
    assert "(No space left on device). Try again later." in app.error[0].value
    assert told(app) == [(3, EXAMPLES["3"])]


def test_a_link_to_a_taught_network_brings_its_examples(pen) -> None:
    run = finetune_run(THREE, SEVEN)
    taught(run)
    app = opened(draw_page, net=run.id)
    assert session_of(app).examples == [THREE, SEVEN]
    assert "2 of 2" in words(app)


def test_a_taught_network_whose_start_is_gone_has_nothing_to_be_compared_with(pen) -> None:
    run = finetune_run(SEVEN, base="0123456789abcdef")
    taught(run)
    app = opened(draw_page, net=run.id)
    assert "Before" not in words(app)
    app.button(key="remove_1").click().run()
    session_of(app).examples = [THREE]
    app.run().button(key="teach").click().run()
    assert app.error[0].value == "That network is no longer kept here."
    assert told(app) == [(3, EXAMPLES["3"])]


def test_damaged_examples_are_none(pen) -> None:
    run = finetune_run(SEVEN)
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
    taught(the_finetune_run(one))
    other = opened(draw_page)
    assert told(other) == []
    assert len(other.selectbox[0].options) == len(checkpoint.shipped_names())


def test_examples_are_loaded_from_a_file_beside_those_that_are_there(pen) -> None:
    app = opened(draw_page)
    session_of(app).examples = [HandExample(1, EXAMPLES["7"])]
    app.run()
    app.file_uploader[0].set_value(
        ("hand.jsonl", finetune.dump_examples([THREE, SEVEN]).encode(), "")
    ).run()
    assert told(app) == [(3, EXAMPLES["3"]), (7, EXAMPLES["7"])]
    assert app.file_uploader[0].value is None  # ready for another


def test_a_file_that_notepad_has_saved_is_read(pen) -> None:
    app = opened(draw_page)
    text = finetune.dump_examples([THREE]).replace("\n", "\r\n") + "\r\n"
    app.file_uploader[0].set_value(("hand.jsonl", text.encode("utf-8-sig"), "")).run()
    assert told(app) == [(3, EXAMPLES["3"])]


def test_a_file_with_nothing_in_it_says_what_to_do(pen) -> None:
    app = opened(draw_page)
    app.file_uploader[0].set_value(("hand.jsonl", b"\n", "")).run()
    said = [warning.value for warning in app.warning]
    assert said == ["The file has no examples. Choose another file."]


@pytest.mark.parametrize("content", [b"no json", b"\xff\xfe", b"{}\n" * 101])
def test_a_file_without_examples_is_one_sentence_and_nothing_is_lost(pen, content: bytes) -> None:
    app = opened(draw_page)
    session_of(app).examples = [SEVEN]
    app.run().file_uploader[0].set_value(("hand.jsonl", content, "")).run()
    assert len(app.warning) == 1
    assert app.warning[0].value.endswith("Choose another file.")
    assert session_of(app).examples == [SEVEN]


def test_one_example_too_many_is_one_sentence(pen, monkeypatch) -> None:
    monkeypatch.setattr("views.draw.teaching.LIMITS", replace(LIMITS, examples=2))
    pen(EXAMPLES["8"])
    app = opened(draw_page)
    session_of(app).examples = [THREE, SEVEN]
    app.run().button(key="tell_8").click().run()
    assert [warning.value for warning in app.warning] == [
        "That would be 3 examples; the limit is 2."
    ]
    assert session_of(app).examples == [THREE, SEVEN]
