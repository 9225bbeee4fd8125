"""Three presets with the time that they take here; what was changed can be taken back."""

import re

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Button

from core.collections.lesson_sets import LESSON_SETS
from core.forecast.speed import Speed, write_speed
from core.runs.run import runs_dir
from tests.support.pages import keys, opened, session_of, the_run, train_page, words
from views.session.link import DEFAULT_SETTINGS
from views.train.presets import TRAIN_PRESETS

MEASURED = Speed(narrow=40e-6, wide=160e-6, test=2.0)  # an epoch at width 16 takes 4 s


@pytest.fixture
def measured() -> None:
    runs_dir().mkdir(parents=True)
    write_speed(runs_dir(), MEASURED)


def preset(app: AppTest, name: str) -> Button:
    return app.button(key=f"preset_{name.lower()}")


def chosen(app: AppTest) -> str | None:
    """The preset that is marked, if one is."""
    marked = [name for name in TRAIN_PRESETS if "checked" in preset(app, name).proto.icon]
    assert len(marked) < 2
    return marked[0] if marked else None


def slider(app: AppTest, label: str):
    return next(slider for slider in app.select_slider if slider.label == label)


def captions(app: AppTest) -> list[str]:
    return [preset(app, name).label.partition("**, ")[2] for name in TRAIN_PRESETS]


def test_the_button_and_each_preset_say_how_long_it_takes_here(measured):
    app = opened(train_page)
    assert app.button(key="train_start").label == "Train (about 6 s)"
    assert captions(app) == [
        "about 6 s: sees each image once",
        "about 15 s: sees each image three times",
        "about 35 s: a wider network, five times",
    ]
    longer = opened(train_page, epochs="3")  # that is chosen now, not what is usual
    assert longer.button(key="train_start").label == "Train (about 15 s)"


def test_before_anything_was_measured_no_time_is_claimed():
    app = opened(train_page)
    assert app.button(key="train_start").label == "Train"
    assert captions(app) == [caption for _, caption in TRAIN_PRESETS.values()]


def test_of_small_data_sets_which_an_epoch_repeats_only_epochs_are_promised():
    app = opened(train_page, dataset=next(iter(LESSON_SETS)))
    assert captions(app) == ["1 epoch", "3 epochs", "a wider network, 5 epochs"]
    epochs = [int(re.findall(r"\d+", caption)[0]) for caption in captions(app)]
    assert epochs == [settings["epochs"] for settings, _ in TRAIN_PRESETS.values()]


def test_the_shipped_encoder_brings_its_width_so_none_is_offered_or_promised():
    app = opened(train_page, start="shipped", width="24")
    assert captions(app)[-1] == "five times"
    assert "Width" not in [slider.label for slider in app.select_slider]
    changed = next(each.value for each in app.caption if each.value.startswith("Changed"))
    assert "width" not in changed
    app = opened(train_page, width="24")
    assert "Width" in [slider.label for slider in app.select_slider]


def test_a_time_that_becomes_known_is_said_without_a_reload(measured):
    (runs_dir() / ".speed.json").unlink()
    app = opened(train_page)
    write_speed(runs_dir(), MEASURED)
    assert app.run().button(key="train_start").label == "Train (about 6 s)"


@pytest.mark.parametrize("name", TRAIN_PRESETS)
def test_a_preset_moves_the_sliders_and_is_trained_with(name):
    app = opened(train_page, lr="0.1")
    preset(app, name).click().run()
    settings, _ = TRAIN_PRESETS[name]
    assert slider(app, "Epochs").value == settings["epochs"]
    assert slider(app, "Width").value == settings["width"]
    app.button(key="train_start").click().run()
    assert the_run(app).recipe()[1].settings() == DEFAULT_SETTINGS | {"lr": 0.1} | settings


def test_other_settings_are_no_preset_and_coming_back_to_one_is():
    app = opened(train_page)
    assert chosen(app) == "Quick"
    app.select_slider(key="setting_epochs").set_value(2).run()
    app.run()
    assert chosen(app) is None
    app.select_slider(key="setting_epochs").set_value(3).run()
    app.run()
    assert chosen(app) == "Longer"


def test_back_to_usual_takes_back_every_setting_and_the_bug():
    app = opened(train_page, lr="0.05", seed="7", bug="relu", epochs="13", dataset="fashion-mnist")
    app.button(key="usual").click().run()
    assert session_of(app).link.settings == DEFAULT_SETTINGS
    assert session_of(app).link.bug == ""
    assert slider(app, "Learning rate").value == DEFAULT_SETTINGS["lr"]
    assert app.selectbox[0].value == ""
    app.run()
    assert "usual" not in keys(app)


def test_what_a_link_fixes_is_not_taken_back():
    app = opened(train_page, lr="30", seed="7", lock="lr")
    app.button(key="usual").click().run()
    assert session_of(app).link.settings == DEFAULT_SETTINGS | {"lr": 30.0}


@pytest.mark.parametrize("kept", [{"lock": "epochs"}, {"hide": "width"}])
def test_a_class_for_which_the_length_is_fixed_has_no_presets(kept):
    app = opened(train_page, **kept)
    assert "How long it may learn" not in words(app)


def test_while_it_trains_the_settings_are_away_and_the_run_says_what_it_is_made_of():
    app = opened(train_page, width="8")
    app.button(key="train_start").click().run()
    assert "setting_lr" not in [slider.key for slider in app.select_slider]
    assert "This run: width 8." in words(app)
    assert app.button(key="train_start").disabled
