"""The last sections of the Explain page: the three published networks, and what broke them."""

from urllib.parse import urlencode

import streamlit as st

from core.evaluation.loss_breakdown import break_down, broadcast_table
from views.explain import figures
from views.explain.figures import short_number
from views.explain.section import below
from views.inside.subject import Subject
from views.session.link import QUICK, Link, link_query
from views.ui.table import certainty
from views.ui.theme import SAVABLE_CONFIG

FOUR = (0, 3, 6, 9)  # numbers of the broadcast table, far enough apart to be told by their shade


def train_with_bug(bug: str, **settings: str) -> str:
    """A link, in Markdown, to the Train page with a bug switched on and some settings changed."""
    chosen = Link(settings=QUICK.change(settings).settings(), bug=bug)
    return f"[Train with this bug](train?{urlencode(link_query(chosen))})"


B1 = {"dataset": "fashion-mnist", "sum_head": "classification"}
B2 = B1 | {"fusion": "pixels"}
STORIES = (
    (
        "R2 0.2869",
        "A: MNIST, sum as one value. Accuracy of the digit: 0.9859",
        "- Answers were a column, targets a row: the loss compared each answer with every target "
        f"of its batch (idea 9). {train_with_bug('broadcast')}\n"
        "- The label itself was among the inputs: a leak. Outside the data set nobody has it. "
        f"{train_with_bug('label')}\n"
        "- A ReLU cut the class logits before they reached the sum: all evidence against a digit "
        f"was lost. {train_with_bug('relu')}",
    ),
    (
        "0.975 %",
        "B1: Fashion-MNIST, late fusion. Both answers right; chance is 1 %",
        "- One softmax over all 29 outputs, split afterwards: the heads had to share a "
        f"probability of 1. {train_with_bug('shared-softmax', **B1)}\n"
        "- Cross-entropy on top of it takes its own softmax: two of them leave hardly anything "
        f"to learn from (idea 10). {train_with_bug('softmax', **B1)}\n"
        "- The test loader read the training images, so no metric says anything about new ones. "
        f"{train_with_bug('seen-images', **B1)}",
    ),
    (
        "7.34 %",
        "B2: Fashion-MNIST, pixel fusion. Both answers right",
        "- The same shared, doubled softmax and the same test as B1. "
        f"{train_with_bug('shared-softmax', **B2)}\n"
        "- The number was written into the data set's own pictures, not into a copy.\n"
        "- The authors concluded that pixels beat late fusion. That does not follow: both "
        "networks were broken.",
    ),
)


def published_networks(shown: Subject) -> None:
    figures = shown.card.figures
    place = below(
        "Two published course solutions solve this task with three networks. All three failed at "
        "the sum, and none because the task is hard. The network that answers you gets "
        f"**{100 * figures['class_acc']:.2f} %** of the classes right, "
        f"**{100 * figures['joint_acc']:.2f} %** of its cases both right, and R2 "
        f"**{figures['sum_r2']:.3f}** of the sum.",
    )
    for column, (result, what, story) in zip(place.columns(3, gap="large"), STORIES, strict=True):
        column.html(f'<div class="result">{result}</div><div class="note">{what}</div>')
        column.markdown(story)


def column_and_row(shown: Subject) -> None:
    case = broadcast_table(shown.model, shown.pixels, shown.target, FOUR)
    place = below(
        f"This {shown.spec.noun} with the numbers {', '.join(map(str, FOUR))} gives four answers "
        "and four targets. Two lists are compared one by one. But if the answers are a *column*, "
        "`[4, 1]`, and the targets a *list*, `[4]`, torch expands both to a table and compares "
        "**every answer with every target**. There is no error, only a loss that means something "
        "else: right answers look bad, and always answering the mean of the targets looks better. "
        "That is what network A learned. The repair is one `squeeze(1)`. "
        f"{train_with_bug('broadcast')}",
    )
    mean = case.targets.mean().repeat(len(FOUR))
    with place.container(horizontal=True, gap="large", key="pairs"):
        for shapes, what, table in (
            ("[4] − [4] = [4]", "as meant", figures.pairs(case)),
            (
                "[4, 1] − [4] = [4, 4]",
                "the same answers",
                figures.all_pairs(case.answers, case.targets, case.table),
            ),
            (
                "[4, 1] − [4] = [4, 4]",
                "always the mean of the targets",
                figures.all_pairs(mean, case.targets, case.mean_table),
            ),
        ):
            head = f'<div class="head">{shapes}</div><div class="note">{what}</div>'
            st.html(head + table, width="content")


def softmax_twice_section(shown: Subject) -> None:
    case = break_down(shown.model, shown.pixels, shown.prediction.addend, shown.target, 1.0)
    once, twice = short_number(case.class_loss), short_number(case.squashed_loss)
    place = below(
        "Cross-entropy expects logits and takes the softmax itself. Given probabilities, it takes "
        f"a second one, which flattens them: of this {shown.spec.noun}'s "
        f"{certainty(max(case.class_probs))} only {certainty(max(case.squashed))} are left, and "
        f"the loss is **{twice}** where it should be **{once}**. No answer, however sure, gets it "
        "below 1.46: the loss punishes the network for being right, and hardly tells it when it is "
        "wrong. Networks B1 and B2 did this, and shared one softmax between both heads. B1 ended "
        "as a constant: 585 of 60,000 right in each of its last five epochs. "
        f"{train_with_bug('softmax', **B1)}",
    )
    left, right = place.columns(2, gap="large")
    with left:
        st.html(f'<p class="note">This {shown.spec.noun}, class probabilities</p>')
        figure = figures.softmax_twice_figure(case, shown.spec.class_names, shown.palette)
        st.plotly_chart(figure, key="twice", config=SAVABLE_CONFIG, alt="One softmax and two")
    with right:
        st.html('<p class="note">Published training logs, both right of 60,000</p>')
        figure = figures.published_logs(shown.palette)
        st.plotly_chart(figure, key="logs", config=SAVABLE_CONFIG, alt="Published training logs")
