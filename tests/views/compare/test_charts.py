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
