"""Files that browsers put into the server's memory: how many, how fast, and which are kept.

Streamlit keeps every uploaded file until its session ends. A page of ours reads a file at once and
needs it no more, so only the last of a session stay, and of all sessions together no more than a
total: what was uploaded first goes first. When the page has gone, so do its files: Streamlit would
keep them for two minutes, in case the page comes back. What was made of them on the disk is tidied
up every few minutes, also where nobody comes.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from streamlit import runtime
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import UploadedFile

TIDY_DISK_SECONDS = 180.0
KEPT_FILES = 100  # of a session: as many as a page takes at once

Forget = Callable[[str, str], None]  # session and file -> gone
IsThere = Callable[[str, str], bool]  # session and file -> does the server still have it?


def _store() -> MemoryUploadedFileManager:
    store = runtime.get_instance().uploaded_file_mgr
    assert isinstance(store, MemoryUploadedFileManager)  # Streamlit has no other
    return store


def forget_file(session: str, file: str) -> None:
    """The server need not keep this file any longer."""
    _store().remove_file(session, file)


def is_in_memory(session: str, file: str) -> bool:
    """Does the server still keep this file?"""
    return bool(_store().get_files(session, [file]))


def free_upload(file: UploadedFile) -> None:
    """The page has read a file that nothing shows any more: the server need not keep it."""
    if context := get_script_run_ctx():
        store = context.uploaded_file_mgr
        assert isinstance(store, MemoryUploadedFileManager)  # Streamlit has no other
        store.remove_file(context.session_id, file.file_id)


async def keep_disk_tidy() -> None:
    """Now and again, for as long as the app runs, remove pictures that nobody needs any more."""
    while True:
        await asyncio.sleep(TIDY_DISK_SECONDS)
        with suppress(OSError):  # next time
            await asyncio.to_thread(_tidy_disk)


def _tidy_disk() -> None:
    from core.library import reading  # not before the server listens
    from core.runs.run import runs_dir

    reading.tidy_pictures(runs_dir())


class Uploads:
    """The files that were uploaded and are still in memory."""

    def __init__(self, max_bytes: int, forget: Forget, is_there: IsThere) -> None:
        self.max_bytes, self.forget, self.is_there = max_bytes, forget, is_there
        self.files: dict[tuple[str, str], int] = {}  # bytes by session and file, oldest first
        self._gone: set[str] = set()  # sessions that had no page at the last sweep

    def add(self, session: str, file: str, size: int) -> None:
        """A file is here; older ones may have to go. What pages have read is gone already."""
        self.files.pop((session, file), None)
        for key in [key for key in self.files if not self.is_there(*key)]:
            del self.files[key]
        self.files[session, file] = size
        mine = [key for key in self.files if key[0] == session]
        for key in mine[:-KEPT_FILES]:
            self._drop(key)
        mine = mine[-KEPT_FILES:]
        while len(mine) > 1 and sum(map(self.files.__getitem__, mine)) > self.max_bytes / 2:
            self._drop(mine.pop(0))  # no session has more than half of the room
        while self.total > self.max_bytes and len(self.files) > 1:
            self._drop(next(iter(self.files)))

    def remove(self, session: str, file: str) -> None:
        """The browser took it back."""
        self.files.pop((session, file), None)

    def sweep(self, has_page: Callable[[str], bool]) -> None:
        """Drop the files of sessions that have no page and had none at the sweep before: a page
        that lost its connection is back by then."""
        gone = {session for session, _ in self.files if not has_page(session)}
        for key in [key for key in self.files if key[0] in gone & self._gone]:
            self._drop(key)
        self._gone = gone

    @property
    def total(self) -> int:
        return sum(self.files.values())

    def _drop(self, key: tuple[str, str]) -> None:
        del self.files[key]
        self.forget(*key)
