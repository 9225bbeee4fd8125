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
from core.inspection.forward_pass import Convolution, ForwardPass, forward_pass
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
    } | {"stride": found.convolution.stride}
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
        "sum_is_mean": found.sum_probs is not None,
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
    stages = zip(found.stages, found.stage_counts, strict=True)
    return [
        _step("picture", "Picture", _picture_words(shown)),
        _step("convolution", "Convolution", _convolution_words(found.convolution)),
        *(
            _step("stage", f"Stage {place + 1}", _stage_words(place, maps.shape, count), place)
            for place, (maps, count) in enumerate(stages)
        ),
        _step("class_head", "Class head", _class_words(shown, found)),
        _step("number", "Number", _number_words(shown)),
        _step("sum_head", "Sum head", _sum_words(shown, found)),
    ]


def _step(kind: str, title: str, words: str, number: int = 0) -> dict[str, Any]:
    return {"kind": kind, "title": title, "words": words, "number": number}


def _picture_words(shown: Subject) -> str:
    words = f"The {shown.spec.noun} as the network gets it: 28 × 28 pixels."
    if not shown.model.fusion.marks_images:
        return words
    return f"{words} The number, {shown.prediction.addend}, is written into its last ten pixels."


def _convolution_words(convolution: Convolution) -> str:
    size, (side, _) = convolution.kernels.shape[1], convolution.maps.shape[1:]
    steps = "" if convolution.stride == 1 else f", {convolution.stride} pixels at a time"
    return (
        f"A window of {size} × {size} pixels slides over it{steps}. At each place its {size**2} "
        f"pixels are multiplied by {size**2} weights and added up: one pixel of a map of "
        f"{side} × {side}. "
        "Tap a pixel of a map to see that multiplication. "
        f"{len(convolution.maps)} of the {convolution.map_count} maps are shown."
    )


def _stage_words(place: int, shape: tuple[int, ...], count: int) -> str:
    what = "the same again, on the maps before"
    if place == 0:
        what = "what stands out stays, what is below 0 is cut off"
    return f"After stage {place + 1}: {count} maps of {shape[1]} × {shape[2]}; {what}."


def _class_words(shown: Subject, found: ForwardPass) -> str:
    label, probs = shown.prediction.label, shown.prediction.class_probs
    return (
        f"From the last maps come {found.features:,} numbers, the features. The class head weighs "
        f"them, once for each class: {shown.spec.class_names[label]}, {certainty(probs[label])}."
    )


def _number_words(shown: Subject) -> str:
    if shown.model.fusion.marks_images:
        return f"The number, {shown.prediction.addend}, came with the picture, in ten pixels."
    return f"The number, {shown.prediction.addend}, joins here: ten values, all 0 but one."


def _sum_words(shown: Subject, found: ForwardPass) -> str:
    is_marked = shown.model.fusion.marks_images
    given = "the features and the class probabilities" if is_marked else "these twenty values"
    value, total = found.sum_value, shown.prediction.total
    if found.sum_probs is None:
        return f"From {given} the sum head makes {value:.1f}, which rounds to {total}."
    return (
        f"From {given} the sum head makes a probability for each sum from 0 to 18. It finds the "
        f"sum {total} likeliest ({certainty(found.sum_probs[total])}). The dot is the mean."
    )


@functools.cache
def _player() -> Any:
    """Not at import: it can be registered in a running app only."""
    content, js = ((STATIC_DIR / f"pass.{kind}").read_text("utf-8") for kind in ("html", "js"))
    return st.components.v2.component("forward_pass", html=content, js=js, isolate_styles=False)
