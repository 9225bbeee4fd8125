"""The Explain page's last ideas: the three published networks, and what went wrong in them."""

from urllib.parse import urlencode

import streamlit as st

from core import anatomy, link
from core.link import QUICK, Link
from views import charts, explain_charts
from views.explain_charts import number
from views.idea import Shown, below
from views.table import certainty

FOUR = (0, 3, 6, 9)  # numbers of the broadcast table, far enough apart to be told by their shade


def put_in(bug: str, **settings: str) -> str:
    """A link, in Markdown, to the Train page with a bug switched on and some settings changed."""
    chosen = Link(settings=QUICK.change(settings).settings(), bug=bug)
    return f"[Train with this bug](train?{urlencode(link.query(chosen))})"


B1 = {"dataset": "fashion-mnist", "sum_head": "classification"}
B2 = B1 | {"fusion": "pixels"}
PUBLISHED = (
    (
        "R2 0.2869",
        "A: MNIST, sum as one value. Accuracy of the digit: 0.9859",
        "- Answers stood in a column, targets in a row: each answer was compared with every "
        f"target of its batch (idea 9). {put_in('broadcast')}\n"
        "- The label itself was among the inputs: a leak. Outside the data set nobody has it. "
        f"{put_in('label')}\n"
        "- A ReLU cut the class logits before they reached the sum: all that spoke against a "
        f"digit was lost. {put_in('relu')}",
    ),
    (
        "0.975 %",
        "B1: Fashion-MNIST, late fusion. Both answers right; chance is 1 %",
        "- One softmax over all 29 outputs, cut in two afterwards: the heads had to share a "
        f"probability of 1. {put_in('shared-softmax', **B1)}\n"
        "- Cross-entropy on top of it takes a softmax of its own: two of them leave hardly "
        f"anything to learn from (idea 10). {put_in('softmax', **B1)}\n"
        "- The test loader read the training images, so no figure says anything about new ones. "
        f"{put_in('seen-images', **B1)}",
    ),
    (
        "7.34 %",
        "B2: Fashion-MNIST, pixel fusion. Both answers right",
        "- The same shared, doubled softmax and the same test as its sister. "
        f"{put_in('shared-softmax', **B2)}\n"
        "- The number was written into the data set's own pictures, not into a copy.\n"
        "- The conclusion was that pixels beat late fusion. It does not follow: both networks "
        "were broken.",
    ),
)


def published(shown: Shown) -> None:
    figures = shown.card.figures
    place = below(
        "Two course solutions were published for this task, with three networks. All three failed "
        "at the sum, and none because the task is hard. The network that answers you gets "
        f"**{100 * figures['class_acc']:.2f} %** of the classes right, "
        f"**{100 * figures['joint_acc']:.2f} %** of its cases both right, and R2 "
        f"**{figures['sum_r2']:.3f}** of the sum.",
    )
    for column, (result, what, story) in zip(place.columns(3, gap="large"), PUBLISHED, strict=True):
        column.html(f'<div class="result">{result}</div><div class="note">{what}</div>')
        column.markdown(story)


def column_and_row(shown: Shown) -> None:
    case = anatomy.broadcast(shown.model, shown.image, shown.target, FOUR)
    place = below(
        f"This {shown.spec.noun} with the numbers {', '.join(map(str, FOUR))} gives four answers "
        "and four targets. As two lists they are compared one by one. But if the answers "
        "are a *column*, `[4, 1]`, and the targets a *list*, `[4]`, torch fills up both to a table "
        "and compares **every answer with every target**. No error, only a loss that means "
        "something else: right answers look bad, and always answering the mean of the targets "
        "looks better. That is what network A learned. The repair is one `squeeze(1)`. "
        f"{put_in('broadcast')}",
    )
    mean = case.targets.mean().repeat(len(FOUR))
    with place.container(horizontal=True, gap="large", key="pairs"):
        for shapes, what, table in (
            ("[4] − [4] = [4]", "as meant", explain_charts.pairs(case)),
            (
                "[4, 1] − [4] = [4, 4]",
                "the same answers",
                explain_charts.all_pairs(case.answers, case.targets, case.table),
            ),
            (
                "[4, 1] − [4] = [4, 4]",
                "always the mean of the targets",
                explain_charts.all_pairs(mean, case.targets, case.mean_table),
            ),
        ):
            head = f'<div class="head">{shapes}</div><div class="note">{what}</div>'
            st.html(head + table, width="content")


def twice(shown: Shown) -> None:
    case = anatomy.work_out(shown.model, shown.image, shown.prediction.addend, shown.target, 1.0)
    once, twice = number(case.class_loss), number(case.squashed_loss)
    place = below(
        "Cross-entropy expects logits and takes the softmax itself. Given probabilities, it takes "
        f"a second one, which flattens them: of this {shown.spec.noun}'s "
        f"{certainty(max(case.class_probs))} only {certainty(max(case.squashed))} are left, and "
        f"the loss is **{twice}** where it should be **{once}**. No answer, however sure, gets it "
        "below 1.46: the network is punished for being right, and hardly told when it is wrong. "
        "Networks B1 and B2 did this, and shared the one softmax between both heads. B1 ended as "
        "a constant: 585 of 60,000 right in each of its last five epochs. "
        f"{put_in('softmax', **B1)}",
    )
    left, right = place.columns(2, gap="large")
    with left:
        st.html(f'<p class="note">This {shown.spec.noun}, class probabilities</p>')
        figure = explain_charts.softmax_twice(case, shown.spec.class_names, shown.palette)
        st.plotly_chart(figure, key="twice", config=charts.SAVED, alt="One softmax and two")
    with right:
        st.html('<p class="note">Published training logs, both right of 60,000</p>')
        figure = explain_charts.published_logs(shown.palette)
        st.plotly_chart(figure, key="logs", config=charts.SAVED, alt="Published training logs")
