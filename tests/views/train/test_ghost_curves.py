"""Curves of another run behind a run: dashed, on their own epochs, and both in view."""

from tests.views.train.test_charts import looked, record
from views.train.charts import GhostCurves, accuracy_curves, loss_curves
from views.ui.theme import LIGHT

GHOST = GhostCurves("late fusion", [looked(50, 0.4), looked(100, 0.8)], 2.0)


def test_the_ghosts_validation_lies_dashed_behind_each_curve():
    loss = loss_curves([looked(50, 0.9)], 1.0, LIGHT, GHOST)
    assert [trace.name for trace in loss.data] == ["late fusion", "training", "validation"]
    accuracy = accuracy_curves([looked(50, 0.9)], 1.0, LIGHT, GHOST)
    of_class, of_sum = accuracy.data[:2]
    assert of_class.line.dash == of_sum.line.dash == loss.data[0].line.dash == "dash"
    assert (of_class.line.color, of_sum.line.color) == (LIGHT.class_head, LIGHT.sum_head)
    assert [trace.showlegend for trace in (of_class, of_sum)] == [True, False]


def test_a_ghost_stands_at_its_own_epochs():
    ghost = loss_curves([looked(50, 0.9)], 1.0, LIGHT, GHOST).data[0]
    assert list(ghost.x) == [1.0, 2.0]


def test_a_ghost_that_is_worse_keeps_the_axis_whole():
    history = [looked(50, 0.97), looked(100, 0.99)]
    assert accuracy_curves(history, 1.0, LIGHT).layout.yaxis.range[0] == 90
    assert accuracy_curves(history, 1.0, LIGHT, GHOST).layout.yaxis.range[0] == 0


def test_the_loss_of_a_ghost_fits_on_the_axis():
    high = GhostCurves("broken", [{**record(50, 1.0), "val_loss": 800.0}], 1.0)
    top = loss_curves([looked(50, 0.9)], 1.0, LIGHT, high).layout.yaxis.range[1]
    assert 10**top >= 800


def test_a_ghost_that_has_not_begun_keeps_its_entry_in_the_legend():
    empty = GhostCurves("late fusion", [], 1.0)
    ghost = loss_curves([looked(50, 0.9)], 1.0, LIGHT, empty).data[0]
    assert ghost.name == "late fusion" and list(ghost.x) == [None]
