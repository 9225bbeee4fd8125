"""For teachers: a sheet for the class, on paper. It is on the page, and only a printer shows it."""

import functools
import html
from typing import Any

import streamlit as st

from views.frame.code import code_tag
from views.frame.room import typed_address
from views.frame.share import site_for_others
from views.guide.draw_lessons import COURSES
from views.session.address import absolute_link
from views.session.lessons import LESSONS
from views.session.link import Link
from views.ui.style import STATIC, TEXT_WIDTH

NOTES = "docs/lessons.md"


def show_sheet() -> None:
    """How to use it in class, the button, and the sheet itself."""
    st.subheader("For teachers", anchor=False)
    st.markdown(
        "Print a sheet for each student: the code of this page, each question, and room for a "
        f"guess and for what was measured. `{NOTES}` has a plan of 20 minutes, the answers, and "
        "how many phones this machine holds.",
        width=TEXT_WIDTH,
    )
    _button()(data={}, key="print_sheet")
    st.html(sheet_html(absolute_link(Link(), "lessons", site_for_others())))


def sheet_html(address: str) -> str:
    """The sheet, with the code of an address."""
    rows = ""
    for name, course in COURSES.items():
        asks = [step.question.asks for step in course.steps if step.question]
        text = html.escape(" ".join(asks) or LESSONS[name].says)
        rows += (
            f"<tr><th>{html.escape(course.title)}<br><small>{LESSONS[name].minutes} min</small>"
            f"</th><td>{text}</td><td></td><td></td></tr>"
        )
    return (
        f'<div class="sheet"><div class="sheet-head"><div><h1>Sketch &amp; Sum</h1>'
        "<p>One network reads your digit and adds a number. Open the page, take a lesson, and "
        "write your guess down <b>before</b> you try.</p>"
        f"<p><b>{html.escape(typed_address(address))}</b></p><p>Name:</p></div>"
        f"{code_tag(address)}</div><table><tr><th>Lesson</th><th>Question</th><th>My guess</th>"
        f"<th>Measured</th></tr>{rows}</table></div>"
    )


@functools.cache
def _button() -> Any:
    """Not at import: it can be registered in a running app only."""
    js = (
        "export default function ({ parentElement }) {"
        ' parentElement.querySelector("button").onclick = () => window.print(); }'
    )
    css = (STATIC / "copy.css").read_text("utf-8")
    button = '<button type="button">Print the sheet</button>'
    return st.components.v2.component("print_sheet", html=button, css=css, js=js)
