"""The Draw page: what it answers, with which network, and what it says where it cannot."""

from pathlib import Path

import pytest

from core.dataset import Data
from core.recipes.presets import PRESETS
from core.runs.queue import create_run
from core.runs.run import runs_dir
from core.storage import checkpoint
from tests.support.pages import draw_page, finished, opened, session_of, train_page, words
from views.draw import page
from views.input.sources import EXAMPLES
from views.session import networks
from views.session.link import parse_strokes


def test_an_empty_canvas_is_not_answered(pen) -> None:
    said = words(opened(draw_page))
    assert "Draw a digit" in said
    assert "sure" not in said


def test_a_drawing_is_answered_by_both_heads(pen) -> None:
    pen(EXAMPLES["3"])
    said = words(opened(draw_page, n="4"))
    assert "the sum fits the digit" in said
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


def test_a_network_for_garments_speaks_of_garments(pen, data: Data, monkeypatch) -> None:
    recipe = PRESETS["quick"].recipe.change({"dataset": "fashion-mnist", "width": 4})
    run = create_run(runs_dir(), "quick", recipe)
    finished(run, recipe)
    monkeypatch.setattr(networks, "test_split", lambda name: data.test)
    invited = words(opened(draw_page, net=run.id))
    assert "Draw a garment" in invited
    assert "Draw a garment. One network reads it, and adds 7 to its number." in invited
    assert "digit" not in invited
    said = words(opened(draw_page, net=run.id, t="7", n="3"))
    assert "Test image 7 of Fashion-MNIST" in said
    assert "this is a Sneaker (7), and 7 + 3 = 10." in said


def test_a_second_visitor_is_answered_by_the_shipped_network(pen, left_for) -> None:
    run = create_run(runs_dir(), "quick", PRESETS["quick"].recipe)
    finished(run)
    opened(train_page, run=run.id).button(key="use_network").click().run()
    assert session_of(opened(draw_page)).link.network == networks.DEFAULT_NETWORK


def test_networks_are_called_as_on_the_compare_page(pen) -> None:
    made = [create_run(runs_dir(), "quick", PRESETS["quick"].recipe) for _ in range(3)]
    for run in made[::2]:
        finished(run)  # the one between has no network yet
    app = opened(draw_page, net=made[2].id)
    session_of(app).own_runs = [run.id for run in made]
    assert app.run().selectbox[0].options[-2:] == [
        "Mine: usual settings, 99.6 %",
        "Mine: usual settings, 99.6 % #2",
    ]


def test_the_dice_give_any_number_but_the_one_that_is_there(pen, monkeypatch) -> None:
    offered: list[list[int]] = []
    monkeypatch.setattr(page.random, "choice", lambda some: offered.append(some) or some[0])
    app = opened(draw_page, n="4")
    app.button(key="roll").click().run()
    assert offered == [[0, 1, 2, 3, 5, 6, 7, 8, 9]]
    assert session_of(app).link.addend == 0


def test_the_number_that_is_added_stands_out_and_no_key_is_heard_everywhere(pen) -> None:
    app = opened(draw_page, n="4")
    buttons = [app.button(key=f"addend_{number}").proto for number in range(10)]
    assert [button.label for button in buttons if button.type == "primary"] == ["4"]
    # pen.js and head.js hear keys where they are meant
    assert not any(button.proto.shortcut for button in app.button)


def test_undo_and_clear_are_there_when_they_do_something(pen) -> None:
    app = opened(draw_page)
    assert app.button(key="undo").disabled and app.button(key="clear").disabled
    pen(EXAMPLES["3"])
    app.run()
    assert not app.button(key="undo").disabled and not app.button(key="clear").disabled


def test_another_network_can_be_chosen_and_answers(pen) -> None:
    pen(EXAMPLES["3"])
    app = opened(draw_page)
    session_of(app).gone_network = "0123456789abcdef"
    app.selectbox[0].set_value("fashion-late").run()
    assert session_of(app).link.network == app.query_params["net"] == "fashion-late"
    assert session_of(app).gone_network == ""
    assert app.selectbox[0].value == "fashion-late"
    assert "garment" in words(app)


def test_a_network_that_is_gone_is_said_and_can_be_trained_again(pen, left_for) -> None:
    app = opened(draw_page, net="0123456789abcdef")
    assert [warning.value for warning in app.warning] == [
        "That network is no longer kept here. The shipped network answers instead."
    ]
    app.button(key="again").click().run()
    assert left_for == ["train"]


@pytest.mark.parametrize(
    ("query", "shown"), [({}, True), ({"hide": "number"}, False), ({"lock": "number"}, True)]
)
def test_the_keys_are_named_where_they_work(pen, query, shown) -> None:
    app = opened(draw_page, **query)
    assert ("Number to add" in words(app)) is shown
    assert ("keys 0 to 9" in words(app)) is (query == {})
    if shown:
        locked = bool(query)
        assert app.button(key="roll").disabled is app.button(key="addend_3").disabled is locked


def test_where_teaching_is_hidden_nothing_asks_for_a_label(pen) -> None:
    pen(EXAMPLES["3"])
    app = opened(draw_page, hide="teach")
    assert "tell_3" not in {button.key for button in app.button}
    assert "your handwriting" not in words(app)
