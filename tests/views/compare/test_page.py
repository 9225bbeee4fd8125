"""The Compare page: its table, its charts, and what it does, without a browser."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.data import download
from core.model import SumNet
from core.recipes.presets import PRESETS
from core.recipes.published import PUBLISHED
from core.recipes.recipe import Recipe
from core.runs.queue import create_run
from core.runs.run import Run, State, runs_dir
from core.storage import checkpoint
from core.storage.history import history_file, write_history
from views.compare import charts
from views.compare.charts import HUES, MAX_TOLD_APART, Curve
from views.compare.page import _special
from views.compare.panels import PANEL_TITLES
from views.session import jobs, networks
from views.session.link import COMPARE_VIEWS, MAX_COMPARED
from views.ui.table import Row, best_rows, networks_table, percent
from views.ui.theme import DARK, LIGHT

QUICK = PRESETS["quick"].recipe
TIMEOUT = 60  # seconds for a page; it answers in less than one, a busy machine in some
LOOKS = [
    {
        "seconds": 3.0 * step,
        "step": step,
        "steps": 4,
        "epoch": 1,
        "images": step,
        "val_joint_acc": right,
    }
    for step, right in ((1, 0.5), (2, 0.9), (4, 0.99))
]


# --- the table


def row(dataset: str, **figures: float) -> Row:
    return Row("name", "kind", dataset, figures)


def test_the_best_of_a_column_is_the_best_of_its_data_set():
    rows = [
        row("MNIST", class_acc=0.98),
        row("MNIST", class_acc=0.99),
        row("Fashion-MNIST", class_acc=0.93),
        row("Fashion-MNIST", class_acc=0.94),
    ]
    assert best_rows(rows, "class_acc") == {1, 3}


@pytest.mark.parametrize("name", ["sum_mae", "parameters", "train_seconds"])
def test_of_errors_and_costs_less_is_better(name):
    assert best_rows([row("MNIST", **{name: value}) for value in (3.0, 1.0, 2.0)], name) == {1}


def test_what_was_not_given_is_no_competitor():
    rows = [row("MNIST", sum_r2=0.3), row("MNIST"), row("Fashion-MNIST", sum_r2=0.9)]
    assert best_rows(rows, "sum_r2") == set()
    assert best_rows([*rows, row("MNIST", sum_r2=0.3)], "sum_r2") == {0, 3}


def test_the_best_is_marked_by_a_sign_that_can_be_heard():
    html = networks_table([row("MNIST", sum_r2=0.3), row("MNIST", sum_r2=0.9)], "")
    assert re.findall(r"<b>(.*?)</b>(<span.*?</span>)", html) == [
        ("0.9000", '<span class="star" role="img" aria-label="best" '
         'title="Best of its data set">★</span>')
    ]  # fmt: skip


def test_names_in_the_table_are_only_text():
    html = networks_table([Row("<b>", "a & b", "<i>", {})], "<u>")
    assert "&lt;b&gt;" in html
    assert "&lt;i&gt;, a &amp; b" in html
    assert not re.search("<[biu]>", html)


@pytest.mark.parametrize(
    ("share", "said"), [(0.99634, "99.63 %"), (585 / 60_000, "0.975 %"), (0.0734, "7.34 %")]
)
def test_small_shares_keep_three_digits(share, said):
    assert percent(share) == said


def test_the_published_figures_are_the_published_ones():
    assert [(p.preset, p.dataset, p.figures) for p in PUBLISHED] == [
        ("mnist", "mnist", {"class_acc": 0.9859, "sum_r2": 0.2869}),
        ("fashion-late", "fashion-mnist", {"joint_acc": 0.00975}),
        ("fashion-pixels", "fashion-mnist", {"joint_acc": 0.0734}),
    ]


# --- the charts


def test_curves_show_what_is_wrong_over_epochs_or_seconds():
    curve = Curve("net", LOOKS, epochs=8)
    line = charts.learning_curves([curve], "val_joint_acc", "epochs", LIGHT).data[0]
    assert list(line.x) == [2, 4, 8]
    assert list(line.y) == pytest.approx([50, 10, 1])
    line = charts.learning_curves([curve], "val_joint_acc", "seconds", LIGHT).data[0]
    assert list(line.x) == [3, 6, 12]


def test_a_curve_without_any_mistake_stays_on_the_chart():
    perfect = [LOOKS[0] | {"val_joint_acc": 1.0}]
    figure = charts.learning_curves([Curve("net", perfect, 1)], "val_joint_acc", "epochs", LIGHT)
    assert 10 ** figure.layout.yaxis.range[0] <= figure.data[0].y[0]


@pytest.mark.parametrize("palette", [LIGHT, DARK])
def test_networks_differ_in_more_than_color_and_take_no_heads_color(palette):
    curves = [Curve(str(place), LOOKS, 1) for place in range(MAX_TOLD_APART)]
    lines = charts.learning_curves(curves, "val_joint_acc", "epochs", palette).data
    for looks in (
        {line.line.color for line in lines},
        {line.line.dash for line in lines},
        {line.marker.symbol for line in lines},
    ):
        assert len(looks) == MAX_TOLD_APART
    assert not {palette.class_head, palette.sum_head} & set(HUES[palette is DARK])


def test_only_confusions_are_colored():
    counts = [[8.0, 2.0], [0.5, 9.5]]
    heat = charts.confusion_matrix(counts, "01", 0.2, LIGHT).data[0]
    assert [list(row) for row in heat.z] == [[None, 0.2], [pytest.approx(0.05), None]]
    assert [list(row) for row in heat.text] == [["8", "2"], ["0.5", "9.5"]]
    assert heat.zmax == charts.worst_confusion(counts) == 0.2


def test_cells_without_an_image_stay_empty():
    heat = charts.sum_scatter([[0, 1], [100, 0]], [0.0, 1.0], LIGHT).data[0]
    assert [list(row) for row in heat.z] == [[None, 0.0], [2.0, None]]


def test_bins_of_few_images_are_faint_and_beside_the_line():
    bins = [(0.5, 0.0, 3), (0.8, 0.7, 40), (0.99, 0.98, 900)]
    _, line, few = charts.reliability_diagram(["net"], [bins], LIGHT).data
    assert list(line.x) == pytest.approx([80, 99])
    assert (list(few.x), few.mode, few.showlegend) == ([50], "markers", False)
    assert few.opacity < 0.5
    assert line.marker.size[1] > line.marker.size[0]


# --- the page


def compare_page() -> None:
    import streamlit as st

    from views.compare.page import show_compare

    st.text(f"wants to draw: {show_compare()}")


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs in a folder of this test, nobody who trains them, and the shipped weights of mnist."""

    class NoWorker:
        def ensure(self) -> None: ...

    weights = tmp_path / "weights"
    weights.mkdir()
    for suffix in (".safetensors", ".json"):
        (weights / f"mnist{suffix}").write_bytes(
            (checkpoint.WEIGHTS_DIR / f"mnist{suffix}").read_bytes()
        )
    monkeypatch.setattr(checkpoint, "WEIGHTS_DIR", weights)
    monkeypatch.setenv("SKETCH_SUM_RUNS", str(tmp_path / "runs"))
    monkeypatch.setattr(jobs, "worker", NoWorker)
    networks._cached_checkpoint.clear()


@pytest.fixture
def drawn(data, monkeypatch: pytest.MonkeyPatch) -> None:
    """The drawn data set in the place of MNIST."""
    monkeypatch.setattr(download, "is_present", lambda name: True)
    monkeypatch.setattr(networks, "_test_split", lambda name: data.test)
    networks._reading.clear()


def made(network: SumNet, recipe: Recipe) -> Run:
    """A finished run of a network, as if it had been trained by a recipe."""
    run = create_run(runs_dir(), "quick", recipe)
    _, shipped = checkpoint.load(checkpoint.WEIGHTS_DIR / "mnist")
    figures = shipped.figures | {"class_acc": 0.5}
    card = checkpoint.Card(
        "quick", recipe.params(), 3, 2, 2.5, figures, shipped.confusion, network.parameter_count
    )
    checkpoint.save(run.checkpoint, network, card)
    for record in LOOKS:
        run.append(record)
    run.set_state(State("finished"))
    return run


@pytest.fixture
def run(trained) -> Run:
    """A finished run of a small network."""
    return made(trained, replace(QUICK.change({"seed": 3}), model=trained.config))


def opened(**query: str) -> AppTest:
    app = AppTest.from_function(compare_page, default_timeout=TIMEOUT)
    for name, value in query.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    return app


def look(app: AppTest, view: str) -> AppTest:
    app.button_group(key="compare_view_choice").set_value(view).run()
    assert not app.exception
    return app


def words(app: AppTest) -> str:
    parts = (*app.get("html"), *app.markdown, *app.caption, *app.warning, *app.info)
    return " ".join(str(getattr(part, "value", None) or part.proto.body) for part in parts)


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
    figures = rows(opened(run=run.id))
    assert list(figures) == [
        "Network A (MNIST, published)",
        "MNIST, careful (MNIST, shipped)",
        "Run 1 (MNIST, from this link, width 4, seed 3)",
        "Network B1 (Fashion-MNIST, published)",
        "Network B2 (Fashion-MNIST, published)",
    ]
    card = checkpoint.read_card(checkpoint.WEIGHTS_DIR / "mnist")
    assert figures["MNIST, careful (MNIST, shipped)"] == [
        *(percent(card.figures[name]) for name in ("class_acc", "sum_acc", "joint_acc")),
        f"{card.figures['sum_r2']:.4f}",
        f"{card.figures['sum_mae']:.3f}",
        f"{card.parameters:,}",
        f"{card.train_seconds:,.0f} s",
    ]
    assert figures["Network A (MNIST, published)"] == ["98.59 %", "–", "–", "0.2869", *"–––"]


def test_ones_own_run_is_looked_at_and_called_ones_own(run) -> None:
    app = opened()
    assert app.multiselect[0].value == ["mnist"]
    app.session_state["session"].own_runs.append(run.id)
    app.run()
    assert app.multiselect[0].value == ["mnist", run.id]
    assert any("Run 1 (MNIST, yours" in name for name in rows(app))


def test_an_early_stop_is_said(run) -> None:
    model, card = checkpoint.load(run.checkpoint)
    checkpoint.save(run.checkpoint, model, replace(card, epochs=0.52))
    assert any("stopped after 0.52 epochs" in name for name in rows(opened(run=run.id)))


@pytest.mark.parametrize(
    ("settings", "bug", "note"),
    [
        ({}, "broadcast", "bug: Squared error of all pairs"),
        ({}, "shared-softmax", "bug: One softmax across both heads"),
        ({"fusion": "pixels"}, "", "pixel fusion"),
        ({"sum_head": "classification"}, "", "sum as 19 classes"),
        (
            {"sum_head": "classification", "sum_weight": 0.1, "fusion": "pixels", "lr": 0.1},
            "relu",
            "bug: ReLU on the logits, pixel fusion, sum as 19 classes, learning rate 0.1, 2 more",
        ),
    ],
)
def test_a_run_says_its_bug_and_what_it_is_made_of(settings, bug: str, note: str) -> None:
    recipe = QUICK.change({"width": 4, **settings}).with_bug(bug)
    run = made(recipe.build(), recipe)
    names = list(rows(opened(run=run.id)))
    more = "" if "more" in note else ", width 4"
    assert f"Run 1 (MNIST, from this link, {note}{more})" in names


def test_a_run_on_garments_stands_among_the_garments() -> None:
    recipe = QUICK.change({"dataset": "fashion-mnist", "width": 4})
    run = made(recipe.build(), recipe)
    app = opened(run=run.id)
    assert list(rows(app))[2:] == [
        "Network B1 (Fashion-MNIST, published)",
        "Network B2 (Fashion-MNIST, published)",
        "Run 1 (Fashion-MNIST, from this link, width 4)",
    ]
    assert app.multiselect[0].options == ["MNIST, careful", "Run 1 (Fashion-MNIST)"]
    assert app.multiselect[0].value == [run.id]  # the newest, and what has the same data set


def test_a_link_opens_the_same_comparison(run) -> None:
    app = opened()
    app.session_state["session"].own_runs.append(run.id)
    app.run()
    app.multiselect[0].set_value([run.id]).run()
    look(app, "Confusion")
    query = dict(app.query_params)
    assert query == {"v": "1", "c": run.id, "view": "confusion"}
    again = opened(**query)
    assert again.multiselect[0].value == [run.id]
    assert again.button_group(key="compare_view_choice").value == "confusion"
    assert any("Run 1 (MNIST, from this link" in name for name in rows(again))
    assert dict(again.query_params) == query


def test_two_runs_keep_their_numbers_in_a_link(trained) -> None:
    ids = [made(trained, QUICK.change({"width": 4, "seed": seed})).id for seed in (1, 2)]
    for shown in (ids, ids[::-1]):
        names = list(rows(opened(c=".".join(shown))))
        assert "Run 1 (MNIST, from this link, width 4, seed 1)" in names
        assert "Run 2 (MNIST, from this link, width 4, seed 2)" in names


@pytest.mark.parametrize("c", ["", "x", "../mnist", "0123456789abcdef", "fashion-late"])
def test_networks_that_are_not_here_leave_the_choice_to_the_page(c: str) -> None:
    app = opened(c=c, view="nothing")
    assert app.multiselect[0].value == ["mnist"]
    assert app.button_group(key="compare_view_choice").value == "curves"


def test_a_new_run_is_looked_at_whatever_was_chosen_before() -> None:
    app = opened(c="mnist")
    session = app.session_state["session"]
    assert session.compared == ("mnist",)
    jobs.start_run(session)
    assert session.compared == ()


def test_the_address_and_the_page_know_the_same_views_and_as_many_networks() -> None:
    assert tuple(PANEL_TITLES) == COMPARE_VIEWS
    assert MAX_COMPARED == MAX_TOLD_APART


def test_a_damaged_network_is_one_sentence_and_the_others_stay(run) -> None:
    run.checkpoint.with_suffix(".safetensors").write_bytes(b"not weights")
    app = opened(run=run.id)
    assert [warning.value for warning in app.warning] == [
        "The weights of 'checkpoint' are damaged: they do not match their card."
    ]
    assert app.multiselect[0].value == ["mnist"]


def test_without_any_network_the_published_ones_are_left(monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setattr(checkpoint, "WEIGHTS_DIR", tmp_path)
    app = opened()
    assert [name[:10] for name in rows(app)] == ["Network A ", "Network B1", "Network B2"]
    assert "No network is here yet." in words(app)


def test_a_network_without_a_history_has_no_curve_and_that_is_said(run) -> None:
    app = opened(run=run.id)
    assert "MNIST, careful: how it learned was not kept" in words(app)
    assert "Run 1: how" not in words(app)
    write_history(history_file(checkpoint.WEIGHTS_DIR / "mnist"), LOOKS)
    assert "was not kept" not in words(opened(run=run.id))


def test_nothing_chosen_asks_for_a_choice() -> None:
    app = opened()
    app.multiselect[0].set_value([]).run()
    assert not app.exception
    assert "Choose a network to look at." in words(app)


@pytest.mark.parametrize(
    ("view", "charts"), [("Learning curves", 1), ("Confusion", 2), ("Sums", 2), ("Reliability", 1)]
)
def test_each_view_has_its_charts(run, drawn, view: str, charts: int) -> None:
    app = look(opened(run=run.id), view)
    assert len(app.get("plotly_chart")) == charts


def test_data_that_are_not_here_are_one_sentence(monkeypatch) -> None:
    def no_fetch(*_: object, **__: object) -> None:
        raise AssertionError("a page must not fetch")

    monkeypatch.setattr(download, "is_present", lambda name: False)
    monkeypatch.setattr(download, "download", no_fetch)
    app = look(opened(), "Sums")
    assert [info.value for info in app.info] == [
        "The test images of MNIST are not on this machine. Get them with "
        "`python -m core fetch mnist`."
    ]


def test_a_click_on_a_mistake_wants_to_draw_with_the_network_that_made_it(run, drawn, data) -> None:
    """The shipped network never saw a calculator's digits."""
    app = look(opened(run=run.id), "Worst mistakes")
    first = next(button for button in app.button if button.key.startswith("open_class_mnist_"))
    index = int(first.key.rsplit("_", 1)[1])
    assert first.label.startswith(f"![{int(data.test.labels[index])}, read as ")
    app.session_state["session"].network = run.id
    first.click().run()
    session = app.session_state["session"]
    assert app.text[0].value == "wants to draw: True"
    assert (session.source, session.picture, session.network) == ("test", index, "mnist")
    assert session.addend == networks.reading("mnist").addends[index]


def test_a_click_on_a_mistake_forgets_the_network_that_was_gone(run, drawn) -> None:
    app = look(opened(run=run.id), "Worst mistakes")
    app.session_state["session"].gone = "0123456789abcdef"
    next(button for button in app.button if button.key.startswith("open_class_mnist_")).click()
    app.run()
    assert app.session_state["session"].gone == ""


@pytest.mark.parametrize("kept", [{"lock": "number"}, {"lock": "network"}, {"hide": "sources"}])
def test_mistakes_open_nothing_where_a_link_keeps_the_choices(run, drawn, kept) -> None:
    app = look(opened(run=run.id, **kept), "Worst mistakes")
    mistakes = [button for button in app.button if (button.key or "").startswith("open_")]
    assert mistakes and all(button.disabled for button in mistakes)
    assert "Click a picture" not in words(app)


def test_what_a_bug_showed_it_is_not_called_unseen(trained) -> None:
    sound, broken = (
        made(trained, replace(QUICK, model=replace(trained.config, bug=bug)))
        for bug in ("", "seen-images")
    )
    app = opened(c=f"{sound.id}.{broken.id}")
    assert "which Run 2 learned from" in words(app)
    assert "which no network learned from" in words(opened(c=sound.id))


@pytest.mark.parametrize(
    ("epochs", "said"),
    [(0.25, "after 0.25 epochs"), (1.0, "after 1 epoch"), (2.0, "after 2 epochs")],
)
def test_a_run_that_was_stopped_says_when(epochs: float, said: str) -> None:
    card = checkpoint.read_card(checkpoint.WEIGHTS_DIR / "mnist")
    assert _special(replace(card, epochs=epochs))[-1] == f"stopped {said}"


def test_no_mistake_is_said(run, drawn) -> None:
    app = look(opened(run=run.id), "Worst mistakes")
    assert "None among the test images." in words(app)
