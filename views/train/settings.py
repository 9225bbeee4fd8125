"""What the next run is made of: a control for each setting, and the choice of a bug."""

from collections.abc import Callable

import streamlit as st

from core.recipes.bugs import BUGS
from core.recipes.settings import SETTINGS, SUM_WEIGHTS, Choice, Number, Value
from views.session.session import Session, get_session, widget_value


def settings_controls(session: Session) -> None:
    """A control for each setting that is not hidden.

    Each sum head needs other weights, so each has a slider of its own. A browser may send anything;
    what the session gets is within bounds.
    """
    values = session.link.settings
    head = str(values["sum_head"])
    keys = {name: f"setting_{name}" for name in values} | {"sum_weight": _weight_key(head)}
    with st.container(key="settings", gap="xsmall"):
        session.choose(
            settings={
                name: value
                if name in session.link.hidden
                else SETTINGS[name].clamp(_control(name, value, keys[name]), value)
                for name, value in values.items()
            }
        )


def _weight_key(head: str) -> str:
    return f"setting_sum_weight_{head}"


def _change_head() -> None:
    """The usual weight follows the sum head; one that the visitor chose stays."""
    session = get_session()
    settings = session.link.settings
    before, now = str(settings["sum_head"]), widget_value("setting_sum_head")
    weight = settings["sum_weight"]
    if "sum_weight" not in session.link.hidden:
        weight = widget_value(_weight_key(before))
    if weight == SUM_WEIGHTS[before]:
        weight = SUM_WEIGHTS[now]
    session.choose(settings={**settings, "sum_head": now, "sum_weight": weight})


def _control(name: str, value: Value, key: str) -> Value:
    setting, locked = SETTINGS[name], name in get_session().link.locked
    if isinstance(setting, Choice):
        return _radio(
            setting, str(value), key, locked, _change_head if name == "sum_head" else None
        )
    return _number(setting, float(value), key, locked)


def _radio(
    setting: Choice,
    value: str,
    key: str,
    locked: bool,
    on_change: Callable[[], None] | None,
) -> str:
    names = list(setting.options)
    chosen = st.radio(
        setting.label,
        names,
        names.index(value),
        format_func=lambda name: setting.options[name].offered,
        key=key,
        help=setting.help,
        disabled=locked,
        on_change=on_change,
    )
    assert chosen  # one of them always is
    return chosen


def _number(setting: Number, value: float, key: str, locked: bool) -> float:
    if setting.ticks:
        stop: float = st.select_slider(
            setting.label,
            sorted({*setting.ticks, value}),
            value,
            format_func=lambda number: f"{number:g}",
            key=key,
            help=setting.help,
            disabled=locked,
        )
        return stop
    if setting.whole:
        low, high, start = int(setting.low), int(setting.high), int(value)
        return st.number_input(
            setting.label,
            low,
            high,
            start,
            key=key,
            help=setting.help,
            disabled=locked,
        )
    return st.slider(
        setting.label,
        setting.low,
        setting.high,
        value,
        step=0.05,
        key=key,
        help=setting.help,
        disabled=locked,
    )


def bug_choice(session: Session, is_open: bool) -> None:
    """Which bug the next run has."""
    if "bug" in session.link.hidden:
        return
    names = list(BUGS)
    with st.expander(
        "Break it on purpose", expanded=is_open, icon=":material/bug_report:", key="break"
    ):
        bug = st.selectbox(
            "Published bug",
            names,
            names.index(session.link.bug),
            format_func=lambda option: BUGS[option].title,
            key="bug",
            disabled="bug" in session.link.locked,
            help="Mistakes that broke published networks. The next run has the one you choose.",
        )
        session.choose(bug=bug)
        st.caption(BUGS[bug].about)
        if needs := [SETTINGS[name].say(value) for name, value in BUGS[bug].needs.items()]:
            st.caption(f"Whatever you choose above, this run gets {' and '.join(needs)}.")
