"""Files of a network: take it and its history away, bring one back."""

from functools import partial

import streamlit as st

from core import parcel
from core.checkpoint import CheckpointError
from core.line import LineError
from core.presets import PRESETS
from views import state
from views.state import Session

ONNX = "For other programs, `python -m core export FILE` makes ONNX of it."


def downloads(session: Session, name: str) -> None:
    """Buttons that save the network of that name, and how it learned."""
    if "files" in session.hidden:
        return
    title = name if name in PRESETS else "network"  # the id of a run is its key: it stays here
    st.download_button(
        "Download network",
        partial(_packed, name),
        f"{title}.safetensors",
        "application/octet-stream",
        key="download_network",
        icon=":material/download:",
        help=f"Weights and their card in one file, to upload again here. {ONNX}",
        on_click="ignore",
    )
    if history := state.history(name):
        st.download_button(
            "History (CSV)",
            partial(parcel.history_csv, history),
            f"{title}.csv",
            "text/csv",
            key="download_history",
            icon=":material/table:",
            help="Losses and accuracies, step by step, as a table.",
            on_click="ignore",
        )


def _packed(name: str) -> bytes:
    return parcel.pack(*state.load(name))


def files(session: Session) -> None:
    """Download the network that answers, or upload one."""
    if "files" in session.hidden:
        return
    with (
        st.popover("Files", icon=":material/folder:", key="files", on_change="rerun") as panel,
        st.container(key="files_panel", gap="small"),
    ):
        if not panel.open:
            return
        with st.container(horizontal=True):
            downloads(session, session.network)
        _upload(session)


def _upload(session: Session) -> None:
    file = st.file_uploader(
        "A network that was downloaded here",
        "safetensors",
        key=f"network_{session.uploads}",  # an empty one after each file
        max_upload_size=parcel.MAX_SIZE,
    )
    if file is None:
        return
    try:
        state.adopt(session, file.getvalue())
    except CheckpointError as error:
        st.warning(f"{error} Choose another file.")
    except LineError as error:
        st.warning(str(error))
    except OSError as error:
        st.error(f"The network could not be written to disk ({error.strerror}). Try again later.")
    else:
        st.rerun()
