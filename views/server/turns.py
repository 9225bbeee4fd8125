"""Whose turn it is: so much a second for one, and so many at once for all, in a fair order."""

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Hashable
from operator import attrgetter
from typing import NamedTuple

PATIENCE = 50.0  # times as long as a run will take that it may wait behind quicker ones
LONGEST_PATIENCE = 10.0  # seconds of it at most
USUAL_RUN = 0.02  # seconds
LAST_RUNS = 8  # of a socket that tell how long the next will take
SECONDS_PER_BYTE = 1e-6  # that was sent: a drawing of 100 KB takes 0.07 s


class Bucket:
    """An allowance that fills up: `rate` a second, `burst` at most."""

    def __init__(self, rate: float, burst: float, clock: Callable[[], float] | None = None) -> None:
        self.rate, self.burst = rate, burst
        self.clock = clock or asyncio.get_running_loop().time
        self.level, self.then = burst, self.clock()

    def take(self, amount: float = 1.0) -> float:
        """Take some, and say how many seconds to wait until it was there."""
        now = self.clock()
        self.level = min(self.burst, self.level + self.rate * (now - self.then)) - amount
        self.then = now
        return max(0.0, -self.level / self.rate)

    def try_take(self, amount: float = 1.0) -> bool:
        """Take some if it is there."""
        if self.take(amount) > 0:
            self.level += amount
            return False
        return True


class Turns:
    """So many runs at once. Who waits is served in turn, one address after the other.

    At an address, who is quick need not wait for all who are slow: a run may wait `PATIENCE` times
    as long as it will take, and whose time is up first is next. One example:

        a page that scribbles      0.1 s a run      up after 5 s
        a page that draws a digit  0.02 s a run     up after 1 s: before twenty such scribblers

    How long a run will take is told by the bytes that came, and by the quickest of the last runs of
    its socket: any single one may have been held up by others.

    A run that takes longer than `hold` seconds goes on, but its place is free again: a page that
    reads for ten seconds keeps nobody waiting so long. A socket has one place at a time.

    After each run its place stays empty `rest` times as long as the run took: the machine has so
    much time for others.
    """

    def __init__(self, places: int, per_address: int, hold: float, rest: float = 0.0) -> None:
        self.places, self.per_address, self.hold, self.rest = places, per_address, hold, rest
        self.resting = 0  # places
        self.running: dict[Hashable, Runner] = {}  # by socket
        self.by_address: Counter[str] = Counter()  # of those that run
        self.waiting: dict[str, list[Ticket]] = {}
        self.took: dict[Hashable, deque[float]] = {}  # seconds, the last runs of a socket

    async def enter(self, address: str, socket: Hashable, size: int = 0) -> None:
        """Wait for a place to do what a message of `size` bytes asks."""
        loop = asyncio.get_running_loop()
        took = self.took.get(socket, ())
        takes = max(min(took) if len(took) > 2 else USUAL_RUN, SECONDS_PER_BYTE * size)
        patience = min(PATIENCE * takes, LONGEST_PATIENCE)
        ticket = Ticket(loop.time() + patience, socket, loop.create_future())
        self.waiting.setdefault(address, []).append(ticket)
        self._serve()
        try:
            await ticket.called
        except asyncio.CancelledError:
            self.leave(socket)
            raise

    def leave(self, socket: Hashable) -> None:
        """Give the place back; nothing where there is none any more."""
        held = self.running.pop(socket, None)
        if held is None:
            return
        held.timer.cancel()
        took = asyncio.get_running_loop().time() - held.since
        self.took.setdefault(socket, deque(maxlen=LAST_RUNS)).append(took)
        self.by_address[held.address] -= 1
        if not self.by_address[held.address]:
            del self.by_address[held.address]
        if self.rest:
            self.resting += 1
            asyncio.get_running_loop().call_later(self.rest * took, self._rested)
        self._serve()

    def _rested(self) -> None:
        self.resting -= 1
        self._serve()

    def forget(self, socket: Hashable) -> None:
        """The socket is closed."""
        self.leave(socket)
        self.took.pop(socket, None)

    def _serve(self) -> None:
        """Hand out free places: the next of each address in turn."""
        while self._serve_next():
            pass

    def _serve_next(self) -> bool:
        """Serve one, or forget an address where nobody waits any more; False: there is neither."""
        for address in list(self.waiting):
            if len(self.running) + self.resting >= self.places:
                return False
            tickets = [each for each in self.waiting[address] if not each.called.cancelled()]
            chosen = self._start(address, tickets)
            if chosen or not tickets:
                del self.waiting[address]  # to the end of the round
                if left := [each for each in tickets if each is not chosen]:
                    self.waiting[address] = left
                return True
        return False

    def _start(self, address: str, tickets: "list[Ticket]") -> "Ticket | None":
        """Start the next of an address; None where none may."""
        may = [each for each in tickets if each.socket not in self.running]
        if not may or self.by_address[address] >= self.per_address:
            return None
        ticket = min(may, key=attrgetter("due"))
        loop = asyncio.get_running_loop()
        timer = loop.call_later(self.hold, self.leave, ticket.socket)
        self.running[ticket.socket] = Runner(address, loop.time(), timer)
        self.by_address[address] += 1
        ticket.called.set_result(None)
        return ticket


class Ticket(NamedTuple):
    """Somebody who waits."""

    due: float  # by the loop's clock; whose is the earliest is next
    socket: Hashable
    called: asyncio.Future[None]


class Runner(NamedTuple):
    """Somebody who runs."""

    address: str
    since: float  # by the loop's clock
    timer: asyncio.TimerHandle
