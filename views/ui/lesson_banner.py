"""Lessons: what the link of one asks its visitor to do, and the links to all of them."""

import streamlit as st

from views.session.lessons import LESSONS
from views.session.session import get_session
from views.ui.style import TEXT_WIDTH

BY_TEACHER = "Set by your teacher"  # of what a link for a class has fixed
ELSEWHERE = (
    "Each opens in its own tab and says there what to do. You can make any page a lesson: Share "
    "makes links *for a class*, which hide parts of the pages or fix their controls."
)


def show_lesson() -> None:
    """The lesson that this visitor came with, above every page."""
    lesson = LESSONS.get(get_session().link.lesson)
    if lesson:
        with st.container(key="task"):
            st.markdown(
                f":material/school: **Lesson: {lesson.title}.** {lesson.says} "
                "[Leave the lesson](./)"
            )


def list_lessons() -> None:
    """All lessons, as links."""
    lines = (f"- [{lesson.title}]({lesson.address}): {lesson.says}" for lesson in LESSONS.values())
    st.markdown("\n".join(lines), width=TEXT_WIDTH)
    st.markdown(ELSEWHERE, width=TEXT_WIDTH)
