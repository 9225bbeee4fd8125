"""The charts of the Compare page show what the numbers say."""

import pytest

from views.compare import charts
from views.compare.charts import HUES, MAX_TOLD_APART, Curve
from views.ui.theme import DARK, LIGHT

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


def test_the_confusion_has_answers_across_and_truth_down_from_the_top():
    figure = charts.confusion_matrix([[8.0, 2.0], [0.5, 9.5]], "ab", 0.2, LIGHT)
    heat = figure.data[0]
    assert (list(heat.x), list(heat.y)) == (["a", "b"], ["a", "b"])
    assert figure.layout.xaxis.title.text == "read as"
    assert figure.layout.yaxis.title.text == "true class"
    assert figure.layout.yaxis.autorange == "reversed"
    assert list(heat.customdata[0]) == ["80.0", "20.0"]
    assert [color for _, color in heat.colorscale] == ["rgba(79,91,213,0)", "rgba(79,91,213,0.6)"]
    assert [(shape.x0, shape.y1) for shape in figure.layout.shapes] == [(-0.5, 0.5), (0.5, 1.5)]


def test_a_class_without_images_and_a_network_without_mistakes_have_a_chart():
    assert charts.worst_confusion([[0, 0], [0, 5]]) == 0
    heat = charts.confusion_matrix([[0, 0], [0, 5]], "01", 0.0, LIGHT).data[0]
    assert heat.zmax > 0
    assert [list(row) for row in heat.text] == [["", ""], ["", "5"]]


@pytest.mark.parametrize(
    ("images", "said"),
    [
        (0, ""),
        (0.4, "0.4"),
        (3.0, "3"),
        (9.96, "10.0"),
        (12.5, "12"),
        (978, "978"),
    ],
)
def test_images_of_a_cell_are_written_short(images, said):
    assert charts._count(images) == said


def test_the_sums_have_the_truth_across_and_the_value_up_and_a_line_where_both_are_one():
    table = [[0] * 19 for _ in range(4)]
    table[3][18] = 1_000
    figure = charts.sum_scatter(table, [0.0, 6.0, 12.0, 18.0], LIGHT)
    heat = figure.data[0]
    assert (list(heat.x), list(heat.y)) == (list(range(19)), [0, 6, 12, 18])
    assert (heat.z[3][18], heat.zmin, heat.zmax) == (3, 0, 3)
    line = figure.layout.shapes[0]
    assert (line.x0, line.y0, line.x1, line.y1) == (-0.5, -0.5, 18.5, 18.5)
    assert figure.layout.xaxis.title.text == "true sum"
    assert figure.layout.yaxis.title.text == "predicted"
    assert list(figure.layout.xaxis.tickvals) == [0, 3, 6, 9, 12, 15, 18]
    assert tuple(figure.layout.yaxis.range) == (-0.2, 18.2)
    assert heat.colorscale[1][1] == "rgba(180,83,9,1)"


def test_the_diagonal_is_what_an_honest_network_gets_and_dots_say_how_many_images():
    bins = [(0.8, 0.7, 10), (0.99, 0.98, 9_000)]
    diagonal, line, few = charts.reliability_diagram(["net"], [bins], LIGHT).data
    assert (list(diagonal.x), list(diagonal.y)) == ([0, 100], [0, 100])
    assert list(line.y) == pytest.approx([70, 98])
    assert list(line.customdata) == [10, 9_000]
    assert list(line.marker.size) == [9, 13]
    assert (line.name, list(few.x or [])) == ("net", [])


def test_two_networks_have_a_line_each_in_one_diagram():
    bins = [(0.8, 0.7, 40)]
    _, one, _, two, _ = charts.reliability_diagram(["a", "b"], [bins, bins], DARK).data
    assert [line.name for line in (one, two)] == ["a", "b"]
    assert [line.line.color for line in (one, two)] == list(HUES[True][:2])


def test_curves_lie_between_two_ticks_and_say_what_they_are_over():
    curve = Curve("net", LOOKS, epochs=8)
    figure = charts.learning_curves([curve], "val_joint_acc", "seconds", LIGHT)
    low, high = figure.layout.yaxis.range
    assert (10**low, 10**high) == (pytest.approx(1), pytest.approx(100))
    assert figure.layout.xaxis.title.text == "seconds"
    assert list(figure.data[0].customdata) == pytest.approx([50, 90, 99])
    better = Curve("net", [LOOKS[0] | {"val_joint_acc": right} for right in (0.98, 0.998)], 1)
    low, high = charts.learning_curves(
        [better], "val_joint_acc", "epochs", LIGHT
    ).layout.yaxis.range
    assert (10**low, 10**high) == (pytest.approx(0.1), pytest.approx(10))


def test_records_without_the_measure_are_no_points():
    history = [{"step": 1, "steps": 4, "seconds": 1.0}, LOOKS[0]]
    line = charts.learning_curves([Curve("n", history, 4)], "val_joint_acc", "epochs", LIGHT).data[
        0
    ]
    assert list(line.x) == [1]
