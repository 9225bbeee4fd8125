"""Heavy work for pages, so much at once: what takes a core for more than a tenth of a second.

One example: eight visitors open Compare, and each page reads 10,000 test images, 250 at a time. One
core does that, a part for each in turn; the other answers drawings as quickly as before.

    with heavy_work():
        reading.advance()

Hold a place for as short as can be, and wait for nothing meanwhile: no cache, no other place.
"""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from core.runs.limits import LIMITS


class Places:
    """So many at once. Who waits longest is next: a thread that asks again at once has to wait."""

    def __init__(self, count: int) -> None:
        self._free = count
        self._waiting: deque[threading.Lock] = deque()
        self._guard = threading.Lock()

    @contextmanager
    def take(self) -> Iterator[None]:
        """Wait for a place and hold it."""
        ticket = threading.Lock()
        with self._guard:
            ticket.acquire()
            self._waiting.append(ticket)
            self._serve()
        ticket.acquire()  # until `_serve` hands it out
        try:
            yield
        finally:
            with self._guard:
                self._free += 1
                self._serve()

    def _serve(self) -> None:
        while self._free and self._waiting:
            self._free -= 1
            self._waiting.popleft().release()


_places = Places(int(LIMITS.heavy_work))
heavy_work = _places.take
