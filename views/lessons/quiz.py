"""The sabotage quiz: a network with a hidden bug, trained here; the visitor says which.

The run's id stays in the session, so neither the address nor any page names it before the visitor
has said which bug it is and on which line: whoever had the id could look the bug up.
"""

import html
import random

import streamlit as st

from core.recipes.bugs import BUGS, what_gave_it_away
from core.recipes.code import BUGGY_LINES, STEP, buggy_step, diff
from core.recipes.settings import SettingError, Value
from core.runs.queue import QueueError
from core.runs.run import WAITING
from core.runs.snapshot import RunSnapshot
from core.specs import ADDENDS
from core.storage.checkpoint import Card, CheckpointError, read_card
from views.lessons import charts
from views.session import jobs
from views.session.navigation import go_to
from views.session.session import Quiz, Session, get_session
from views.ui.polling import poll
from views.ui.style import TEXT_WIDTH, current_palette
from views.ui.text import plain
from views.ui.theme import BARE_CONFIG

# Bugs that show in a short run: tests/views/lessons/test_symptoms.py trains with each.
QUIZ_BUGS = ("broadcast", "softmax", "shared-softmax", "relu", "label", "seen-images")
QUIZ_SETTINGS: dict[str, Value] = {"images": 2_000, "epochs": 10}
POLL = 0.7  # seconds
NONE = "No bug"
CHOICES = {name: bug.title if name else NONE for name, bug in BUGS.items()}


def show_quiz() -> None:
    """Start, watch, say which bug, say which line, see the truth."""
    session = get_session()
    st.subheader("Quiz: find the sabotage", anchor="quiz")
    st.markdown(
        "Somebody put one of the published bugs into the code. Train the network, read its curves "
        "and figures, and say what is wrong. Then find the line. (3 min, advanced)",
        width=TEXT_WIDTH,
    )
    snapshot = jobs.quiz_run(session)
    if session.quiz is None or snapshot is None:
        _start(session, "Train the sabotaged network")
        return
    if not snapshot.state.is_usable:
        is_live = not snapshot.state.is_finished
        poll(_progress, POLL if is_live else None, session, is_live)
        if not is_live:
            _start(session, "Train it again")
        return
    try:
        card = read_card(snapshot.run.checkpoint)
    except (OSError, CheckpointError):
        st.warning("The files of this run are damaged. Train another network.")
        _start(session, "Train it again")
        return
    _evidence(snapshot, card)
    _ask(session, session.quiz, snapshot, card)


def _start(session: Session, words: str) -> None:
    if not st.button(words, key="quiz_start", type="primary", icon=":material/play_arrow:"):
        return
    last = session.quiz.bug if session.quiz else ""
    bug = random.SystemRandom().choice([name for name in QUIZ_BUGS if name != last])
    try:
        jobs.start_quiz(session, bug, QUIZ_SETTINGS)
    except (SettingError, QueueError) as error:
        st.error(plain(error))
    except OSError as error:
        st.error(f"The run could not be written to disk ({error.strerror}). Try again later.")
    else:
        st.rerun()


def _progress(session: Session, was_live: bool) -> None:
    """How far it is. Polls while it lives; runs the whole page once it ends."""
    snapshot = jobs.quiz_run(session)
    if was_live and (snapshot is None or snapshot.state.is_finished):
        st.rerun()
    if snapshot is None:
        return
    now, last = snapshot.state, snapshot.last
    if now.is_finished:
        st.warning(plain(now.message or "It was not trained."))
        return
    share = last["step"] / last["steps"] if last else 0.0
    words = jobs.waiting_words(snapshot.run) if now.name in WAITING else "Training"
    st.progress(min(1.0, share), text=plain("Testing it" if now.name == "evaluating" else words))
    _curves(snapshot)


def _curves(snapshot: RunSnapshot) -> None:
    epochs = snapshot.recipe.train.epochs if snapshot.recipe else 1
    history = [
        {**record, "epochs_done": epochs * record["step"] / record["steps"]}
        for record in snapshot.history
    ]
    palette = current_palette()
    left, right = st.columns(2)
    for column, chart, alt in (
        (left, charts.losses_apart, "Loss of each head by epoch"),
        (right, charts.accuracies_apart, "Accuracy of each head by epoch"),
    ):
        with column:
            key = f"quiz_{chart.__name__}"
            st.plotly_chart(chart(history, palette), key=key, config=BARE_CONFIG, alt=alt)


def _evidence(snapshot: RunSnapshot, card: Card) -> None:
    """Curves and figures, as any run has them."""
    _curves(snapshot)
    st.caption("Thin: images it learns from. Dots: what the code calls its validation images.")
    last = next((r for r in reversed(snapshot.history) if "val_loss" in r), None)
    rows = [("Training", snapshot.last, ""), ("Validation", last, "val_")]
    body = "".join(
        f"<tr><th>{name}</th>{_cells(record, start)}<td></td></tr>"
        for name, record, start in rows
        if record
    )
    figures = card.figures
    body += f"<tr><th>Test</th>{_cells(figures, '')}<td>{figures['sum_r2']:.2f}</td></tr>"
    head = "".join(
        f"<th>{title}</th>"
        for title in ("Class loss", "Class", "Rounded sum", "Both right", "R² of the sum")
    )
    with st.container(key="quiz_figures"):
        st.html(
            '<table class="figures"><caption>In the end</caption>'
            f"<tr><td></td>{head}</tr>{body}</table>"
        )
        st.html(_answered_classes(card))


def _answered_classes(card: Card) -> str:
    """How often each class is answered: a class that is silent stands out."""
    counts = [sum(column) / ADDENDS for column in zip(*card.confusion, strict=True)]
    head = "".join(f"<th>{label}</th>" for label in range(len(counts)))
    body = "".join(f"<td>{count:,.0f}</td>" for count in counts)
    return (
        '<div class="wide" tabindex="0" role="region" aria-label="Answers by class">'
        '<table class="figures"><caption>How often each class is answered, of 10,000 test images'
        f"</caption><tr><td>Class</td>{head}</tr><tr><th>Answers</th>{body}</tr></table></div>"
    )


def _cells(record: object, start: str) -> str:
    assert isinstance(record, dict)
    loss = record.get(f"{start}class_loss")
    shares = (record[f"{start}{key}"] for key in ("class_acc", "sum_acc", "joint_acc"))
    cells = [f"{loss:.2f}" if loss is not None else "", *(f"{100 * s:.1f} %" for s in shares)]
    return "".join(f"<td>{cell}</td>" for cell in cells)


def _ask(session: Session, quiz: Quiz, snapshot: RunSnapshot, card: Card) -> None:
    """First the bug, then its line, then the truth."""
    if quiz.diagnosis is None:
        chosen = st.radio(
            "What is wrong with it?",
            list(CHOICES),
            None,
            format_func=CHOICES.__getitem__,
            captions=[BUGS[name].about for name in CHOICES],
            key="quiz_diagnosis",
        )
        if st.button("That is it", key="quiz_diagnose", type="primary", disabled=chosen is None):
            quiz.diagnosis = chosen if chosen in CHOICES else None
            st.rerun()
        return
    if quiz.line is None:
        st.markdown(f"You say: **{CHOICES[quiz.diagnosis]}**. Which line of the step does that?")
        lines = buggy_step(quiz.bug)
        at = st.radio(
            "The line",
            range(len(lines)),
            None,
            format_func=lambda number: f"`{number + 1:2} {lines[number]}`",
            key="quiz_line",
            label_visibility="collapsed",
        )
        if st.button("This line", key="quiz_answer", type="primary", disabled=at is None):
            quiz.line = at if isinstance(at, int) and 0 <= at < len(STEP) else None
            st.rerun()
        return
    _truth(session, quiz, snapshot, card)


def _truth(session: Session, quiz: Quiz, snapshot: RunSnapshot, card: Card) -> None:
    bug, at = BUGS[quiz.bug], BUGGY_LINES[quiz.bug][0]
    assert quiz.diagnosis is not None and quiz.line is not None
    verdicts = [
        _verdict(quiz.diagnosis == quiz.bug, "the bug", CHOICES[quiz.diagnosis]),
        _verdict(quiz.line == at, "the line", f"line {quiz.line + 1}"),
    ]
    with st.container(key="quiz_truth", gap="small"):
        st.html(f'<div role="status">{"".join(verdicts)}</div>')
        st.markdown(f"**It was: {bug.title}.** {bug.about}")
        said = what_gave_it_away(quiz.bug, card.figures, card.confusion, snapshot.history)
        st.markdown(f"**What gave it away.** {said}")
        st.markdown(f"Line {at + 1}, as it was and as it should be:")
        st.html(_diff_html(quiz.bug))
        with st.container(horizontal=True):
            _start(session, "Another one")
            if st.button("See this run on the Train page", key="quiz_open"):
                session.own_runs.append(quiz.run)
                session.choose(run=quiz.run)
                go_to("train")


def _diff_html(bug: str) -> str:
    """The wrong line and the right one, with their marks."""
    lines = zip(("wrong", "right"), diff(bug).splitlines(), strict=True)
    rows = "".join(f'<div class="{kind}">{html.escape(line)}</div>' for kind, line in lines)
    return f'<code class="diff">{rows}</code>'


def _verdict(is_right: bool, what: str, said: str) -> str:
    kind, mark, word = ("right", "✓", "Right") if is_right else ("wrong", "✗", "Wrong")
    return f'<div class="verdict {kind}">{mark} {word} about {what}: {html.escape(said)}</div>'
