"""The panel of the tour or of a lesson, at the lower edge of every page.

It stands behind the page, so nothing that it shows moves the canvas. Its step points at a control
with a frame, waits until the task is done, and says what was seen. guide.js scrolls to the control,
and reads the step to those who hear the page.
"""

import functools
import html
import re
from pathlib import Path
from typing import Any

import streamlit as st

from views.guide.courses import (
    begin_lesson,
    close,
    current_course,
    go_on,
    next_lesson,
    prepare_step,
    step_place,
)
from views.guide.steps import Course, CourseQuestion, Step, words_of
from views.session.navigation import go_to, page_name, page_title
from views.session.session import Guess, Session, get_session

GUIDE_FILES = Path(__file__).parent
KEYS = "From anywhere on the page: Ctrl+Enter"  # see guide.js
FRAME_CSS = "outline: 3px solid var(--class-head); outline-offset: 4px; border-radius: 10px;"
MARKUP = re.compile(r"[*`]")


def show_guide() -> None:
    """Behind every page, always: an element that comes and goes would move others."""
    st.html(GUIDE_FILES / "guide.css")
    with st.container(key="guide", gap="xsmall"):
        st.fragment(_panel)()


def sees(session: Session) -> bool:
    """Has something just been done that the panel waits for? Then the whole page has to run."""
    course = current_course(session)
    return course is not None and course.look(session, course.steps[step_place(session, course)])


def _panel() -> None:
    session = get_session()
    course = current_course(session)
    if course is None:
        _script()(data={}, key="guide_script", width="content")
        return
    place = step_place(session, course)
    step = course.steps[place]
    course.look(session, step)
    if prepare_step(session, course, step):
        st.rerun()
    story = course.story(session)
    is_done, is_here = course.is_done(step, story), step.page in (None, page_name(session))
    told = words_of(step.told, story) if is_done else ""
    text = told or words_of(step.says, story)
    targets = step.targets if is_here and not told else ()
    st.html(_head(course, place) + _frame(targets))
    st.markdown(text)
    guess = _ask(course, step, step.question) if step.question else None
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key="guide_row"):
        _on(session, course, place, guess, is_here=is_here, is_done=is_done)
        _script()(
            data={
                "step": f"{course.name} {place} {bool(told)} {is_here}",
                "targets": [f".st-key-{key}" for key in targets],
                "spoken": f"{course.title}, step {place + 1}. {MARKUP.sub('', text)}",
            },
            key="guide_script",
            width="content",
        )
        _away(session, course, place)


def _frame(targets: tuple[str, ...]) -> str:
    """A style sheet that frames the controls with these keys."""
    rules = "".join(f".st-key-{key} {{ {FRAME_CSS} }}" for key in targets)
    return f"<style>{rules}</style>"


def _head(course: Course, place: int) -> str:
    """What this is, and how far: a dot for each step."""
    dots = "".join(
        f"<i{' class=past' if n <= place else ''}></i>" for n in range(len(course.steps))
    )
    title = course.title if course.name == "tour" else f"Lesson: {course.title}"
    where = f"{html.escape(title)}, {place + 1} of {len(course.steps)}"
    return f'<div class="guide-step">{where}<span class="guide-dots">{dots}</span></div>'


def _ask(course: Course, step: Step, question: CourseQuestion) -> Guess | None:
    """The question's options or its slider; None as long as nothing was chosen."""
    session = get_session()
    kept = course.story(session).guesses.get(step.name)
    key = f"guess_{course.name}_{step.name}"
    if not question.options:
        low, high, start = question.numbers
        begins = kept if isinstance(kept, int) else start
        said = st.slider(
            f"Your guess ({question.unit})", low, high, begins, key=key, width="stretch"
        )
        return question.check(said)
    names = list(question.options)
    chosen = st.radio(
        "Your guess",
        names,
        names.index(kept) if kept in names else None,
        format_func=question.options.__getitem__,
        horizontal=True,
        key=key,
        label_visibility="collapsed",
    )
    return question.check(chosen)


def _on(
    session: Session,
    course: Course,
    place: int,
    guess: Guess | None,
    *,
    is_here: bool,
    is_done: bool,
) -> None:
    """The button that leads on, as far as that goes now."""
    step, is_last = course.steps[place], place + 1 == len(course.steps)
    if not is_done and not is_here and step.page is not None:
        if _main(f"Go to {page_title(step.page)}"):
            go_to(step.page)
    elif step.question:
        if _main("Keep my guess", is_off=guess is None) and guess is not None:
            course.guess(session, step, guess)
            go_on(session, course, place + 1)
    elif not is_done:
        _main("Waiting", is_off=True)
    elif is_last:
        _ending(session, course)
    elif _main("Next"):
        go_on(session, course, place + 1)


def _away(session: Session, course: Course, place: int) -> None:
    """Back a step, or out."""
    if place and st.button("Back", key="guide_back", type="tertiary"):
        go_on(session, course, place - 1)
    what = "Close the tour" if course.name == "tour" else "Leave the lesson"
    if st.button("Close", help=what, key="guide_close", type="tertiary", icon=":material/close:"):
        close(session, course)
        st.rerun()


def _main(words: str, *, is_off: bool = False) -> bool:
    """The button that leads on; the same one in each step, so it keeps the focus."""
    return st.button(words, key="guide_next", type="primary", disabled=is_off, help=KEYS)


def _ending(session: Session, course: Course) -> None:
    """Where to go when a course is over."""
    following = next_lesson(session, course)
    if course.name == "tour" or following is None:
        if _main("To the lessons"):
            close(session, course, at_end=True)
            go_to("lessons")
    elif _main(f"Next lesson: {following.title}"):
        begin_lesson(session, following.name)


@functools.cache
def _script() -> Any:
    """Not at import: it can be registered in a running app only."""
    markup = '<button type="button" hidden>Show me</button><div class="spoken" role="status"></div>'
    js = (GUIDE_FILES / "guide.js").read_text("utf-8")
    return st.components.v2.component("guide", html=markup, js=js, isolate_styles=False)
