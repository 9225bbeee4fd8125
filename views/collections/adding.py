"""Four ways to bring pictures: a zip file, picture files, drawings, one's handwriting."""

from collections.abc import Callable
from functools import partial

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from core.collections.album import Album, album_of_drawings
from core.collections.archive import class_name
from core.data.drawing import is_dot
from core.errors import UserError
from core.library.reading import BroughtFile, begin_reading
from core.runs.limits import LIMITS
from core.runs.run import runs_dir
from core.specs import MAX_CLASS_NAME
from views.collections.keeping import NOT_SAVED, USUAL_TITLE, bring
from views.input.canvas import draw_canvas, latest_canvas
from views.server.uploads import free_upload
from views.session.canvas_state import CanvasState
from views.session.session import Session, get_session
from views.session.visitor import visitor_of_session
from views.ui.text import plain

MOST_CHOSEN = 100  # at once
FROM_ZIP, FROM_FILES, BY_DRAWING, FROM_HANDWRITING = (
    "Zip of folders",
    "Picture files",
    "Draw",
    "Your handwriting",
)
HOW_ZIP = (
    "Put the pictures of each class into a folder named after it, and all folders into one zip "
    "file. Up to ten classes."
)
ADD, REPLACE = "Add to my pictures", "Replace my pictures"


@st.fragment
def show_adding(album: Album | None, is_busy: bool) -> None:
    """All ways; a stroke of the pen runs only this again."""
    session = get_session()
    ways = [FROM_ZIP, FROM_FILES, BY_DRAWING, *([FROM_HANDWRITING] if session.examples else [])]
    way = st.segmented_control(
        "How",
        ways,
        default=FROM_ZIP,
        required=True,
        key="bring_how",
        label_visibility="collapsed",
    )
    if way == BY_DRAWING:
        _draw(session, album)
    elif way == FROM_HANDWRITING:
        _handwriting(session, album)
    elif is_busy:
        st.caption("Your pictures are being read. More can come after that.")
    elif way == FROM_FILES:
        _files(session, album)
    else:
        _zip(session, album)


def _zip(session: Session, album: Album | None) -> None:
    st.caption(HOW_ZIP)
    replaces = False
    if album and len(album):
        replaces = (
            st.radio(
                "The pictures of the next file", [ADD, REPLACE], key="bring_mode", horizontal=True
            )
            == REPLACE
        )
    file = st.file_uploader(
        "A zip file",
        key=f"zip_{session.brought}",  # an empty one after each file
        max_upload_size=int(LIMITS.collection_megabytes),
    )
    if file:
        _begin(session, [file], "", replaces)


def _files(session: Session, album: Album | None) -> None:
    name = _class_choice(album, "files")
    files = st.file_uploader(
        "Pictures of this class",
        accept_multiple_files=True,
        key=f"files_{session.brought}",
        max_upload_size=int(LIMITS.upload_megabytes),
    )
    if len(files) > MOST_CHOSEN:
        st.warning(f"Choose at most {MOST_CHOSEN} files at once, or bring them in a zip file.")
    elif files and not name:
        st.info("Say which class these pictures are of, above.")
    elif files:
        _begin(session, files, name, replaces=False)


def _class_choice(album: Album | None, key: str) -> str:
    """A class that is there, or the name of a new one; "" for none."""
    chosen = st.selectbox(
        "Class",
        album.classes if album else (),
        index=None,
        accept_new_options=True,
        placeholder="Type a name, such as oak",
        key=f"class_{key}",
        help="What the pictures show. The network will answer with this name.",
    )
    return class_name(chosen)[:MAX_CLASS_NAME] if chosen and chosen.strip() else ""


def _begin(session: Session, files: list[UploadedFile], folder: str, replaces: bool) -> None:
    """Have files read; the next ones get a new widget, which lets go of these."""
    session.brought += 1
    session.data_trouble = ""
    uploads = [BroughtFile(file.name, file.size, file) for file in files]
    for file in files:  # whoever reads them has them open
        free_upload(file)
    try:
        begin_reading(
            runs_dir(),
            visitor_of_session(session),
            uploads,
            folder=folder,
            title=USUAL_TITLE if folder else "",
            replaces=replaces,
        )
    except UserError as error:
        session.data_trouble = str(error)
    except OSError:
        session.data_trouble = NOT_SAVED
    st.rerun()


def _draw(session: Session, album: Album | None) -> None:
    """A canvas: draw each class as often as you like. Nothing above it comes and goes."""
    name = _class_choice(album, "drawing")
    with st.container(horizontal=True, key="sheet"):
        session.sheet = draw_canvas(session.sheet, key="sheet_pen", sends_itself=True)
        with st.container(gap="xsmall", key="tools"):
            for words, icon, how in (
                ("Undo", "undo", CanvasState.undo),
                ("Clear", "delete", CanvasState.clear),
            ):
                st.button(
                    words,
                    key=f"sheet_{words.lower()}",
                    icon=f":material/{icon}:",
                    help=words,
                    on_click=partial(_change_sheet, session, how),
                )
    strokes = session.sheet.strokes
    is_drawn = bool(strokes) and not is_dot(strokes)
    pressed = st.button(
        f"Keep it as {plain(name)}" if name else "Keep it",
        key="keep_drawing",
        type="primary",
        icon=":material/add:",
        disabled=not (name and is_drawn),
    )
    st.caption(_advice(album, name))
    if pressed and name and is_drawn:
        title = album.title if album else USUAL_TITLE
        if bring(session, album_of_drawings(title, [(name, strokes)])):
            session.sheet = session.sheet.clear()
        st.rerun()


def _advice(album: Album | None, name: str) -> str:
    """What to do next, or how many drawings there are."""
    if not name:
        return "Name the class, draw it, keep it. Ten drawings of each class do a lot."
    count = album.counts().get(name, 0) if album else 0
    return f"{plain(name)}: {count} picture{'' if count == 1 else 's'} so far."


def _change_sheet(session: Session, how: Callable[[CanvasState], CanvasState]) -> None:
    session.sheet = how(latest_canvas(session.sheet, key="sheet_pen"))


def _handwriting(session: Session, album: Album | None) -> None:
    """The examples that the visitor drew to teach a network."""
    count = len(session.examples)
    st.caption("The digits that you labeled on the Draw page, each in the class of its label.")
    if st.button(f"Add these {count}", key="bring_examples", icon=":material/add:"):
        drawings = [(str(example.label), example.strokes) for example in session.examples]
        bring(session, album_of_drawings(album.title if album else USUAL_TITLE, drawings))
        st.rerun()
