"""The sections of the Explain page, in order: data, network, filters, fusion, losses, stories."""

import html
import inspect
import random
import textwrap
from collections.abc import Callable
from functools import partial

import streamlit as st
import torch

from core import dataset
from core.data.drawing import IMAGE_SIDE
from core.dataset import SUM_CLASSES, Split
from core.evaluation.layers import feature_maps, first_filters, fusion_inputs, network_layers
from core.evaluation.loss_breakdown import break_down
from core.model import SumNet
from core.recipes.bugs import BUGS
from core.recipes.recipe import Recipe
from core.specs import ADDENDS
from core.trainer import TrainConfig
from views.explain import diagram, figures
from views.explain.published import column_and_row, published_networks, softmax_twice_section
from views.explain.section import below, beside
from views.inside.subject import Subject
from views.session.session import get_session
from views.ui.images import data_uri, montage, shades
from views.ui.text import plain
from views.ui.theme import SAVABLE_CONFIG

MAX_MAPS = 64  # feature maps a stage at most; more would be a wall
SOUND_WORDS = (
    "The label is nowhere among the inputs, and the sum head never gets the decision of the class "
    "head."
)


def _data(shown: Subject) -> None:
    addend = shown.prediction.addend
    taken = (
        f"(Nobody knows what the {shown.spec.noun} is, so this page takes the network's answer as "
        "the label.)"
    )
    label = plain(shown.label)
    count = "" if shown.spec.own else "60,000 "
    right = beside(
        f"A picture of **{label}** with the number **{addend}** has two right answers: the "
        f"*label*, {label}, and the *sum*, {shown.total}. "
        f"{taken if shown.image.label is None else ''}\n\n"
        f"{plain(shown.spec.title)} has {count}pictures to learn from, and no numbers. The number "
        "is drawn again each time a picture comes up, so the network never knows which sum belongs "
        "to a picture. It cannot memorize sums: it has to read and to add."
    )
    target = torch.tensor([shown.target])
    images = torch.from_numpy(shown.pixels.copy()).view(1, 1, *shown.pixels.shape)
    rng = torch.Generator().manual_seed(addend)
    again = dataset.pair(Split(images, target), torch.zeros(3, dtype=torch.int64), rng)
    pairs = list(zip(again.addends.tolist(), again.sums.tolist(), strict=True))
    with right:
        st.html(figures.example(shown.pixels, addend, shown.label, shown.total))
        st.html('<p class="note">The next times this picture comes up:</p>')
        st.html(figures.more_examples(shown.pixels, shown.label, pairs))
        session = get_session()
        if "number" in session.link.hidden:
            return
        others = [number for number in range(ADDENDS) if number != addend]
        st.button(
            "Roll another number",
            key="explain_roll",
            icon=":material/casino:",
            disabled="number" in session.link.locked,
            on_click=partial(_choose_number, random.choice(others)),
        )


def _choose_number(addend: int) -> None:
    get_session().choose(addend=addend)


def _two_inputs(shown: Subject) -> None:
    addend = shown.prediction.addend
    right = beside(
        f"**The picture** gets the form of {plain(shown.spec.title)}: "
        f"{shown.spec.form_words}\n\n"
        "**The number** is a *one-hot* vector: ten values, all 0 but one. To the network, a 9 is "
        "not more than a 1, only another case, and ten cases are easy to tell apart.",
    )
    right.html(figures.two_inputs(shown.image.ink, shown.pixels, addend))


def _broken(shown: Subject) -> str:
    """What is wrong with a network that somebody broke on purpose; "" of a sound one."""
    bug = BUGS[shown.model.config.bug]
    return f"**This network was broken on purpose.** {bug.about}" if bug.name else ""


def _network_section(shown: Subject) -> None:
    layers = network_layers(shown.model)
    fusion = shown.model.fusion
    way = f"This network has *{fusion.words.said}*: {fusion.way}."
    margin = shown.model.config.margin
    side = IMAGE_SIDE - 2 * margin
    without = f" (without its empty margin of {margin} pixels)" if margin else ""
    shapes = {layer.name: layer.shape for layer in layers}
    sides = [side, *(shapes[f"encoder.{end}"][1] for end in shown.model.encoder.stage_ends)]
    right = beside(
        f"The **encoder** gets the picture{without} and {shown.model.encoder.way}: "
        f"{' → '.join(map(str, sides))}, fewer places, but more known about each. What remains, "
        "the features, goes to two heads: the **class head** says which "
        f"{shown.spec.noun} it is, the **sum head** says {shown.spec.noun} plus number. {way}\n\n"
        f"{_broken(shown) or SOUND_WORDS}",
    )
    case = diagram.Case(
        image=data_uri(shown.pixels),
        addend=shown.prediction.addend,
        name=shown.spec.class_names[shown.prediction.label],
        total=shown.prediction.total,
        marks_images=fusion.marks_images,
        fusion=fusion.words.said,
    )
    right.html(diagram.diagram(layers, case, shown.palette))
    with right.expander("Every layer"):
        st.html(diagram.layers_table(layers))


def _code(shown: Subject) -> None:
    place = below(
        "This is the network's own `forward`, as it runs here, from `core/model.py`: one stage and "
        "one shape per line. B is the number of pictures in a batch, F the number of features. "
        f"{_broken(shown)}",
    )
    place.code(textwrap.dedent(inspect.getsource(SumNet.forward)), language="python")


def _inside_section(shown: Subject) -> None:
    filters = first_filters(shown.model)
    stages = feature_maps(shown.model, shown.pixels, shown.prediction.addend)
    size, places = filters.shape[1], stages[-1].shape[1]
    made = f"Nobody wrote these **filters**: training found {len(filters)} patches"
    if shown.model.encoder.fixed_filters:
        made = f"These **filters** are waves, which training left alone: {len(filters)} patches"
    right = beside(
        f"{made} of {size} × {size} weights. Each slides over the picture and answers strongly "
        "where the picture resembles it: an edge, a bend, a corner.\n\n"
        "Their answers to this picture are **feature maps**. After the first stage you still "
        f"recognize it. After the last, {places} × {places} places are left, and each map says how "
        "much of something there is, and roughly where.",
    )
    extent = float(abs(filters).max())
    with right:
        st.html(
            montage(shades(filters, -extent, extent), "Filters")
            + '<p class="note">Filters of the first convolution. Grey is 0, white the largest '
            "weight, black the same below 0.</p>"
        )
        for number, maps in enumerate(stages, start=1):
            some = maps[:MAX_MAPS]
            grey = shades(some, 0, float(maps.max()))
            count = f"{len(maps)}" if len(maps) <= MAX_MAPS else f"{MAX_MAPS} of the {len(maps)}"
            side = maps.shape[1]
            scale = "" if number > 1 else " Black is 0, white the strongest answer of the stage."
            st.html(
                montage(grey, f"Feature maps after stage {number}")
                + f'<p class="note">After stage {number}: {count} maps of {side} × {side}.{scale}'
            )


def _meeting(shown: Subject) -> None:
    meeting = fusion_inputs(shown.model, shown.pixels, shown.prediction.addend)
    place = below(
        "There are two ways. The published networks A and B1 took the first, B2 the second; the "
        f"network that answers you has *{shown.model.fusion.words.said}*.",
    )
    left, right = place.columns(2, gap="large")
    with left:
        st.markdown(
            "**Late**: the sum head gets the ten class probabilities and the ten values of the "
            "number, and learns addition from these twenty. It gets the probabilities, not the "
            "decision: a decision (argmax) has no gradient, so the sum could teach the encoder "
            "nothing."
        )
        names = [str(number) for number in range(ADDENDS)]
        sharpened = " (sharpened)" if shown.model.sum_head.sharpness > 1 else ""
        st.html(
            f'<p class="note">class probabilities{sharpened}:</p>'
            + figures.strip(meeting.probs.tolist(), names, "class")
            + '<p class="note">number, one-hot:</p>'
            + figures.strip(meeting.onehot.tolist(), names, "plain")
            + (
                '<p class="note">Classes by number: '
                + html.escape(
                    ", ".join(f"{n} {name}" for n, name in enumerate(shown.spec.class_names))
                )
                + "</p>"
                if shown.spec.class_names[0] != "0"
                else ""
            )
        )
    with right:
        st.markdown(
            "**Pixels**: the number is written into the last ten pixels of the last row, white "
            "for 1, in a *copy* of the picture. The encoder has to find it there and carry it "
            "through every stage to the sum head. That is much harder, and it works."
        )
        st.html(figures.marked(meeting.marked))


def _smoothed(train: TrainConfig) -> str:
    """How the class loss of this training differs from the one that is worked out."""
    if not train.label_smoothing:
        return ""
    eased = f" and its logits divided by {train.temperature:g}" if train.temperature != 1 else ""
    return (
        f" Its labels were smoothed by {train.label_smoothing:g}{eased}, so in training being too "
        "sure cost a little, too; below is the loss without that."
    )


def _losses(shown: Subject) -> None:
    head, train = shown.model.sum_head, Recipe.read(shown.card.params).train
    weight = train.sum_weight
    case = break_down(shown.model, shown.pixels, shown.prediction.addend, shown.target, weight)
    place = below(
        "The **class head** chooses among ten, so its loss is *cross-entropy*: how surprised it is "
        "by the right answer. Being sure and right costs nothing, sure and wrong costs a lot. "
        f"The **sum head** {head.loss_words}\n\n"
        "Their sum is the `joint_loss`, and one optimizer step serves both heads and the encoder "
        "that they share. The weight keeps them in balance: before training, the class loss is "
        f"about 2.3, ln 10, and about {head.first_loss}. This network was trained with "
        f"`sum_weight` {weight:g}.{_smoothed(train)}",
    )
    with place:
        st.html(figures.worked(case, head, shown.name, shown.model.trained_count))
        left, right = st.columns(2, gap="large")
        with left:
            st.html('<p class="note">class_loss, had the label been …</p>')
            figure = figures.if_it_were(
                case.by_label, shown.spec.class_names, case.label, shown.palette.class_head
            )
            st.plotly_chart(
                figure, key="by_label", config=SAVABLE_CONFIG, alt="Class loss by label"
            )
        with right:
            st.html('<p class="note">sum_loss, had the sum been …</p>')
            sums = [str(number) for number in range(SUM_CLASSES)]
            figure = figures.if_it_were(case.by_total, sums, case.total, shown.palette.sum_head)
            st.plotly_chart(figure, key="by_total", config=SAVABLE_CONFIG, alt="Sum loss by sum")


SECTIONS: dict[str, Callable[[Subject], None]] = {
    "The data, by one example": _data,
    "Two inputs": _two_inputs,
    "The network": _network_section,
    "The same in code": _code,
    "What it looks for, what it finds": _inside_section,
    "Where the two inputs meet": _meeting,
    "Two losses, one step": _losses,
    "Three published results": published_networks,
    "A column against a row": column_and_row,
    "A softmax too many": softmax_twice_section,
}
