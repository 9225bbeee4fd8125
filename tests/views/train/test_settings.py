"""The settings of the next run: their controls, their bounds, and the bug that is put in."""

import math

import pytest

from core.recipes.presets import PRESETS
from core.recipes.settings import SETTINGS, Number
from tests.support.pages import opened, session_of, the_run, train_page, words
from views.session.link import DEFAULT_SETTINGS
from views.train import settings

QUICK = PRESETS["quick"].recipe


def test_data_set_fusion_and_sum_head_are_chosen_in_words() -> None:
    app = opened(train_page)
    settings = [radio for radio in app.radio if str(radio.key).startswith("setting_")]
    assert {radio.label: radio.options for radio in settings} == {
        "Data set": ["MNIST digits", "Fashion-MNIST garments"],
        "Fusion: where the number goes in": [
            "late: after reading (easy)",
            "pixels: into the picture (hard)",
        ],
        "Sum head": ["one value", "19 classes"],
        "Start from": ["nothing: it learns everything", "the shipped encoder: for few pictures"],
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
    assert session_of(app).link.settings["sum_weight"] == 0.1


def test_moving_a_slider_is_not_forgotten_when_the_sum_head_changes() -> None:
    app = opened(train_page)
    app.select_slider(key="setting_width").set_value(4)
    app.radio(key="setting_sum_head").set_value("classification").run()
    assert session_of(app).link.settings["width"] == 4


def test_a_bug_says_what_it_comes_with() -> None:
    app = opened(train_page, bug="shared-softmax")
    said = " ".join(caption.value for caption in app.caption)
    assert (
        "Whatever you choose above, this run gets sum as 19 classes and weight of the sum 1."
        in said
    )
    app.button(key="train_start").click().run()
    recipe = the_run(app).recipe()[1]
    assert (recipe.model.sum_head, recipe.train.sum_weight) == ("classification", 1.0)


def test_a_link_brings_its_bug() -> None:
    app = opened(train_page, bug="broadcast")
    assert app.selectbox(key="bug").value == "broadcast"
    app.button(key="train_start").click().run()
    assert the_run(app).recipe()[1].bug.name == "broadcast"
    assert app.query_params["bug"] == "broadcast"


def test_it_learns_from_as_many_images_as_are_chosen() -> None:
    for images in ("500", "50000"):
        said = words(opened(train_page, images=images))
        assert f"The network learns from {int(images):,} images while" in said


def test_a_link_brings_its_recipe() -> None:
    app = opened(train_page, lr="0.3", width="8", epochs="1000", dropout="nan", seed="1e9")
    chosen = session_of(app).link.settings
    assert chosen == DEFAULT_SETTINGS | {"lr": 0.3, "width": 8, "seed": 1_000_000_000}
    assert app.select_slider(key="setting_width").value == 8


@pytest.mark.parametrize("junk", [10**15, -(10**15), math.nan, math.inf])
def test_a_number_beyond_its_bounds_is_not_believed(junk):
    app = opened(train_page)
    app.slider(key="setting_dropout").set_value(junk)
    app.slider(key="setting_augment").set_value(junk)
    app.button(key="train_start").click().run()
    assert not app.exception and not app.error
    recipe = the_run(app).recipe()[1]
    assert (recipe.model.dropout, recipe.train.augment) == (0.0, 0.0)


def test_whatever_a_control_returns_the_session_is_within_bounds(monkeypatch):
    monkeypatch.setattr(settings, "_number", lambda *_: 1e10)
    link = session_of(opened(train_page)).link
    numbers = {name: each for name, each in SETTINGS.items() if isinstance(each, Number)}
    assert {name: link.settings[name] for name in numbers} == {
        name: each.high for name, each in numbers.items()
    }


@pytest.mark.parametrize("head", ["regression", "classification"])
def test_a_weight_that_is_hidden_follows_the_head_too(head: str) -> None:
    app = opened(train_page, hide="sum_weight")
    app.radio(key="setting_sum_head").set_value(head).run()
    weight = {"regression": 0.003, "classification": 1.0}[head]
    assert session_of(app).link.settings["sum_weight"] == weight


def test_a_value_between_the_ticks_of_a_link_is_one_of_them() -> None:
    slider = opened(train_page, lr="0.07").select_slider(key="setting_lr")
    assert slider.value == 0.07
    assert slider.options == sorted(slider.options, key=float)


def test_a_fixed_setting_has_no_control_and_what_is_free_stands_open() -> None:
    app = opened(train_page, lock="lr.fusion.seed.bug")
    shown = (*app.select_slider, *app.radio, *app.number_input, *app.selectbox)
    keys = {each.key for each in shown}
    assert not keys & {"setting_lr", "setting_fusion", "setting_seed", "bug"}
    assert {"setting_width", "setting_dataset"} <= keys
    assert not app.expander  # nothing that the class is to try is folded away


def test_the_choice_of_a_bug_is_open_where_there_is_one() -> None:
    def folded(**query: str) -> dict[str, bool]:
        """Is each part open, by its label?"""
        found = opened(train_page, **query).expander
        return {each.label: each.proto.expanded for each in found}

    assert folded() == {
        "More settings": False,
        "Break it on purpose": False,
        "Race two networks": False,
    }
    assert folded(bug="relu")["Break it on purpose"]
    assert "Break it on purpose" not in folded(hide="bug")


def test_a_chosen_bug_is_told_as_the_line_that_is_wrong_and_the_right_one() -> None:
    assert not opened(train_page).code
    (shown,) = opened(train_page, bug="softmax").code
    assert [line[:2] for line in shown.value.splitlines()] == ["- ", "+ "]
    assert "class_logits.softmax(1), batch.labels" in shown.value.splitlines()[0]
