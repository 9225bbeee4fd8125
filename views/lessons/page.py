"""The Lessons page: lessons that ask before they show, a quiz, and what a teacher prints."""

from pathlib import Path

import streamlit as st

from views.frame.share import show_share
from views.guide.courses import begin_lesson, begin_tour, can_take_tour, is_over, step_place
from views.guide.draw_lessons import COURSES
from views.guide.steps import Course, Story, words_of
from views.lessons.quiz import show_quiz
from views.lessons.sheet import show_sheet
from views.lessons.shift import show_shift
from views.session.address import shared_link
from views.session.lessons import LESSONS, Lesson
from views.session.session import Session, get_session
from views.ui.style import TEXT_WIDTH

CARDS_A_ROW = 2  # of cards, where a screen is wide


def show_lessons() -> None:
    """The whole page."""
    session = get_session()
    st.html(Path(__file__).with_name("lessons.css"))
    st.title("Lessons", anchor=False)
    st.markdown(
        "Each asks what you expect, lets you try it, and puts what was measured beside your "
        "guess. A panel below leads you; you can leave it and come back.",
        width=TEXT_WIDTH,
    )
    _tour(session)
    shown = COURSES.get(session.link.lesson)
    if shown and LESSONS[shown.name].page == "lessons":
        with st.container(key="experiment"):
            st.subheader(shown.title, anchor=False)
            show_shift()
    with st.container(key="lesson_cards"):
        names = list(LESSONS)
        for start in range(0, len(names), CARDS_A_ROW):
            row = st.columns(CARDS_A_ROW, gap="medium")
            for column, name in zip(row, names[start : start + CARDS_A_ROW], strict=False):
                with column, st.container(border=True, key=f"card_{name}", gap="small"):
                    _card(session, COURSES[name], LESSONS[name])
    with st.container(key="quiz"):
        show_quiz()
    with st.container(key="for_teachers"):
        show_sheet()
    show_share(shared_link(session))


def _tour(session: Session) -> None:
    if session.link.tour or not can_take_tour(session):
        return
    words = "Go on with the tour" if session.tour_left else "Take the tour (5 minutes)"
    if st.button(words, key="lessons_tour", icon=":material/explore:"):
        begin_tour(session)


def _card(session: Session, course: Course, lesson: Lesson) -> None:
    """What it asks, how long it takes, and what was found, once it is over."""
    story = course.story(session)
    is_done, is_open = is_over(session, course), session.link.lesson == course.name
    mark = '<div class="card-done">✓ done</div>' if is_done else ""
    st.html(
        f'<h3 class="card-title">{lesson.title}</h3><div class="note">{lesson.minutes} min, '
        f"{lesson.level}</div>{mark}"
    )
    question = next((step.question for step in course.steps if step.question), None)
    if is_done:
        st.markdown(_found(course, story))
    else:
        st.markdown(question.asks if question else lesson.says)
    if is_open:
        st.caption("This lesson is open: go on in the panel below.")
        return
    begun = bool(story.guesses) and not is_done
    words = "Again" if is_done else "Go on" if begun else "Start"
    if begun:
        st.caption(f"Step {step_place(session, course) + 1} of {len(course.steps)}")
    if st.button(words, key=f"start_{course.name}", icon=":material/play_arrow:"):
        begin_lesson(session, course.name)


def _found(course: Course, story: Story) -> str:
    """What was guessed and measured, step by step."""
    told = (words_of(step.told, story) for step in course.steps)
    return "\n\n".join(filter(None, told))
