"""The Compare page: its table, and which networks and which view it shows."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.recipes.recipe import Recipe
from core.runs.run import State
from core.specs import OwnData, own_spec
from core.storage import bundle, checkpoint
from tests.support.pages import (
    compare_page,
    keys,
    opened,
    session_of,
    words,
)
from tests.views.compare.conftest import QUICK, look, made
from views.compare.charts import MAX_TOLD_APART
from views.compare.page import _dataset_words, _early_stop
from views.compare.panels import PANEL_TITLES
from views.session import jobs, networks
from views.session.link import COMPARE_VIEWS, MAX_COMPARED
from views.ui.table import percent


def rows(app: AppTest) -> dict[str, list[str]]:
    """The table as it is read: the figures by the name of the network."""
    html = next(part.proto.body for part in app.get("html") if "<table" in part.proto.body)
    found = {}
    for line in re.findall("<tr.*?</tr>", html)[1:]:
        name, note, *figures = [
            text for text in re.split("<.*?>", line) if text and text not in ("★",)
        ]
        found[f"{name} ({note})"] = figures
    return found


def test_published_shipped_and_own_networks_stand_in_one_table(run) -> None:
    figures = rows(opened(compare_page, run=run.id))
    assert list(figures) == [
        "Network A (MNIST, published)",
        "Digits (our best, 99.6 %) (MNIST, shipped)",
        "Shared: width 4, seed 3, 50.0 % (MNIST, from a link)",
        "Network B1 (Fashion-MNIST, published)",
        "Network B2 (Fashion-MNIST, published)",
    ]
    card = checkpoint.read_card(checkpoint.WEIGHTS_DIR / "mnist")
    assert figures["Digits (our best, 99.6 %) (MNIST, shipped)"] == [
        *(percent(card.figures[name]) for name in ("class_acc", "sum_acc", "joint_acc")),
        f"{card.figures['sum_r2']:.4f}",
        f"{card.figures['sum_mae']:.3f}",
        f"{card.parameters:,}",
        f"{card.train_seconds:,.0f} s",
    ]
    unknown = "not given"
    assert figures["Network A (MNIST, published)"] == [
        *("98.59 %", unknown, unknown, "0.2869"),
        *[unknown] * 3,
    ]


def test_ones_own_run_is_looked_at_and_called_ones_own(run) -> None:
    app = opened(compare_page)
    assert app.multiselect[0].value == ["mnist"]
    session_of(app).own_runs.append(run.id)
    app.run()
    assert app.multiselect[0].value == ["mnist", run.id]
    assert "Mine: width 4, seed 3, 50.0 % (MNIST, yours)" in rows(app)


def test_an_early_stop_is_said(run) -> None:
    model, card = checkpoint.load(run.checkpoint)
    checkpoint.save(run.checkpoint, model, replace(card, epochs=0.52))
    assert any(
        "stopped after 0.52 epochs" in name for name in rows(opened(compare_page, run=run.id))
    )


@pytest.mark.parametrize(
    ("settings", "bug", "title"),
    [
        ({}, "broadcast", ", broken: Squared error of all pairs, width 4, 50.0 %"),
        ({}, "shared-softmax", ", broken: One softmax across both heads, width 4, 50.0 %"),
        ({"fusion": "pixels"}, "", ": pixel fusion, width 4, 50.0 %"),
        ({"sum_head": "classification"}, "", ": sum as 19 classes, width 4, 50.0 %"),
        (
            {"sum_head": "classification", "sum_weight": 0.1, "fusion": "pixels", "lr": 0.1},
            "relu",
            ", broken: ReLU on the logits, pixel fusion, sum as 19 classes, learning rate 0.1, "
            "2 more, 50.0 %",
        ),
    ],
)
def test_a_network_is_called_by_what_it_is(settings, bug: str, title: str) -> None:
    recipe = QUICK.change({"width": 4, **settings}).with_bug(bug)
    run = made(recipe.build(), recipe)
    assert f"Shared{title} (MNIST, from a link)" in rows(opened(compare_page, run=run.id))


def test_a_run_on_garments_stands_among_the_garments() -> None:
    recipe = QUICK.change({"dataset": "fashion-mnist", "width": 4})
    run = made(recipe.build(), recipe)
    app = opened(compare_page, run=run.id)
    assert list(rows(app))[2:] == [
        "Network B1 (Fashion-MNIST, published)",
        "Network B2 (Fashion-MNIST, published)",
        "Shared: garments, width 4, 50.0 % (Fashion-MNIST, from a link)",
    ]
    assert app.multiselect[0].options == [
        "Digits (our best, 99.6 %)",
        "Shared: garments, width 4, 50.0 %",
    ]
    assert app.multiselect[0].value == [run.id]  # the newest, and what has the same data set


def test_a_link_opens_the_same_comparison(run) -> None:
    app = opened(compare_page)
    session_of(app).own_runs.append(run.id)
    app.run()
    app.multiselect[0].set_value([run.id]).run()
    look(app, "Confusion")
    query = dict(app.query_params)
    assert query == {"v": "1", "c": run.id, "view": "confusion"}
    again = opened(compare_page, **query)
    assert again.multiselect[0].value == [run.id]
    assert again.button_group(key="compare_view_choice").value == "confusion"
    assert any("(MNIST, from a link" in name for name in rows(again))
    assert dict(again.query_params) == query


def test_a_network_of_a_link_can_be_chosen_again(trained) -> None:
    a, b = (made(trained, QUICK.change({"width": 4, "seed": seed})).id for seed in (1, 2))
    app = opened(compare_page, c=f"{a}.{b}")
    options = app.multiselect[0].options
    app.multiselect[0].set_value([b]).run()
    assert app.multiselect[0].options == options
    app.multiselect[0].set_value([a, b]).run()
    assert session_of(app).link.compared == (a, b)


def test_two_networks_that_are_the_same_have_numbers(trained) -> None:
    ids = [made(trained, QUICK.change({"width": 4})).id for _ in range(2)]
    for shown in (ids, ids[::-1]):
        names = list(rows(opened(compare_page, c=".".join(shown))))
        assert "Shared: width 4, 50.0 % (MNIST, from a link)" in names
        assert "Shared: width 4, 50.0 % #2 (MNIST, from a link)" in names


def test_the_picture_comes_first_and_says_who_gave_no_figure(run) -> None:
    said = words(opened(compare_page))
    assert said.index('<ul class="shares"') < said.index("<table")
    card = checkpoint.read_card(checkpoint.WEIGHTS_DIR / "mnist")
    share = card.figures["joint_acc"]
    assert f'width:{100 * share:.3f}%"></i></span><b>{percent(share)}</b>' in said
    assert 'Network A <span class="note">published</span></span><span class="note">gave no' in said


def test_pictures_of_one_s_own_have_the_name_that_was_given_to_them() -> None:
    mine = own_spec(OwnData("My pictures", ("a", "b"), "ink", 0.1, 0.3, "0" * 32))
    headings = [_dataset_words(name) for name in ("mnist", "fashion-mnist", mine.name)]
    assert headings == ["MNIST digits", "Fashion-MNIST garments", "My pictures"]


def test_who_has_no_network_is_invited_to_train_one(run, left_for) -> None:
    app = opened(compare_page)
    app.button(key="train_one").click().run()
    assert left_for == ["train"]
    assert "train_one" not in keys(opened(compare_page, run=run.id))
    assert "train_one" not in keys(opened(compare_page, hide="pages"))


@pytest.mark.parametrize("c", ["", "x", "../mnist", "0123456789abcdef", "fashion-late"])
def test_networks_that_are_not_here_leave_the_choice_to_the_page(c: str) -> None:
    app = opened(compare_page, c=c, view="nothing")
    assert app.multiselect[0].value == ["mnist"]
    assert app.button_group(key="compare_view_choice").value == "curves"


def test_a_new_run_is_looked_at_whatever_was_chosen_before() -> None:
    app = opened(compare_page, c="mnist")
    session = session_of(app)
    assert session.link.compared == ("mnist",)
    jobs.start_run(session)
    assert session.link.compared == ()


def test_the_address_and_the_page_know_the_same_views_and_as_many_networks() -> None:
    assert tuple(PANEL_TITLES) == COMPARE_VIEWS
    assert MAX_COMPARED == MAX_TOLD_APART


def test_without_any_network_the_published_ones_are_left(monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setattr(checkpoint, "WEIGHTS_DIR", tmp_path)
    app = opened(compare_page)
    assert [name[:10] for name in rows(app)] == ["Network A ", "Network B1", "Network B2"]
    assert "No network is here yet." in words(app)


def test_nothing_chosen_asks_for_a_choice() -> None:
    app = opened(compare_page)
    app.multiselect[0].set_value([]).run()
    assert not app.exception
    assert "Choose a network to compare." in words(app)


@pytest.mark.parametrize(
    ("epochs", "said"),
    [(0.25, "after 0.25 epochs"), (1.0, "after 1 epoch"), (2.0, "after 2 epochs")],
)
def test_a_run_that_was_stopped_says_when(epochs: float, said: str) -> None:
    card = checkpoint.read_card(checkpoint.WEIGHTS_DIR / "mnist")
    assert _early_stop(replace(card, epochs=epochs)) == [f"stopped {said}"]


@pytest.mark.parametrize("beyond", [0.0, 0.5])
def test_a_run_that_reached_its_end_was_not_stopped(beyond: float) -> None:
    card = checkpoint.read_card(checkpoint.WEIGHTS_DIR / "mnist")
    planned = Recipe.read(card.params).train.epochs
    assert _early_stop(replace(card, epochs=planned + beyond)) == []


def test_at_most_four_networks_are_compared_the_newest_first(trained) -> None:
    ids = [made(trained, QUICK.change({"width": 4, "seed": seed})).id for seed in range(5)]
    app = opened(compare_page)
    session_of(app).own_runs = ids
    app.run()
    assert app.multiselect[0].value == ["mnist", *ids[2:]]
    assert app.multiselect[0].proto.max_selections == 4


def test_runs_that_are_not_over_stand_in_no_table(run) -> None:
    run.set_state(State("training"))
    assert len(rows(opened(compare_page, run=run.id))) == 4


def test_an_uploaded_network_says_so(trained) -> None:
    app = opened(compare_page)
    session = session_of(app)
    networks.import_network(
        session, bundle.pack_bundle(*checkpoint.load(checkpoint.WEIGHTS_DIR / "mnist"))
    )
    assert "Upload: usual settings, 99.6 % (MNIST, yours, uploaded" in " ".join(rows(app.run()))


def test_the_link_carries_what_is_compared_and_how(run) -> None:
    app = opened(compare_page, run=run.id)
    app.multiselect[0].set_value(["mnist"]).run()
    look(app, "Sums")
    assert (session_of(app).link.compared, session_of(app).link.view) == (("mnist",), "sums")
    assert (app.query_params["c"], app.query_params["view"]) == ("mnist", "sums")
