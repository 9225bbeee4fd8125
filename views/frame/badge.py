"""How far the visitor's run is, as a badge at *Train* in the navigation of the other pages.

One example: on the Draw page, "Train" has "42 %" beside it while the run trains, "done" when it is
over, and nothing any more once the Train page has shown its end. It is also what notices that the
first run of a race is over, and starts the second.
"""

import streamlit as st

from core.runs.run import WAITING, find_run, runs_dir
from core.runs.snapshot import RunSnapshot, read_snapshot
from views.frame.second_run import is_next_due, start_next_elsewhere
from views.session.session import Session, get_session
from views.ui.polling import poll
from views.ui.text import plain

BADGE_POLL = 2.0  # seconds
LINKS = (  # to a page, on wide and on narrow screens
    '[data-testid="stTopNavLink"]',
    '[data-testid="stSidebarNavLink"]',
    ".st-key-page_bar a",
)


def show_badge(shown_page: str) -> None:
    """Behind every page. On the Train page the run itself is to be seen, and a race goes on."""
    session = get_session()
    snapshot = _unseen(session) if shown_page != "train" else None
    if snapshot and is_next_due(session, snapshot):
        if trouble := start_next_elsewhere(session):
            st.toast(
                f"The second run of the race did not start. {plain(trouble)}",
                icon=":material/flag:",
                duration="long",
            )
        snapshot = _unseen(session)
    goes_on = snapshot is not None and not snapshot.state.is_finished
    poll(_badge, BADGE_POLL if goes_on else None, session, goes_on, shown_page)


def _badge(session: Session, went_on: bool, shown_page: str) -> None:
    snapshot = _unseen(session) if shown_page != "train" else None
    if went_on and (snapshot is None or snapshot.state.is_finished):
        st.rerun()
    words = _words(snapshot) if snapshot else ""
    rules = "".join(_rule(f'{link}[href*="/train"]') for link in LINKS)
    style = f"{rules} :root {{ --run-badge: {words!r}; }}" if words else ""
    st.html(f"<style>{style}</style>", width="content")


def _unseen(session: Session) -> RunSnapshot | None:
    run = find_run(runs_dir(), session.unseen_run)
    return read_snapshot(run) if run else None


def _words(snapshot: RunSnapshot) -> str:
    now, last = snapshot.state, snapshot.last
    if now.is_finished:
        return "done" if now.is_usable else "ended"
    if now.name in WAITING:
        return "waits"
    return f"{100 * last['step'] / last['steps']:.0f} %" if last else "…"


def _rule(link: str) -> str:
    return (
        f"{link}::after {{ content: var(--run-badge); margin-left: 0.35rem; padding: 0 0.4rem;"
        " border-radius: 0.6rem; font-size: 0.75rem; line-height: 1.2rem; white-space: nowrap;"
        " font-variant-numeric: tabular-nums; background: var(--class-head); color: var(--paper); }"
    )
