"""Lessons: what the link of one asks its visitor to do, and the links to all of them."""

import streamlit as st

from views.explain.section import LINE
from views.session.lessons import LESSONS
from views.session.session import get_session

ELSEWHERE = (
    "Each opens in a tab of its own and tells there what to do. Any page can be a lesson: Share "
    "makes links *for a class*, which leave out parts of the pages or lock their controls."
)


def show_lesson() -> None:
    """The lesson that this visitor came with, above every page."""
    task = LESSONS.get(get_session().task)
    if task:
        with st.container(key="task"):
            st.markdown(
                f":material/school: **Lesson: {task.title}.** {task.says} [Leave the lesson](./)"
            )


def list_lessons() -> None:
    """All lessons, as links."""
    lines = (f"- [{task.title}]({task.address}): {task.says}" for task in LESSONS.values())
    st.markdown("\n".join(lines), width=LINE)
    st.markdown(ELSEWHERE, width=LINE)
