"""The examples of a visitor's handwriting, on the Draw page, and what teaching them changed.

They are drawn and taught under the canvas: see teaching.py.
"""

from functools import partial

import numpy as np
import streamlit as st

from core import finetune
from core.data.drawing import Pixels
from core.finetune import ExampleError, HandExample
from core.runs.limits import LIMITS
from core.runs.run import Run
from core.storage.checkpoint import Card, CheckpointError
from views.draw.teaching import a_label, teach_button
from views.server.heavy import heavy_work
from views.server.uploads import free_upload
from views.session import networks
from views.session.session import Session, cached_finetune_job, draw_all
from views.ui.images import image_tag
from views.ui.table import percent
from views.ui.text import plain

EXAMPLE_SIDE = 56  # CSS pixels of an example


def show_handwriting(session: Session, finetune_run: Run | None) -> None:
    """The visitor's examples, how the network reads them, and what teaching changed.

    `finetune_run` is the run that learns them, or that failed to: see teaching.py.
    """
    try:
        model, card, _ = networks.answering_network(session)
    except CheckpointError:
        return  # said above
    if not finetune.can_finetune(model):
        return
    live = finetune_run is not None and not finetune_run.state().is_finished
    with st.container(key="hand"):
        st.markdown("#### Teach it your handwriting")
        if session.examples:
            images = np.stack([example.image for example in session.examples])
            read = networks.cached_labels(model, card, images)
            _examples(session, read)
            _effect(session, card, images, read)
        else:
            st.write(
                "Does it misread your writing? Draw a digit, tap what it was, a few times, then "
                "Teach it. Ten examples do a lot."
            )
        _actions(session, live)


def _examples(session: Session, read: list[int]) -> None:
    """Each as a small picture, with its label and whether the network now reads it so."""
    with st.container(horizontal=True, key="examples"):
        for number, (example, label) in enumerate(zip(session.examples, read, strict=True), 1):
            name = f"example {number}, {a_label(example.label)}"
            mark = "✓ read" if label == example.label else f"✗ read as {label}"
            with st.container(key=f"mine_{number}", width="content", gap=None):
                st.html(
                    f"{image_tag(example.image, EXAMPLE_SIDE, name)}<div>{example.label}</div>"
                    f'<div class="note">{mark}</div>'
                )
                st.button(
                    f"Remove {name}",
                    key=f"remove_{number}",
                    icon=":material/close:",
                    type="tertiary",
                    on_click=_remove,
                    args=(session, example),
                )


def _remove(session: Session, example: HandExample) -> None:
    session.examples = [other for other in session.examples if other != example]


def _effect(session: Session, card: Card, images: Pixels, read: list[int]) -> None:
    """What the network could read before it was taught, and what it can read now."""
    job = cached_finetune_job(session.link.network)
    if job is None:
        return
    try:
        base, base_card = networks.load_network(job.base)
    except CheckpointError:
        return  # no longer kept: there is nothing to compare with
    labels = [example.label for example in session.examples]
    before, after = base_card.figures["class_acc"], card.figures["class_acc"]
    rows = ""
    for title, said, share in (
        ("Before", networks.cached_labels(base, base_card, images), before),
        ("Taught", read, after),
    ):
        right = f"{np.equal(said, labels).sum()} of {len(labels)}"
        rows += f"<tr><th>{title}</th><td>{right}</td><td>{percent(share)}</td></tr>"
    points = f"{100 * (after - before):+.2f}".replace("-", "−")
    st.html(
        '<table class="figures"><caption>What it reads</caption><tr><td></td><th>Your examples</th>'
        f'<th>MNIST test images</th></tr>{rows}<tr class="note"><th>Change</th><td></td>'
        f"<td>{points} points</td></tr></table>"
    )


def _actions(session: Session, live: bool) -> None:
    """Begin, or teach; save and load the examples."""
    with st.container(horizontal=True, key="hand_actions"):
        if not (session.is_teaching and session.source == "draw"):  # there it is under the canvas
            teach_button(session, live)
            more = "Draw more examples" if session.examples else "Draw examples"
            if st.button(more, key="teaching_begins", icon=":material/draw:"):
                session.is_teaching, session.source = True, "draw"
                session.canvas = session.canvas.clear()
                session.arrive()
                st.rerun()
        if session.examples:
            st.download_button(
                "Download examples",
                partial(finetune.dump_examples, session.examples),
                "my-hand.jsonl",
                key="download_examples",
                icon=":material/download:",
                on_click="ignore",
            )
        with st.popover("Load examples", icon=":material/upload:", key="load_examples"):
            _load(session)


def _load(session: Session) -> None:
    file = st.file_uploader(
        "A file that you downloaded here",
        "jsonl",
        key=f"examples_{session.loaded_example_files}",  # an empty one after each file
        max_upload_size=int(LIMITS.examples_megabytes),
    )
    if file is None:
        return
    if file.size > LIMITS.examples_megabytes * 10**6:  # the browser was told, but need not obey
        most_words = f"{LIMITS.examples_megabytes:g} MB"
        st.warning(f"A file of examples may have up to {most_words}. Choose another file.")
        return
    try:
        most = int(LIMITS.examples)
        with heavy_work():
            text = file.getvalue().decode("utf-8-sig", errors="replace")  # Windows may write a BOM
            found = finetune.parse_examples(text, most)
        if not found:
            raise ExampleError("The file has no examples.")
        draw_all(found)
        session.examples = finetune.add_examples(session.examples, found, most)
    except ExampleError as error:
        st.warning(f"{plain(error)} Choose another file.")
    else:
        free_upload(file)
        session.loaded_example_files += 1
        st.rerun()
