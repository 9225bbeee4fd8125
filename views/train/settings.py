"""What the next run is made of: a control for each setting, and the choice of a bug."""

import html
from collections.abc import Callable

import streamlit as st

from core.collections.lesson_sets import LESSON_SETS
from core.recipes.bugs import BUGS
from core.recipes.code import diff
from core.recipes.settings import SETTINGS, SUM_WEIGHTS, Choice, Number, Value, has_effect
from views.session.lessons import who_fixed
from views.session.session import Session, get_session, widget_value
from views.train.presets import setting_key
from views.ui.text import plain

BUG_LABEL = "Published bug"


def settings_controls(session: Session) -> None:
    """A control for each setting that is neither hidden nor fixed.

    They stand folded under "More settings". Where a link fixes some, what it leaves free is what
    the class is to try, so it stands open, below what is fixed. A browser may send anything; what
    the session gets is within bounds.
    """
    link = session.link
    shown = [n for n in SETTINGS if n not in link.hidden and has_effect(n, link.settings)]
    free = [name for name in shown if name not in link.locked]
    show_fixed(session, [name for name in shown if name in link.locked])
    is_class = len(free) < len(SETTINGS)
    opened = [name for name in free if name != "seed"] if is_class else []
    folded = [name for name in free if name not in opened]
    chosen: dict[str, Value] = {}
    with st.container(key="settings", gap="small"):
        chosen |= _controls(session, opened)
        if folded:
            with st.expander("More settings", icon=":material/tune:", key="more_settings"):
                chosen |= _controls(session, folded)
    session.choose(settings={**session.link.settings, **chosen})


def _controls(session: Session, names: list[str]) -> dict[str, Value]:
    """What is chosen, within bounds."""
    values = session.link.settings
    return {
        name: SETTINGS[name].clamp(
            _control(name, values[name], setting_key(session, name)), values[name]
        )
        for name in names
    }


def show_fixed(session: Session, names: list[str]) -> None:
    """What a link has fixed: its values, and whose choice they are."""
    rows = {SETTINGS[name].label: _value_words(name, session.link.settings[name]) for name in names}
    if "bug" in session.link.locked and "bug" not in session.link.hidden:
        rows[BUG_LABEL] = BUGS[session.link.bug].title
    if not rows:
        return
    lines = "".join(
        f"<div><dt>{html.escape(label)}</dt><dd>{html.escape(value)}</dd></div>"
        for label, value in rows.items()
    )
    with st.container(key="fixed", gap="xsmall"):
        st.markdown(f":material/lock: **{who_fixed(session.link)}**")
        st.html(f'<dl class="fixed">{lines}</dl>')


def _value_words(name: str, value: Value) -> str:
    setting = SETTINGS[name]
    if isinstance(setting, Choice):
        return setting.offer(str(value))
    return f"{value:g}" if not setting.whole else f"{value:.0f}"


def _change_head() -> None:
    """The usual weight follows the sum head; one that the visitor chose stays."""
    session = get_session()
    settings = session.link.settings
    before, now = str(settings["sum_head"]), widget_value(setting_key(session, "sum_head"))
    weight = settings["sum_weight"]
    if "sum_weight" not in session.link.hidden + session.link.locked:
        weight = widget_value(setting_key(session, "sum_weight"))
    if weight == SUM_WEIGHTS[before]:
        weight = SUM_WEIGHTS[now]
    session.choose(settings={**settings, "sum_head": now, "sum_weight": weight})


def _control(name: str, value: Value, key: str) -> Value:
    setting = SETTINGS[name]
    if isinstance(setting, Choice):
        on_change = _change_head if name == "sum_head" else None
        return _radio(setting, _offered(name, str(value)), str(value), key, on_change)
    return _number(setting, float(value), key)


def _offered(name: str, value: str) -> list[str]:
    """The options of a choice, and data sets that are not ours where the visitor has some."""
    mine = [get_session().own_dataset] if name == "dataset" else []
    lesson = LESSON_SETS if value in LESSON_SETS else []  # one is compared with the other
    setting = SETTINGS[name]
    assert isinstance(setting, Choice)
    more = [each for each in (*mine, *lesson, value) if each and setting.allows(each)]
    return list(dict.fromkeys([*setting.options, *more]))


def _radio(
    setting: Choice, names: list[str], value: str, key: str, on_change: Callable[[], None] | None
) -> str:
    chosen = st.radio(
        setting.label,
        names,
        names.index(value),
        format_func=lambda name: plain(setting.offer(name)),
        key=key,
        help=setting.help,
        on_change=on_change,
    )
    assert chosen  # one of them always is
    return chosen


def _number(setting: Number, value: float, key: str) -> float:
    if setting.ticks:
        stop: float = st.select_slider(
            setting.label,
            sorted({*setting.ticks, value}),
            value,
            format_func=lambda number: f"{number:g}",
            key=key,
            help=setting.help,
        )
        return stop
    if setting.whole:
        low, high = int(setting.low), int(setting.high)
        return st.number_input(setting.label, low, high, int(value), key=key, help=setting.help)
    return st.slider(
        setting.label, setting.low, setting.high, value, step=0.05, key=key, help=setting.help
    )


def bug_choice(session: Session, is_open: bool) -> None:
    """Which bug the next run has."""
    if "bug" in session.link.hidden + session.link.locked:
        return
    names, generation = list(BUGS), session.settings_generation
    with st.expander(
        "Break it on purpose", expanded=is_open, icon=":material/bug_report:", key="break"
    ):
        bug = st.selectbox(
            BUG_LABEL,
            names,
            names.index(session.link.bug),
            format_func=lambda option: BUGS[option].title,
            key=f"bug_{generation}" if generation else "bug",
            help="Mistakes that broke published networks. The next run has the one you choose.",
        )
        session.choose(bug=bug)
        st.caption(BUGS[bug].about)
        if bug:
            st.code(diff(bug), language="diff", wrap_lines=True)
        if needs := [SETTINGS[name].say(value) for name, value in BUGS[bug].needs.items()]:
            st.caption(f"Whatever you choose above, this run gets {' and '.join(needs)}.")
