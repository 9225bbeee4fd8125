"""Figures say what the data say."""

import re

import pytest

from views.train.charts import (
    accuracy_curves,
    classes_while_learning,
    loss_curves,
    sum_while_learning,
)
from views.ui.theme import DARK, LIGHT


def record(step: int, loss: float, **val: float) -> dict[str, float]:
    scores = {"loss": loss, "class_acc": 0.5, "sum_acc": 0.4, "joint_acc": 0.3}
    return {"step": step, "steps": 100, **scores, **val}


def looked(step: int, right: float) -> dict[str, float]:
    val = {"val_loss": 0.2, "val_class_acc": right, "val_sum_acc": right, "val_joint_acc": right}
    return record(step, 0.1, **val)


def luminance(color: str) -> float:
    """Relative luminance as WCAG 2 defines it."""
    channels = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize(("palette", "paper"), [(LIGHT, "#FFFFFF"), (DARK, "#14161B")])
def test_both_heads_can_be_read_on_their_paper(palette, paper):
    for color in (palette.class_head, palette.sum_head, palette.ink, palette.muted):
        bright, dim = sorted((luminance(color), luminance(paper)), reverse=True)
        assert (bright + 0.05) / (dim + 0.05) >= 4.5


def test_curves_run_over_the_epochs_of_the_whole_run():
    figure = loss_curves([record(25, 2.0), record(50, 1.0)], epochs=4, palette=LIGHT)
    assert list(figure.data[0].x) == [1.0, 2.0]
    assert tuple(figure.layout.xaxis.range) == (0, 4)


@pytest.mark.parametrize("draw", [loss_curves, accuracy_curves])
def test_a_run_without_points_has_axes_and_a_legend(draw):
    figure = draw([], epochs=2, palette=DARK)
    assert all(trace.x == (None,) for trace in figure.data)
    assert any(trace.showlegend for trace in figure.data)


def test_validation_stands_only_where_it_was_looked_at():
    figure = accuracy_curves([record(10, 1.0), looked(20, 0.8)], epochs=1, palette=LIGHT)
    by_name = {trace.name: trace for trace in figure.data if trace.showlegend}
    assert list(by_name["both right"].x) == [0.2]
    assert list(by_name["both right"].y) == [80]


@pytest.mark.parametrize(("right", "bottom"), [(0.5, 0), (0.95, 90)])
def test_accuracy_zooms_to_the_top_once_it_is_there(right, bottom):
    figure = accuracy_curves([looked(50, right), looked(100, right)], epochs=1, palette=LIGHT)
    assert figure.layout.yaxis.range[0] == bottom


def test_accuracy_that_jumped_to_the_top_is_shown_whole():
    figure = accuracy_curves([looked(50, 0.5), looked(100, 0.95)], epochs=1, palette=LIGHT)
    assert figure.layout.yaxis.range[0] == 0


@pytest.mark.parametrize("loss", [1e-9, 1e9, 0.0])
def test_any_loss_fits_on_the_axis(loss):
    low, high = loss_curves([record(1, loss)], epochs=1, palette=LIGHT).layout.yaxis.range
    assert low <= -1 and high >= 0.5
    assert loss == 0 or (10**low <= loss * 1.001 and loss <= 10**high * 1.001)


@pytest.mark.parametrize(
    ("loss", "first"),
    [(0.2, "0.1"), (0.02, "0.01"), (0.005, "0.001"), (0.0002, "0.0001"), (2e-6, "0.000001")],
)
def test_every_power_of_ten_on_the_loss_axis_has_a_plain_number(loss, first):
    axis = loss_curves([record(1, loss), record(2, 2.0)], epochs=1, palette=LIGHT).layout.yaxis
    low, high = (10**power for power in axis.range)
    shown = {
        value: text
        for value, text in zip(axis.tickvals, axis.ticktext, strict=True)
        if low * 0.999 <= value <= high * 1.001
    }
    assert next(iter(shown.values())) == first
    assert {10.0**power for power in range(round(axis.range[0]), 1)} <= shown.keys()
    assert all(float(text) == pytest.approx(value) for value, text in shown.items())
    assert 3 <= len(shown) <= 8


@pytest.mark.parametrize("loss", [1e-22, 1e-9, 1e6, 1e22, 1e300])
def test_a_loss_that_runs_away_has_a_few_short_numbers_beside_it(loss):
    axis = loss_curves([record(1, loss), record(2, 2.0)], epochs=1, palette=LIGHT).layout.yaxis
    assert 3 <= len(axis.tickvals) <= 9
    for value, text in zip(axis.tickvals, axis.ticktext, strict=True):
        power = re.fullmatch("10<sup>(.*)</sup>", text)
        said = 10.0 ** int(power[1].replace("−", "-")) if power else float(text)
        assert said == pytest.approx(value)
        assert power or len(text) <= 8


def test_what_was_said_while_it_learned():
    """A picture that was first taken for a 0 and then for a 2; the 1 was never in question."""
    probs = [(0.5, 0.1, 0.4), (0.2, 0.1, 0.7), (0.0, 0.0, 1.0)]
    figure = classes_while_learning([0, 100, 10_000], probs, "012", LIGHT)
    lines = {line.name: line for line in figure.data}
    assert list(lines["2"].y) == [40, 70, 100]
    assert [c for c, line in lines.items() if line.line.color == LIGHT.class_head] == ["2"]
    assert {note.text for note in figure.layout.annotations} == {"0", "2"}
    assert list(lines["0"].x) == [50, 100, 10_000]  # no images at all have a place, too
    assert figure.layout.xaxis.ticktext[0] == "0"


def test_names_of_classes_do_not_lie_over_each_other():
    probs = [(0.1, 0.1, 0.1, 0.7), (0.1, 0.45, 0.4, 0.05), (0.9, 0.05, 0.05, 0)]
    figure = classes_while_learning([0, 5_000, 10_000], probs, "0123", LIGHT)
    assert {note.text for note in figure.layout.annotations} == {"0", "1", "3"}


def test_the_sum_while_it_learned_is_never_cut_off():
    figure = sum_while_learning([0, 10], [9.0, 31.5], 12, LIGHT)
    low, high = figure.layout.yaxis.range
    assert (low < 0, high > 31.5) == (True, True)
    assert figure.layout.shapes[0].y0 == 12


def test_what_was_said_before_the_first_step_alone_is_a_figure():
    assert classes_while_learning([0], [(0.5, 0.5)], "01", LIGHT).data
    assert sum_while_learning([0], [9.0], 12, LIGHT).data


def test_each_accuracy_has_the_color_of_its_head_and_training_is_thin():
    figure = accuracy_curves([looked(10, 0.5)], epochs=1, palette=LIGHT)
    lines = [(line.name, line.line.color, line.mode, line.showlegend) for line in figure.data]
    assert lines == [
        ("class", LIGHT.class_head, "lines", False),
        ("rounded sum", LIGHT.sum_head, "lines", False),
        ("class", LIGHT.class_head, "lines+markers", True),
        ("rounded sum", LIGHT.sum_head, "lines+markers", True),
        ("both right", LIGHT.ink, "lines+markers", True),
    ]
    assert [line.y[0] for line in figure.data[:2]] == [50, 40]  # percent
    assert figure.data[-1].line.dash == "dot"
    assert [line.opacity for line in figure.data] == [0.45, 0.45, 1, 1, 1]


def test_each_line_of_losses_says_what_it_is_of():
    figure = loss_curves([looked(50, 0.5)], epochs=2, palette=LIGHT)
    assert [(line.name, line.x[0], line.y[0]) for line in figure.data] == [
        ("training", 1.0, 0.1),
        ("validation", 1.0, 0.2),
    ]
    assert (figure.layout.xaxis.title.text, figure.layout.yaxis.title.text) == (
        *("epoch", "loss (both heads)"),
    )
    assert figure.layout.showlegend


def test_a_loss_that_runs_from_one_to_ten_has_its_axis_up_to_there():
    low, high = loss_curves([record(1, 9.0)], epochs=1, palette=LIGHT).layout.yaxis.range
    assert (low, high) == (-1, 1.0)
    low, high = loss_curves([record(1, 2.0)], epochs=1, palette=LIGHT).layout.yaxis.range
    assert (low, high) == (-1, 0.5)


def test_both_validations_must_be_at_the_top_for_a_closer_look():
    def bottom(*rights: float) -> float:
        history = [looked(10 * n, right) for n, right in enumerate(rights, 1)]
        return accuracy_curves(history, epochs=1, palette=LIGHT).layout.yaxis.range[0]

    assert [bottom(0.95), bottom(0.5, 0.95, 0.95), bottom(0.95, 0.5), bottom(0.9, 0.9)] == [
        *(90, 90, 0, 0),
    ]


def test_the_sum_while_it_learned_has_its_range_and_its_number_of_images():
    figure = sum_while_learning([0, 100, 20_000], [9.0, 11.0, 12.0], 12, LIGHT)
    assert list(figure.data[0].x) == [50, 100, 20_000]
    assert list(figure.data[0].y) == [9.0, 11.0, 12.0]
    assert tuple(figure.layout.yaxis.range) == (-0.9, 18.9)
    assert figure.data[0].line.color == LIGHT.sum_head
    assert figure.layout.shapes[0].line.color == LIGHT.class_head
    assert list(figure.layout.xaxis.ticktext) == ["0", "1,000", "10,000"]
    assert list(figure.layout.xaxis.tickvals) == [50, 1_000, 10_000]


def test_a_name_stands_at_the_peak_of_its_class():
    probs = [(0.1, 0.9), (0.6, 0.4), (0.2, 0.8)]
    figure = classes_while_learning([100, 1_000, 10_000], probs, "01", LIGHT)
    notes = {note.text: (note.x, note.y) for note in figure.layout.annotations}
    assert notes == {"0": (3, 60), "1": (2, 90)}  # powers of ten of images, percent
    assert [line.name for line in figure.data] == ["0", "1"]  # the answer is drawn last


def test_names_at_an_edge_begin_or_end_there_and_long_ones_are_cut():
    """Two letters have room beside the edge where sixteen have not; a peak within is in between."""
    long = "Zwölf Äpfel sehr langer Name"
    probs = [(0.9, 0.0, 0.05, 0.05), (0.0, 0.1, 0.9, 0.0), (0.0, 0.6, 0.0, 0.4)]
    figure = classes_while_learning([100, 1_000, 10_000], probs, (long, "b", "c", "d"), LIGHT)
    notes = {note.text: (note.x, note.xanchor) for note in figure.layout.annotations}
    assert notes == {
        "Zwölf Äpfel seh…": (2, "left"),
        "c": (3, "center"),
        "b": (4, "right"),
        "d": (4, "right"),
    }
    assert figure.data[0].name in (long, "c")  # who points at a line reads all of it


def test_names_that_would_lie_over_each_other_are_left_out_by_their_length():
    probs = [(0.9, 0.1, 0.0), (0.0, 0.9, 0.1), (0.1, 0.0, 0.9)]

    def named(*names: str) -> set[str]:
        figure = classes_while_learning([100, 1_000, 10_000], probs, names, LIGHT)
        return {note.text for note in figure.layout.annotations}

    assert named("a", "b", "c") == {"a", "b", "c"}
    assert named("a" * 12, "b" * 12, "c" * 12) == {"a" * 12, "c" * 12}
