"""The pictures of this visitor: what is kept of them, and what becomes of what they bring."""

import functools
from pathlib import Path

from core.collections.album import Album, join_albums
from core.collections.archive import CollectionError
from core.collections.collection import Collection, make_collection
from core.errors import UserError
from core.library import store
from core.library.reading import stop_reading, take_result
from core.recipes.presets import own_recipe
from core.runs.limits import LIMITS
from core.runs.run import runs_dir
from views.session.link import DEFAULT_SETTINGS
from views.session.session import Session
from views.session.visitor import browser_of_session, visitor_of_session

USUAL_TITLE = "My pictures"  # of an album that nobody has named
NOT_SAVED = "The pictures could not be saved. Try again later."
NOT_READ = "Your pictures could not be read now. Load the page again in a minute."
_LATEST = 4  # albums that stay in memory


def album_of(session: Session) -> Album | None:
    """The album of this visitor; None, with a reason for the page, where it cannot be read."""
    try:
        album = _kept_album(session)
    except OSError:
        session.data_trouble = NOT_READ
        return None
    if session.data_trouble == NOT_READ:
        session.data_trouble = ""
    return album


def _kept_album(session: Session) -> Album | None:
    """The album of this visitor; an OSError does not mean that there is none."""
    root, browser = runs_dir(), browser_of_session(session)
    place = store.album_dir(root, browser)
    try:
        changed = (place / store.ALBUM_FILE).stat().st_mtime_ns
    except FileNotFoundError:
        return None
    store.mark_used(place)
    return _album(root, browser, changed)


@functools.lru_cache(maxsize=_LATEST)
def _album(root: Path, browser: str, changed: int) -> Album | None:
    return store.find_album(root, browser)


@functools.lru_cache(maxsize=_LATEST)
def collection_of(album: Album) -> Collection | str:
    """The data set of an album; in place of one, why there is none yet."""
    try:
        return make_collection(album, key=album.key)
    except CollectionError as error:
        return str(error)


def keep(session: Session, album: Album) -> bool:
    """Keep an album as this visitor's; False, with a reason for the page, where that fails."""
    try:
        store.save_album(runs_dir(), visitor_of_session(session), album)
    except UserError as error:
        session.data_trouble = str(error)
    except OSError:
        session.data_trouble = NOT_SAVED
    else:
        session.data_trouble = ""
        return True
    return False


def bring(session: Session, more: Album, *, replaces: bool = False) -> bool:
    """Add an album to the visitor's, or take it in its place; False as in `keep`."""
    try:
        there = None if replaces else _kept_album(session)
        joined = join_albums(there, more, int(LIMITS.collection_pictures)) if there else more
    except CollectionError as error:
        session.data_trouble = str(error)
        return False
    except OSError:  # to save these alone would overwrite the others
        session.data_trouble = NOT_SAVED
        return False
    return keep(session, joined)


def take_what_was_read(session: Session) -> bool:
    """Keep what a reading that is over has brought; is there anything new?"""
    result = take_result(browser_of_session(session))
    if result is None:
        return False
    if result.album is None:
        session.data_trouble = result.error
        return True
    return bring(session, result.album, replaces=result.replaces) or True


def choose_for_training(session: Session, collection: Collection) -> bool:
    """Let the Train page train on a data set; False as in `keep`."""
    try:
        name = store.keep_collection(runs_dir(), visitor_of_session(session), collection)
    except UserError as error:
        session.data_trouble = str(error)
    except OSError:
        session.data_trouble = NOT_SAVED
    else:
        recipe = own_recipe(name, collection.train_count)
        session.own_dataset, session.data_trouble = name, ""
        session.choose(settings=recipe.settings(), bug="", run="")
        session.settings_generation += 1
        return True
    return False


def delete_data(session: Session) -> None:
    """Delete all pictures of this visitor, on every page of their browser."""
    browser = browser_of_session(session)
    stop_reading(browser)
    store.delete_all(runs_dir(), browser)
    if not store.is_kept(runs_dir(), session.own_dataset):  # a link may have brought another's
        if session.link.settings["dataset"] == session.own_dataset:
            session.choose(settings={**DEFAULT_SETTINGS})
            session.settings_generation += 1
        session.own_dataset = ""
    session.data_trouble = session.picked_class = ""
