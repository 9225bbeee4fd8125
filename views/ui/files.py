"""Files of a network: download it and its history, upload one."""

from functools import partial

import streamlit as st

from core.recipes.presets import PRESETS
from core.runs.queue import QueueError
from core.storage import bundle
from core.storage.checkpoint import CheckpointError
from core.storage.history import Record
from views.server.uploads import free_upload
from views.session import networks
from views.session.session import Session
from views.ui.text import plain

ONNX = "`python -m core export FILE` converts it to ONNX for other programs."


def network_downloads(session: Session, name: str, history: list[Record] | None = None) -> None:
    """Buttons that save the network of that name, and how it learned: `history`, if it was read."""
    if "files" in session.link.hidden:
        return
    title = name if name in PRESETS else "network"  # the id of a run stays secret
    st.download_button(
        "Download network",
        partial(_packed, name),
        f"{title}.safetensors",
        "application/octet-stream",
        key="download_network",
        icon=":material/download:",
        help=f"Weights and their card in one file, which you can upload here again. {ONNX}",
        on_click="ignore",
    )
    history = networks.network_history(name) if history is None else history
    if history:
        st.download_button(
            "History (CSV)",
            partial(bundle.history_csv, history),
            f"{title}.csv",
            "text/csv",
            key="download_history",
            icon=":material/table:",
            help="Losses and accuracies, step by step, as a table.",
            on_click="ignore",
        )


def _packed(name: str) -> bytes:
    return bundle.pack_bundle(*networks.load_network(name))


def network_files(session: Session) -> None:
    """Download the network that answers, or upload one."""
    if "files" in session.link.hidden:
        return
    with (
        st.popover("Files", icon=":material/folder:", key="files", on_change="rerun") as panel,
        st.container(key="files_panel", gap="small"),
    ):
        if not panel.open:
            return
        with st.container(horizontal=True):
            network_downloads(session, session.link.network)
        _upload_network(session)


def _upload_network(session: Session) -> None:
    file = st.file_uploader(
        "A network that you downloaded here",
        "safetensors",
        key=f"network_{session.uploaded_networks}",  # an empty one after each file
        max_upload_size=bundle.MAX_MEGABYTES,
    )
    if file is None:
        return
    if file.size > bundle.MAX_BUNDLE_BYTES:  # the browser was told, but need not obey
        st.warning(f"{bundle.BUNDLE_TOO_LARGE} Choose another file.")
        return
    try:
        networks.import_network(session, file.getvalue())
    except CheckpointError as error:
        st.warning(f"{plain(error)} Choose another file.")
    except QueueError as error:
        st.warning(plain(error))
    except OSError as error:
        st.error(f"The network could not be written to disk ({error.strerror}). Try again later.")
    else:
        free_upload(file)
        st.rerun()
