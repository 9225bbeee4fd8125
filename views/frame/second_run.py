"""The second run of a race: it begins when the first one is over, whichever page is shown.

One example: a visitor starts "late fusion against pixel fusion" on the Train page and goes on to
draw. When late fusion has been trained, the Draw page starts pixel fusion.
"""

from dataclasses import replace

from core.errors import UserError
from core.runs.snapshot import RunSnapshot
from views.session import jobs
from views.session.session import Session


def is_next_due(session: Session, snapshot: RunSnapshot) -> bool:
    """Is this the first run of a race, just over? One that failed or was stopped ends the race."""
    race = session.race
    is_first = race is not None and not race.second and snapshot.run.id == race.first
    if not is_first or not snapshot.state.is_finished:
        return False
    if snapshot.state.name == "finished":
        return True
    session.race = None
    return False


def start_next(session: Session) -> None:
    """Start the second run of the race, once: where that fails, the race is off.

    Raises:
        SettingError, QueueError, OSError: as for `jobs.start_recipe`.
    """
    race, session.race = session.race, None
    assert race is not None
    jobs.start_recipe(session, race.recipe)
    session.race = replace(race, second=session.link.run)


def start_next_elsewhere(session: Session) -> str:
    """Start it behind another page, which stays as it is; why that cannot be, "" where it can."""
    arrivals, news, compared = session.arrivals, session.news, session.link.compared
    try:
        start_next(session)
    except UserError as error:
        return str(error)
    except OSError as error:
        return f"The run could not be written to disk ({error.strerror}). Try again later."
    # nobody is taken to the top of the page that they look at, or loses what they chose there
    session.arrivals, session.news = arrivals, news
    session.choose(compared=compared)
    return ""
