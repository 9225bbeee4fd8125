"""Sharing, as the pages do it: what a link carries, what it leaves out and locks, and what happens
when a run that it names is gone."""

import re
import shutil
from urllib.parse import unquote

import pytest
from streamlit.testing.v1 import AppTest

from core.data.drawing import Strokes
from core.recipes.presets import PRESETS
from core.recipes.settings import SETTINGS
from core.runs.queue import create_run
from core.runs.run import Run, find_run, runs_dir
from tests.support.pages import (
    PAGES,
    TIMEOUT,
    draw_page,
    explain_page,
    finished,
    opened,
    session_of,
    train_page,
    words,
)
from views.frame.code import code_tag
from views.frame.share import PART_LABELS
from views.input.sources import EXAMPLES
from views.session.address import absolute_link, shared_link
from views.session.canvas_state import CanvasState
from views.session.link import HIDEABLE, LOCKABLE, Link, format_strokes, parse_link
from views.session.session import Session, st

GONE = "0123456789abcdef"
QUICK = PRESETS["quick"].recipe


def shared(page: str, **query: str) -> tuple[AppTest, str]:
    """A page with Share open, and the link that it gives."""
    app = AppTest.from_function(PAGES[page], default_timeout=TIMEOUT)
    for name, value in query.items():
        app.query_params[name] = value
    app.session_state["share"] = True
    app.run()
    assert not app.exception
    return app, app.code[0].value


def widget_keys(app: AppTest) -> set[str]:
    kinds = (app.button, app.radio, app.select_slider, app.slider, app.number_input, app.selectbox)
    return {widget.key for kind in kinds for widget in kind} | {w.key for w in app.multiselect}


@pytest.mark.parametrize("page", PAGES)
def test_every_page_shares_what_it_shows(page, pen, panel) -> None:
    pen(EXAMPLES["3"])
    app, address = shared(page)
    assert address.partition("?")[2] == "&".join(f"{k}={v}" for k, v in app.query_params.items())
    assert 'alt="QR code of the link"' in words(app)


@pytest.mark.parametrize(
    ("url", "page", "address"),
    [
        ("https://sums.example.org", "", "https://sums.example.org/?n=3&v=1"),
        ("https://sums.example.org/", "", "https://sums.example.org/?n=3&v=1"),
        ("https://example.org/sums/", "", "https://example.org/sums/?n=3&v=1"),
        ("http://10.0.0.7:8501/train", "train", "http://10.0.0.7:8501/train?n=3&v=1"),
        ("https://example.org/a/train", "train", "https://example.org/a/train?n=3&v=1"),
    ],
)
def test_the_address_is_absolute(url, page, address, monkeypatch) -> None:
    class Context:
        pass

    context = Context()
    context.url = url
    monkeypatch.setattr(st, "context", context)
    assert absolute_link(Link(addend=3), page) == address


def test_the_qr_code_is_the_link_and_dark_on_light() -> None:
    one, other = (code_tag(f"https://sums.example.org/?n={n}") for n in (3, 4))
    assert one != other
    drawn = unquote(one)
    assert 'fill="#fff"' in drawn.replace("'", '"').replace("&#x27;", '"')
    assert 'stroke="#000"' in drawn.replace("'", '"').replace("&#x27;", '"')


def test_a_very_long_drawing_is_said_to_be_rougher(pen, panel) -> None:
    wild = (tuple((float(i * 37 % 280), float(i * 53 % 280)) for i in range(700)),)
    pen(wild)
    app, address = shared("draw")
    assert any("carries a rougher one" in caption.value for caption in app.caption)
    assert len(address) < 2_000


# --- for a class


@pytest.mark.parametrize("page", PAGES)
def test_everything_can_be_left_out_of_every_page(page, pen) -> None:
    pen(EXAMPLES["3"])
    app = opened(PAGES[page], hide=".".join(HIDEABLE), lock=".".join(LOCKABLE))
    left = {key for key in widget_keys(app) if key}
    assert not left & {"source", "example_3", "roll", "teach", "bug", "tell_3"}
    assert not {key for key in left if key.startswith(("setting_", "addend_", "network_"))}
    assert app.query_params["hide"] == ".".join(HIDEABLE)  # a reload is the same class


@pytest.mark.parametrize("name", SETTINGS)
def test_a_setting_is_locked_or_left_out_and_keeps_the_value_of_the_link(name) -> None:
    value = {
        "dataset": "fashion-mnist",
        "fusion": "pixels",
        "sum_head": "classification",
        "start": "shipped",
    }.get(name, "1")
    value = "500" if name == "images" else value
    value = "16" if name in ("batch_size", "width") else "0.5" if name == "dropout" else value
    for how in ("hide", "lock"):
        app = opened(train_page, **{name: value, how: name})
        assert not {key for key in widget_keys(app) if key and key.startswith(f"setting_{name}")}
        shown = f"<dt>{SETTINGS[name].label}</dt>" in words(app)
        assert (shown, "Set by your teacher" in words(app)) == (how == "lock", how == "lock")
        app.button(key="train_start").click().run()
        run = find_run(runs_dir(), session_of(app).link.run)
        assert run
        assert str(run.recipe()[1].settings()[name]) in (value, f"{value}.0")
        shutil.rmtree(run.path)


@pytest.mark.parametrize(
    ("lock", "query", "shown"),
    [
        ("lr", {"lr": "0.3"}, "<dt>Learning rate</dt><dd>0.3</dd>"),
        ("epochs", {"epochs": "3"}, "<dt>Epochs</dt><dd>3</dd>"),
        ("dataset", {"dataset": "fashion-mnist"}, "<dd>Fashion-MNIST garments</dd>"),
        ("bug", {"bug": "relu"}, "<dt>Published bug</dt><dd>ReLU on the logits</dd>"),
    ],
)
def test_what_a_link_fixes_is_shown_with_its_value(lock, query, shown, pen) -> None:
    assert shown in words(opened(train_page, lock=lock, **query))


def test_a_locked_number_stays_what_it_is(pen) -> None:
    app = opened(draw_page, n="4", lock="number.network")
    assert all(app.button(key=f"addend_{number}").disabled for number in range(10))
    assert app.button(key="roll").disabled
    assert "Set by your teacher" in words(app)
    assert app.selectbox(key="network_mnist").disabled


def test_a_locked_number_stays_on_every_page(pen) -> None:
    assert opened(explain_page, lock="number").button(key="explain_roll").disabled
    assert "explain_roll" not in widget_keys(opened(explain_page, hide="number"))


@pytest.mark.parametrize("page", ["train", "compare"])
def test_the_drawing_is_in_the_address_of_every_page(page, pen) -> None:
    """A reload there, or a look at it from elsewhere, loses nothing."""
    drawn = {"v": "1", "n": "3", "s": format_strokes(EXAMPLES["8"])}
    assert drawn.items() <= dict(opened(PAGES[page], **drawn).query_params).items()


def test_a_locked_bug_is_shown(pen) -> None:
    assert not opened(train_page, lock="bug", bug="relu").selectbox
    app = opened(train_page, hide="bug", bug="relu")
    assert not app.selectbox
    assert app.query_params["bug"] == "relu"


def test_share_makes_a_link_for_a_class_and_changes_nothing_here(pen, panel) -> None:
    app, _ = shared("train")
    app.multiselect(key="share_hide").set_value(["files", "bug"])
    app.multiselect(key="share_lock").set_value(["lr"]).run()
    query = app.code[0].value.partition("?")[2]
    assert query == "hide=bug.files&lock=lr&v=1"
    assert "hide" not in app.query_params
    assert not app.select_slider(key="setting_lr").disabled


def test_every_part_and_control_has_words() -> None:
    assert set(PART_LABELS) == {*HIDEABLE, *LOCKABLE}


# --- runs that are gone


CHOSEN = {"v": "1", "bug": "relu", "epochs": "2", "width": "8", "seed": "42"}


def trained(query: dict[str, str]) -> Run:
    asked = parse_link(query)
    recipe = QUICK.change(asked.settings).with_bug(asked.bug)
    run = create_run(runs_dir(), "quick", recipe)
    finished(run, recipe)
    return run


def test_a_link_to_a_run_carries_its_recipe_not_the_next_one() -> None:
    run = trained(CHOSEN)
    app = opened(train_page, run=run.id, lr="0.5")
    assert dict(app.query_params) == CHOSEN | {"run": run.id}


@pytest.mark.parametrize("page", ["draw", "explain"])
def test_a_link_to_a_network_carries_its_recipe(page, pen) -> None:
    run = trained(CHOSEN)
    assert dict(opened(PAGES[page], net=run.id).query_params) == CHOSEN | {"net": run.id}


def test_a_run_that_is_gone_is_trained_again_from_its_link() -> None:
    app = opened(train_page, **CHOSEN, run=GONE)
    assert "This run is no longer kept here" in words(app)
    assert dict(app.query_params) == CHOSEN | {"run": GONE}  # a reload offers it again
    assert app.button(key="train_start").label == "Train again"
    app.button(key="train_start").click().run()
    run = find_run(runs_dir(), session_of(app).link.run)
    assert run
    assert run.recipe() == (
        "quick",
        QUICK.change({"epochs": 2, "width": 8, "seed": 42}).with_bug("relu"),
    )


def test_a_network_that_is_gone_is_offered_to_be_trained_again(pen) -> None:
    app = opened(draw_page, **CHOSEN, net=GONE)
    assert "no longer kept here. The shipped network answers instead." in app.warning[0].value
    app.button(key="addend_9").click().run()
    assert app.button(key="again")  # it stays until something is done about it
    assert dict(app.query_params) == CHOSEN | {"net": GONE, "n": "9"}
    app.selectbox(key="network_mnist").set_value("fashion-late").run()
    assert not app.warning
    assert app.query_params["net"] == "fashion-late"


def test_a_network_that_no_settings_can_make_again_is_linked_by_its_name_alone(pen) -> None:
    run = create_run(runs_dir(), "mnist", PRESETS["mnist"].recipe)
    finished(run)
    assert dict(opened(draw_page, net=run.id).query_params) == {"v": "1", "net": run.id}


def test_a_shown_drawing_is_shared_as_it_is(pen, panel) -> None:
    strokes: Strokes = EXAMPLES["8"]
    pen(strokes)
    _, address = shared("draw", n="2")
    assert parse_link(dict(re.findall(r"(\w+)=([^&]+)", address))) == Link(2, strokes)


@pytest.mark.parametrize(
    ("source", "strokes", "picture"),
    [("draw", True, None), ("test", False, 13), ("upload", False, None), ("camera", False, None)],
)
def test_a_link_carries_the_picture_that_is_shown_and_no_other(source, strokes, picture) -> None:
    canvas = CanvasState().show(EXAMPLES["3"])
    link = shared_link(Session(Link(), canvas, source=source, picture=13))
    assert (link.strokes == EXAMPLES["3"], link.strokes == ()) == (strokes, not strokes)
    assert link.picture == picture
