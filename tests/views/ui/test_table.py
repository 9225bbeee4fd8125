"""The table of networks: which metric is the best of a column, and how it is written."""

import re

import pytest

from core.recipes.published import PUBLISHED
from views.ui.table import Row, best_rows, networks_table, percent


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
