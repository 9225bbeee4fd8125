"""Files that browsers put into the server's memory: how many, how fast, and which are kept.

Streamlit keeps every uploaded file until its session ends. A page of ours reads a file at once and
needs it no more, so only the last of a session stay, and of all sessions together no more than a
total: what was uploaded first goes first.
"""

from collections.abc import Callable

KEPT_FILES = 100  # of a session: as many as a page takes at once

Forget = Callable[[str, str], None]  # session and file -> gone


class Uploads:
    """The files that were uploaded and are still in memory."""

    def __init__(self, max_bytes: int, forget: Forget) -> None:
        self.max_bytes, self.forget = max_bytes, forget
        self.files: dict[tuple[str, str], int] = {}  # bytes by session and file, oldest first

    def add(self, session: str, file: str, size: int) -> None:
        """A file is here; older ones may have to go."""
        self.files.pop((session, file), None)
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

    @property
    def total(self) -> int:
        return sum(self.files.values())

    def _drop(self, key: tuple[str, str]) -> None:
        del self.files[key]
        self.forget(*key)
