"""The table of networks: which metric is the best of a column, and how it is written."""

import re

import pytest

from core.recipes.published import PUBLISHED
from views.ui.table import (
    COLUMNS,
    UNKNOWN,
    Row,
    best_rows,
    certainty,
    networks_table,
    percent,
    seconds,
)


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


def test_a_share_of_a_tenth_has_two_decimals():
    assert [percent(share) for share in (0.1, 0.0999, 1.0, 0.0)] == [
        *("10.00 %", "9.99 %", "100.00 %", "0 %"),
    ]


@pytest.mark.parametrize(
    ("prob", "said"), [(0.9991, "over 99.9 %"), (0.999, "99.9 %"), (0.5, "50.0 %"), (0.0, "0.0 %")]
)
def test_no_network_is_certain(prob, said):
    assert certainty(prob) == said


@pytest.mark.parametrize(
    ("count", "said"), [(99.94, "99.9 s"), (100, "100 s"), (1234.5, "1,234 s"), (2.5, "2.5 s")]
)
def test_seconds_are_written_as_precisely_as_they_are_worth(count, said):
    assert seconds(count) == said


def test_each_metric_is_written_in_its_own_way():
    assert {name: column.write(0.98765) for name, column in COLUMNS.items()} == {
        "class_acc": "98.77 %",
        "sum_acc": "98.77 %",
        "joint_acc": "98.77 %",
        "sum_r2": "0.9877",
        "sum_mae": "0.988",
        "parameters": "1",
        "train_seconds": "1.0 s",
    }


def test_published_figures_alone_beat_nobody():
    rows = [Row("A", "published", "MNIST", {"class_acc": value}) for value in (0.9, 0.8)]
    assert best_rows(rows, "class_acc") == set()
    assert best_rows([*rows, row("MNIST", class_acc=0.7)], "class_acc") == {0}


def test_a_line_stands_above_the_first_of_each_data_set():
    rows = [row("MNIST"), row("MNIST"), row("Fashion-MNIST")]
    html = networks_table(rows, "")
    assert re.findall(r"<tr role=\"row\"( class=\"first\")?><th ", html) == [
        *(' class="first"', "", ' class="first"'),
    ]


def test_a_row_has_its_figures_in_the_order_of_the_headings():
    html = networks_table([row("MNIST", class_acc=0.5, sum_mae=2.0)], "All of them")
    headings = re.findall(r'<th scope="col"[^>]*>(.*?)</th>', html)
    cells = re.findall(r"<td[^>]*>(.*?)</td>", html)[1:]
    assert dict(zip(headings, cells, strict=True)) == {
        "Class": "50.00 %",
        "Mean error": "2.000",
        **dict.fromkeys(
            ("Rounded sum", "Both right", "R² of the sum", "Parameters", "Training"), UNKNOWN
        ),
    }
    assert html.startswith('<div class="note">All of them</div>')


def test_data_sets_of_one_title_are_not_compared():
    rows = [
        Row("a", "yours", "My pictures", {"class_acc": acc}, name)
        for acc, name in ((1.0, "own-1"), (0.9, "own-2"))
    ]
    assert best_rows(rows, "class_acc") == set()
    assert networks_table(rows, "").count('class="first"') == 2
