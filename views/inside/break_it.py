"""Break it: a copy of the network with one layer damaged, and what it still gets right."""

import streamlit as st
import torch

from core.data.download import DownloadError
from core.evaluation.prediction import predict
from core.inspection.damage import Damage, damage, weighted_layers
from core.model import SumNet
from views.inside.cached import cached_score
from views.inside.charts import damage_curves
from views.inside.fool import answers_to
from views.inside.subject import Subject
from views.server.heavy import heavy_work
from views.ui.table import percent
from views.ui.text import plain
from views.ui.theme import SAVABLE_CONFIG

DAMAGE_KINDS: dict[Damage, str] = {"noise": "Add noise", "zero": "Zero some weights"}
NOISE_AMOUNTS = (0.0, 0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0)  # times the spread of the weights
ZERO_SHARES = tuple(tenth / 10 for tenth in range(11))  # share of the weights
PART_WORDS = {"encoder": "Encoder", "class_head": "Class head", "sum_head": "Sum head"}


def show_break(shown: Subject) -> None:
    """What to damage and how much; what the copy still reads, and its answers to the picture."""
    st.markdown(
        "A copy of the network that answers you, with one layer damaged. Guess first: which layer "
        "can lose half of its weights, and which none? Nothing that you do here changes the "
        "network itself."
    )
    st.fragment(_show_damage)(shown)


def _show_damage(shown: Subject) -> None:
    titles = layer_titles(shown.model)
    left, right = st.columns([5, 7], gap="large")
    with left:
        layer = st.selectbox(
            "Layer", list(titles), format_func=titles.__getitem__, key="break_layer"
        )
        kind = st.segmented_control(
            "Damage",
            list(DAMAGE_KINDS),
            format_func=DAMAGE_KINDS.__getitem__,
            default="noise",
            required=True,
            key="break_kind",
        )
        amounts = NOISE_AMOUNTS if kind == "noise" else ZERO_SHARES
        amount = st.select_slider(
            "Noise, in spreads of the weights" if kind == "noise" else "Share of weights set to 0",
            amounts,
            amounts[3],
            format_func=(lambda n: f"{n:g}") if kind == "noise" else (lambda n: f"{100 * n:.0f} %"),
            key=f"break_{kind}",
        )
        words = st.container(key="break_score")
    with right, st.container(key="break_answers"):
        with heavy_work(), torch.inference_mode():
            broken = damage(shown.model, layer, kind, amount)
            prediction = predict(broken, shown.pixels, shown.prediction.addend)
        st.html(answers_to(shown, prediction, shown.prediction.label))
    try:
        with words:
            _show_score(shown, layer, kind, amount)
        chart = st.container(key="break_chart")
        scores = [cached_score(shown.model, shown.card, layer, kind, each) for each in amounts]
    except DownloadError as error:
        st.warning(plain(error))
        return
    axis = ("noise, in spreads of the weights", "") if kind == "noise" else ("weights at 0", " %")
    scale = 1 if kind == "noise" else 100
    with chart:
        st.plotly_chart(
            damage_curves(
                [scale * each for each in amounts], scores, scale * amount, axis, shown.palette
            ),
            key="break_curves",
            config=SAVABLE_CONFIG,
            alt="Accuracy on test images over the amount of damage",
        )


def _show_score(shown: Subject, layer: str, kind: Damage, amount: float) -> None:
    whole = cached_score(shown.model, shown.card, layer, kind, 0.0)
    now = cached_score(shown.model, shown.card, layer, kind, amount)
    st.html(
        '<table class="figures"><caption>'
        f"{now.images:,} test images of {shown.spec.title}</caption>"
        "<tr><td></td><th>Class</th><th>Both right</th></tr>"
        f"<tr><th>Whole</th><td>{percent(whole.class_acc)}</td><td>{percent(whole.joint_acc)}</td>"
        f"</tr><tr><th>Damaged</th><td><b>{percent(now.class_acc)}</b></td>"
        f"<td><b>{percent(now.joint_acc)}</b></td></tr></table>"
    )


def layer_titles(model: SumNet) -> dict[str, str]:
    """What the layers are called, by their path: "Encoder, convolution 2: 9,216 weights"."""
    titles, counts = {}, dict.fromkeys(PART_WORDS, 0)
    layers = weighted_layers(model)
    for path, layer in layers.items():
        part = path.split(".")[0]
        counts[part] += 1
        alone = sum(other.split(".")[0] == part for other in layers) == 1
        what = "convolution" if isinstance(layer, torch.nn.Conv2d) else "linear layer"
        number = "" if alone else f", {what} {counts[part]}"
        titles[path] = f"{PART_WORDS[part]}{number}: {layer.weight.numel():,} weights"
    return titles
