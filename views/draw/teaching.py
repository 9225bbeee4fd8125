"""Teaching, under the canvas: ten labels in the place of the numbers, and how far the learning is.

A visitor labels a drawing; the canvas is empty again for the next one, so a phone need not scroll
from example to example. *Undo* brings the last drawing back. Then *Teach it*, a bar, and "Learned.
Draw another one."
"""

import streamlit as st

from core import finetune
from core.finetune import ExampleError, HandExample
from core.forecast.wait import about
from core.runs.limits import LIMITS
from core.runs.queue import QueueError
from core.runs.run import Run, State
from core.specs import CLASSES
from core.storage.checkpoint import CheckpointError
from core.storage.files import age
from views.session import jobs
from views.session.session import Session, cached_finetune_job
from views.ui.polling import poll
from views.ui.text import plain

FINETUNE_POLL = 0.4  # seconds between polls of a fine-tuning run
USUAL_SECONDS = 15.0  # of a bar, as long as nobody was taught here


def ask_label(session: Session, digit_count: int = 1) -> None:
    """Ten buttons for what the drawing was; then the canvas is empty for the next one.

    `digit_count` says how many digits are drawn: only a single one can be labeled.
    """
    is_allowed = digit_count == 1
    strokes = session.canvas.strokes
    known = {example.strokes: example.label for example in session.examples}.get(strokes)
    chosen = None
    with st.container(key="tell", gap="xsmall"):
        st.html(
            f'<div class="note" role="status">{_label_words(session, known, digit_count)}</div>'
        )
        with st.container(horizontal=True, key="labels"):
            for label in range(CLASSES):
                pressed = st.button(
                    str(label),
                    key=f"tell_{label}",
                    type="primary" if label == known else "secondary",
                    width="stretch",
                    disabled=not is_allowed,
                )
                chosen = label if pressed else chosen
        if chosen is None or not is_allowed:  # a browser may press what is disabled
            return
        try:
            session.examples = finetune.add_examples(
                session.examples, [HandExample(chosen, strokes)], int(LIMITS.examples)
            )
        except ExampleError as error:
            st.warning(plain(error))
        else:
            session.is_teaching = True
            session.canvas = session.canvas.clear()
            session.arrive()
            st.rerun()


def _label_words(session: Session, known: int | None, digit_count: int) -> str:
    if known is not None:
        return f"Kept as {a_label(known)}."
    if not session.is_teaching:
        return "Wrong? Tap what it was:"
    if digit_count > 1:
        return "Draw only one digit, then tap what it is."
    if digit_count:
        return "Tap what it is:"
    if not session.canvas.strokes and session.examples:
        return f"Kept as {a_label(session.examples[-1].label)}. Draw the next one."
    return "Draw a digit, then tap what it is."


def show_teaching(session: Session, digit_count: int) -> None:
    """In the place of the numbers: labels, and what to do with the examples that are kept."""
    with st.container(key="teaching", gap="small"):
        ask_label(session, digit_count)
        with st.container(horizontal=True, key="teaching_actions"):
            teach_button(session, live=False)
            if st.button("Back to adding", key="teaching_ends", type="tertiary"):
                session.is_teaching = False
                st.rerun()


def show_learning(session: Session, finetune_run: Run) -> None:
    """Below the numbers: how far the run is that learns the examples, or why it failed to."""
    live = not finetune_run.state().is_finished
    poll(_progress, FINETUNE_POLL if live else None, session, live)


def teach_button(session: Session, live: bool) -> None:
    """Teach it the examples that are kept, with the time that takes here."""
    count = len(session.examples)
    if not count:
        return
    job = cached_finetune_job(session.link.network)
    seconds = jobs.expected_finetune_seconds()
    time = f" (about {about(seconds)})" if seconds else ""
    pressed = st.button(
        f"Teach it these {count}{time}" if count > 1 else f"Teach it this one{time}",
        key="teach",
        type="primary",
        icon=":material/school:",
        disabled=live or (job is not None and job.examples == session.examples),
    )
    if pressed:
        _start_finetune(session)


def _start_finetune(session: Session) -> None:
    try:
        jobs.start_finetune(session)
    except (CheckpointError, QueueError) as error:
        st.error(plain(error))
    except OSError as error:
        st.error(f"The run could not be written to disk ({error.strerror}). Try again later.")
    else:
        session.is_teaching = False
        session.arrive()
        st.rerun()


def _progress(session: Session, live: bool) -> None:
    """How far the run is. Polls while it lives; runs the whole page once it ends."""
    run = jobs.current_finetune(session)
    if live and (run is None or run.state().is_finished):
        st.rerun()
    if run is None:
        return
    now = run.state()
    with st.container(key="teach_status"):
        if now.is_finished:
            st.warning(f"{plain(now.message)} Your examples are kept.")
        else:
            st.progress(_share(run, now), text=plain(_progress_words(run, now)))


def _share(run: Run, now: State) -> float:
    """By the time that it takes here: learning is one long step. Never full before it is over."""
    if now.name == "queued":
        return 0.0
    expected = jobs.expected_finetune_seconds() or USUAL_SECONDS
    return min(0.95, age(run.created() / 1e9) / expected)


def _progress_words(run: Run, now: State) -> str:
    if now.name == "queued":
        return jobs.waiting_words(run)
    if now.name == "evaluating":
        return "Testing it on MNIST."
    return now.message or "Learning your handwriting."


def a_label(label: int) -> str:
    """A digit with its article."""
    return f"an {label}" if label == 8 else f"a {label}"
