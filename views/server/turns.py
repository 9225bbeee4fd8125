"""Whose turn it is: so much a second for one, and so many at once for all, in a fair order."""

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Hashable


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

    A run that takes longer than `hold` seconds goes on, but its place is free again: a page that
    reads for ten seconds keeps nobody waiting so long. A socket has one place at a time.
    """

    def __init__(self, places: int, per_address: int, hold: float) -> None:
        self.places, self.per_address, self.hold = places, per_address, hold
        self.running: dict[Hashable, tuple[str, asyncio.TimerHandle]] = {}  # by socket
        self.by_address: Counter[str] = Counter()  # of those that run
        self.waiting: dict[str, deque[tuple[Hashable, asyncio.Future[None]]]] = {}

    async def enter(self, address: str, socket: Hashable) -> None:
        """Wait for a place."""
        ticket: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.waiting.setdefault(address, deque()).append((socket, ticket))
        self._serve()
        try:
            await ticket
        except asyncio.CancelledError:
            self.leave(socket)
            raise

    def leave(self, socket: Hashable) -> None:
        """Give the place back; nothing where there is none any more."""
        held = self.running.pop(socket, None)
        if held is None:
            return
        address, timer = held
        timer.cancel()
        self.by_address[address] -= 1
        if not self.by_address[address]:
            del self.by_address[address]
        self._serve()

    def _serve(self) -> None:
        """Hand out free places: the next of each address in turn."""
        loop = asyncio.get_running_loop()
        for address in list(self.waiting):
            if len(self.running) >= self.places:
                return
            queue = self.waiting[address]
            if self._next(address, queue, loop):
                del self.waiting[address]  # to the end of the round
                if queue:
                    self.waiting[address] = queue
                return self._serve()

    def _next(
        self,
        address: str,
        queue: "deque[tuple[Hashable, asyncio.Future[None]]]",
        loop: asyncio.AbstractEventLoop,
    ) -> bool:
        """Start the first of an address that may; False where none may."""
        if self.by_address[address] >= self.per_address:
            return False
        for place, (socket, ticket) in enumerate(queue):
            if ticket.cancelled() or socket not in self.running:
                del queue[place]
                if not ticket.cancelled():
                    self.by_address[address] += 1
                    timer = loop.call_later(self.hold, self.leave, socket)
                    self.running[socket] = address, timer
                    ticket.set_result(None)
                return True
        return False
