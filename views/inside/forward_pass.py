"""The forward pass step by step, on the visitor's own picture: a player in the page.

static/pass.js draws it; the numbers are those of the real pass, and so are the words.
"""

import functools
import hashlib
from dataclasses import asdict
from typing import Any

import numpy as np
import streamlit as st

from core.evaluation.prediction import AnswerError
from core.inspection.forward_pass import ForwardPass, forward_pass
from views.inside.network_map import STATIC_DIR
from views.inside.subject import Subject
from views.ui.table import certainty
from views.ui.text import plain


def show_forward_pass(shown: Subject) -> None:
    """The player."""
    try:
        found = forward_pass(shown.model, shown.pixels, shown.prediction.addend)
    except AnswerError as error:
        st.warning(plain(error))
        return
    _player()(data=player_data(shown, found), key="forward_pass")


def player_data(shown: Subject, found: ForwardPass) -> dict[str, Any]:
    """What the script gets: the numbers of the pass, the words of each step, the colors."""
    convolution = {
        name: _short(part) if part.dtype.kind == "f" else part.tolist()
        for name, part in found.convolution._asdict().items()
        if isinstance(part, np.ndarray)
    }
    colors = {name: c for name, c in asdict(shown.palette).items() if isinstance(c, str)}
    return {
        "id": _name_of(shown),
        "image": found.image.tolist(),
        "convolution": convolution,
        "stages": [_short(maps) for maps in found.stages],
        "class_probs": _short(found.class_probs)[: len(shown.spec.class_names)],
        "fusion_probs": _short(found.fusion_probs)[: len(shown.spec.class_names)],
        "onehot": found.onehot.tolist(),
        "sum_value": found.sum_value,
        "addend": shown.prediction.addend,
        "names": list(shown.spec.class_names),
        "marked": shown.model.fusion.marks_images,
        "steps": steps_of(shown, found),
        "colors": colors,
    }


def _short(part: np.ndarray) -> Any:
    """Numbers with as many digits as anybody can tell apart."""
    return np.round(part.astype(np.float64), 5).tolist()


def _name_of(shown: Subject) -> str:
    """Of the pass: another for another picture, number or network."""
    digest = hashlib.sha256(shown.pixels.tobytes())
    digest.update(f"{shown.card.weights_sha256} {shown.prediction.addend}".encode())
    return digest.hexdigest()[:16]


def steps_of(shown: Subject, found: ForwardPass) -> list[dict[str, Any]]:
    """The steps in order: which scene, its title, and what happens there in words."""
    noun, addend = shown.spec.noun, shown.prediction.addend
    is_marked, convolution = shown.model.fusion.marks_images, found.convolution
    size = convolution.kernels.shape[1]
    side = convolution.maps.shape[1]
    name = shown.spec.class_names[shown.prediction.label]
    sure = certainty(shown.prediction.class_probs[shown.prediction.label])
    number = f" The number, {addend}, is written into its last ten pixels." if is_marked else ""
    steps = [
        ("picture", 0, "Picture", f"The {noun} as the network gets it: 28 × 28 pixels.{number}"),
        (
            "convolution",
            0,
            "Convolution",
            f"A window of {size} × {size} pixels slides over it. At each place its {size**2} "
            f"pixels are multiplied by {size**2} weights and added up: one pixel of a map of "
            f"{side} × {side}. Tap a pixel of a map to see that multiplication. "
            f"{len(convolution.maps)} of the {convolution.map_count} maps are shown.",
        ),
    ]
    stages = zip(found.stages, found.stage_counts, strict=True)
    for place, (maps, count) in enumerate(stages):
        what = (
            "what stood out stays, what is below 0 is cut off" if place == 0 else "the same again"
        )
        words = (
            f"After stage {place + 1}: {count} maps of {maps.shape[1]} × {maps.shape[2]}; {what}."
        )
        steps.append(("stage", place, f"Stage {place + 1}", words))
    features = f"The last maps are {found.features:,} numbers, the features."
    meets = (
        f"The number, {addend}, is in the picture already, so the features know of it."
        if is_marked
        else f"The number, {addend}, joins here: ten values, all 0 but one."
    )
    last = "the features and the class probabilities" if is_marked else "these twenty values"
    return [
        {"kind": kind, "number": order, "title": title, "words": words}
        for kind, order, title, words in (
            *steps,
            (
                "class_head",
                0,
                "Class head",
                f"{features} The class head weighs them, once for each class: {name}, {sure}.",
            ),
            ("number", 0, "Number", meets),
            (
                "sum_head",
                0,
                "Sum head",
                f"From {last} the sum head makes {found.sum_value:.1f}, which rounds to "
                f"{shown.prediction.total}.",
            ),
        )
    ]


@functools.cache
def _player() -> Any:
    """Not at import: it can be registered in a running app only."""
    content, js = ((STATIC_DIR / f"pass.{kind}").read_text("utf-8") for kind in ("html", "js"))
    return st.components.v2.component("forward_pass", html=content, js=js, isolate_styles=False)
