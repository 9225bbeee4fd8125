"""A run while it lives: its end and its learning rate, and what the page says of that later."""

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import SelectSlider

from core.recipes.presets import PRESETS
from core.runs.control import ControlFile, read_control, write_control
from core.runs.queue import create_run
from core.runs.run import Run, State, runs_dir
from tests.conftest import record
from tests.support.pages import finished, opened, train_page, words
from views.session import jobs


def training() -> Run:
    run = create_run(runs_dir(), "quick", PRESETS["quick"].recipe)
    run.append(record(10))
    run.set_state(State("training"))
    return run


def test_stop_asks_the_run_to_stop_once() -> None:
    run = training()
    app = opened(train_page, run=run.id)
    app.button(key="train_stop").click().run()
    assert run.stop_requested()
    assert app.button(key="train_stop").disabled


def test_one_step_of_a_paused_run_is_one_step() -> None:
    run = training()
    app = opened(train_page, run=run.id)
    assert app.button(key="train_step").disabled  # as long as it goes on by itself
    app.button(key="train_pause").click().run()
    assert read_control(run.path).should_pause(step=0)
    run.set_state(State("paused"))
    app.run().button(key="train_step").click().run()
    control = read_control(run.path)
    assert (control.should_pause(step=10), control.should_pause(step=11)) == (False, True)
    app.button(key="train_pause").click().run()
    assert not read_control(run.path).should_pause(step=1_000)


def test_the_rate_that_another_tab_asked_for_is_shown() -> None:
    run = training()
    app = opened(train_page, run=run.id)
    for rate in (0.5, 0.123):
        write_control(run.path, ControlFile(lr=rate))
        assert slider(app.run()).value == rate
    key = slider(app).key
    slider(app).set_value(0.05).run()
    assert read_control(run.path).lr == slider(app.run()).value == 0.05
    assert slider(app).key == key  # who moves it keeps it


def test_the_rate_of_the_recipe_can_be_taken_again_whatever_it_is() -> None:
    run = create_run(runs_dir(), "quick", PRESETS["quick"].recipe.change({"lr": 0.123}))
    run.append(record(10))
    run.set_state(State("training"))
    write_control(run.path, ControlFile(lr=0.5))
    offered = slider(opened(train_page, run=run.id)).options
    assert {"0.123", "0.5"} <= set(offered)


def test_a_rate_that_cannot_be_asked_for_is_not_shown(monkeypatch) -> None:
    app = opened(train_page, run=training().id)
    monkeypatch.setattr(jobs.control, "change_control", lambda *_, **__: full())
    usual = slider(app).value
    slider(app).set_value(0.05).run()
    assert slider(app).value == usual


def slider(app: AppTest) -> SelectSlider:
    (found,) = [each for each in app.select_slider if each.label == "Change the learning rate now"]
    return found


def full() -> None:
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize(
    ("rate", "said"), [(0.5, "in training, from 0.2 to 0.5:"), (0.2, "and set back to 0.2:")]
)
def test_a_rate_that_was_changed_in_training_is_told(rate: float, said: str) -> None:
    run = create_run(runs_dir(), "quick", PRESETS["quick"].recipe.change({"lr": 0.2}))
    finished(run)
    write_control(run.path, ControlFile(lr=rate))
    assert said in words(opened(train_page, run=run.id))
