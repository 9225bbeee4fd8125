"""The six views of the networks that are chosen on the Compare page.

Two of them need only the history and the card. The others need all test images read, bit by bit,
with a bar that shows how far.
"""

from collections.abc import Sequence

import streamlit as st

from core.data.download import DownloadError
from core.evaluation.diagnostics import Analysis, Reading, cell_centers
from core.evaluation.prediction import NOT_A_NUMBER, AnswerError
from core.specs import ADDENDS, find_spec
from core.storage.checkpoint import Card
from views.compare import charts
from views.compare.charts import Curve
from views.compare.maps import show_maps
from views.compare.mistakes import show_mistakes
from views.compare.network import Network, cells_for, show_title
from views.server.heavy import heavy_work
from views.session import networks
from views.session.link import COMPARE_VIEWS
from views.session.session import Session
from views.ui.style import current_palette
from views.ui.table import percent
from views.ui.text import plain
from views.ui.theme import SAVABLE_CONFIG

CURVES, CONFUSION, SUM_SCATTER, RELIABILITY, MISTAKES, MAPS = COMPARE_VIEWS
PANEL_TITLES = {
    CURVES: "Learning curves",
    CONFUSION: "Confusion",
    SUM_SCATTER: "Sums",
    RELIABILITY: "Reliability",
    MISTAKES: "Worst mistakes",
    MAPS: "Map",
}
MEASURES = {
    "Both": "val_joint_acc",
    "Class": "val_class_acc",
    "Rounded sum": "val_sum_acc",
}
LOST_READING = f"{NOT_A_NUMBER[:-1]} for some test images, so its mistakes cannot be shown."


def show_panel(session: Session, compared: Sequence[Network], view: str) -> Network | None:
    """One of `COMPARE_VIEWS`. After a click on a mistake, who made it: it is the picture now."""
    if view == CURVES:
        _learning_curves(compared)
    elif view == CONFUSION:
        _confusions(compared)
    elif view == MAPS:
        show_maps(compared)
    else:
        return _readings(session, compared, view)
    return None


def _learning_curves(compared: Sequence[Network]) -> None:
    with st.container(horizontal=True, gap="medium", key="curves_choices"):
        measure = _pills("What must be right", list(MEASURES), "curves_measure")
        over = _pills("Over", ["epochs", "seconds"], "curves_over")
    histories = {network.name: networks.network_history(network.name) for network in compared}
    curves = [
        Curve(n.title, histories[n.name], float(str(n.card.params["epochs"]))) for n in compared
    ]
    if any(histories.values()):
        figure = charts.learning_curves(curves, MEASURES[measure], over, current_palette())
        with st.container(key="curves_chart"):
            st.plotly_chart(
                figure, key="curves", config=SAVABLE_CONFIG, alt="Wrong answers while learning"
            )
        st.caption(
            f"Validation images that it gets wrong{_unseen(compared)}. Lower is better; each grid "
            "line is about a third of the one above."
        )
    for network in compared:
        if not histories[network.name]:
            st.caption(f"{plain(network.title)} has no curve: its history was not kept.")


def _unseen(compared: Sequence[Network]) -> str:
    """Did the networks learn from the images that their curves are measured on?"""
    seen = [plain(n.title) for n in compared if n.card.params["bug"] == "seen-images"]
    return f", which {' and '.join(seen) or 'no network'} learned from"


def _pills(label: str, options: list[str], key: str) -> str:
    return st.pills(
        label, options, default=options[0], required=True, key=key, persist_state="session"
    )


def _confusions(compared: Sequence[Network]) -> None:
    tables = [_images(network.card) for network in compared]
    most: dict[str, float] = {}  # by data set: garments are confused far more often than digits
    for network, counts in zip(compared, tables, strict=True):
        worst = charts.worst_confusion(counts)
        most[network.dataset] = max(worst, most.get(network.dataset, 0.0))
    for cell, network, counts in zip(cells_for(compared), compared, tables, strict=False):
        names = find_spec(network.dataset).class_names
        figure = charts.confusion_matrix(counts, names, most[network.dataset], current_palette())
        with cell:
            show_title(network, f"{percent(network.card.figures['class_acc'])} right")
            st.plotly_chart(
                figure,
                key=f"confusion_{network.name}",
                config=SAVABLE_CONFIG,
                alt=f"Classes of {network.title}: true ones and answered ones",
            )
    st.caption(
        "Test images of each class (a row) by what the network read. Stronger color is worse."
    )


def _images(card: Card) -> list[list[float]]:
    """The card counts each image with all ten numbers; here an image counts once."""
    return [[count / ADDENDS for count in row] for row in card.confusion]


def _readings(session: Session, compared: Sequence[Network], view: str) -> Network | None:
    """The views that need all test images read, which takes a while the first time."""
    analyses: list[Analysis] = []
    readable: list[Network] = []
    for network in compared:
        try:
            analyses.append(_analysis(network))
        except DownloadError as error:
            st.info(f"{plain(network.title)}: {plain(error)}")
        except AnswerError:
            st.warning(f"{plain(network.title)}: {LOST_READING}")
        else:
            readable.append(network)
    compared = readable
    if not compared:
        return None
    if view == SUM_SCATTER:
        _sums(compared, analyses)
    elif view == RELIABILITY:
        _reliability(compared, analyses)
    else:
        return show_mistakes(session, compared, analyses)
    return None


def _analysis(network: Network) -> Analysis:
    """Read the test images, or go on where another visitor stopped; leaving the page ends it.

    Raises:
        AnswerError: an answer is not a number.
        DownloadError: the test images are not on this machine.
    """
    reading = networks.reading(network.name)
    if reading.analysis is None:
        words = f"{plain(network.title)} is reading {find_spec(network.dataset).test_words}."
        bar = st.progress(0.0, words)
        try:
            while (share := _advance(reading)) < 1:
                bar.progress(share, words)
        except AnswerError:
            bar.empty()
            raise
        bar.empty()
    assert reading.analysis is not None
    return reading.analysis


def _advance(reading: Reading) -> float:
    with heavy_work():
        return reading.advance()


def _sums(compared: Sequence[Network], analyses: Sequence[Analysis]) -> None:
    centers = cell_centers().tolist()
    for cell, network, analysis in zip(cells_for(compared), compared, analyses, strict=False):
        figures = network.card.figures
        note = f"R² {figures['sum_r2']:.4f}, mean error {figures['sum_mae']:.3f}"
        figure = charts.sum_scatter(analysis.sums.tolist(), centers, current_palette())
        with cell:
            show_title(network, note)
            st.plotly_chart(
                figure,
                key=f"sums_{network.name}",
                config=SAVABLE_CONFIG,
                alt=f"Sums of {network.title}: true ones and predicted ones",
            )
    st.caption(
        f"The value of the sum head for each true sum: {_value_words(compared)}. Stronger color "
        "means more of the test images. On the line, it is right."
    )


def _value_words(compared: Sequence[Network]) -> str:
    """What the value of a sum head is, for all of the networks that are compared."""
    mean = "the mean of the 19 sums, weighted by their probabilities"
    have_classes = {network.has_sum_classes for network in compared}
    if have_classes == {True}:
        return mean
    return "before rounding" + (f", or {mean}" if True in have_classes else "")


def _reliability(compared: Sequence[Network], analyses: Sequence[Analysis]) -> None:
    found = [analysis.reliability for analysis in analyses]
    points = [list(zip(each.confidence, each.right, each.count, strict=True)) for each in found]
    figure = charts.reliability_diagram([n.title for n in compared], points, current_palette())
    left, right = st.columns([3, 2], gap="large")
    with left, st.container(key="reliability_chart"):
        st.plotly_chart(
            figure,
            key="reliability",
            config=SAVABLE_CONFIG,
            alt="How often the class is right over how sure the network is",
        )
    with right, st.container(key="calibration"):
        for network, each in zip(compared, found, strict=True):
            show_title(network, f"expected calibration error {100 * each.error:.2f}\u00a0%")
            st.html(
                f'<div class="note">{percent(each.mean_confidence)} sure on average, '
                f"{percent(each.mean_right)} right</div>"
            )
        st.caption(
            "An honest network gets 80 % right of the images that it is 80 % sure of: the dotted "
            "line. Below the line it is too sure. Larger dots stand for more images, faint ones "
            "for fewer than ten. The expected calibration error is the mean distance from the "
            "line, over ten bins."
        )
