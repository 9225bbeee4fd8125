"""Three presets of the Train page for who has never trained a network, with their expected time.

One example: "Thorough" is five epochs at width 24. What they do not name stays as it is, so whoever
has chosen garments or a bug keeps it.
"""

from collections.abc import Mapping

import streamlit as st

from core.forecast.wait import about
from core.recipes.bugs import BUGS
from core.recipes.settings import SETTINGS, Value, has_effect
from core.specs import find_spec
from views.session import jobs
from views.session.link import DEFAULT_SETTINGS
from views.session.session import Session, get_session
from views.ui.text import plain

WIDER = "a wider network, "  # not where the shipped encoder brings its width
TRAIN_PRESETS: dict[str, tuple[dict[str, Value], str]] = {
    "Quick": ({"epochs": 1, "width": 16}, "sees each image once"),
    "Longer": ({"epochs": 3, "width": 16}, "sees each image three times"),
    "Thorough": ({"epochs": 5, "width": 24}, f"{WIDER}five times"),
}
OWN_WORDS = {  # an epoch of somebody's own data set repeats its images, where they are few
    "Quick": "1 epoch",
    "Longer": "3 epochs",
    "Thorough": f"{WIDER}5 epochs",
}
PRESET_SETTINGS = {name for settings, _ in TRAIN_PRESETS.values() for name in settings}


def preset_choice(session: Session) -> None:
    """How long it may learn. Not where a link has hidden or fixed what a preset would change.

    Buttons, which hold no state: what is chosen follows from the settings. A radio that follows
    them would answer a quick change of a slider with the preset from before it.
    """
    if not PRESET_SETTINGS.isdisjoint(session.link.hidden + session.link.locked):
        return
    chosen = _chosen(session.link.settings)
    with st.container(key="presets", gap="xsmall"):
        st.html('<div class="note">How long it may learn</div>')
        for name in TRAIN_PRESETS:
            st.button(
                f"**{name}**, {_caption(session, name)}",
                key=f"preset_{name.lower()}",
                icon=f":material/{'radio_button_checked' if name == chosen else 'circle'}:",
                width="stretch",
                on_click=_take,
                args=(name,),
            )


def _chosen(settings: Mapping[str, Value]) -> str | None:
    """The preset that these settings are; None for others."""
    return next(
        (name for name, (some, _) in TRAIN_PRESETS.items() if some.items() <= settings.items()),
        None,
    )


def _caption(session: Session, name: str) -> str:
    settings, words = TRAIN_PRESETS[name]
    if find_spec(str(session.link.settings["dataset"])).own:
        words = OWN_WORDS[name]
    if not has_effect("width", session.link.settings):
        words = words.removeprefix(WIDER)
    seconds = jobs.expected_seconds({**session.link.settings, **settings})
    return f"about {about(seconds)}: {words}" if seconds else words


def _take(name: str) -> None:
    """The preset that was just chosen."""
    settings, _ = TRAIN_PRESETS[name]
    choose_settings(get_session(), settings)


def choose_settings(session: Session, settings: Mapping[str, Value]) -> None:
    """Choose for the visitor. Their controls are new ones from now on, which begin with that."""
    session.choose(settings={**session.link.settings, **settings})
    session.settings_generation += 1


def setting_key(session: Session, name: str) -> str:
    """Of a setting's control. Each sum head needs other weights, so it has a slider of its own."""
    head = f"_{session.link.settings['sum_head']}" if name == "sum_weight" else ""
    generation = f"_{session.settings_generation}" if session.settings_generation else ""
    return f"setting_{name}{head}{generation}"


def back_to_usual(session: Session) -> None:
    """A button that takes back what was changed, where anything was."""
    link = session.link
    fixed = link.hidden + link.locked
    free = {name: DEFAULT_SETTINGS[name] for name in SETTINGS if name not in fixed}
    changed = [
        name
        for name, usual in free.items()
        if link.settings[name] != usual and has_effect(name, link.settings)
    ]
    words = [plain(SETTINGS[name].say(link.settings[name])) for name in changed]
    if link.bug and "bug" not in fixed:
        words.append(f"broken: {BUGS[link.bug].title}")
    if words:
        st.caption(f"Changed: {', '.join(words)}.")
        st.button(
            "Back to usual",
            key="usual",
            type="tertiary",
            icon=":material/restart_alt:",
            on_click=_reset,
            args=(session, free),
        )


def _reset(session: Session, free: Mapping[str, Value]) -> None:
    choose_settings(session, free)
    if "bug" not in session.link.hidden + session.link.locked:
        session.choose(bug="")
