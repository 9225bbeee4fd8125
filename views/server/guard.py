"""The guard in front of Streamlit: an ASGI middleware that one hostile client does not get past.

It bounds what a browser may open, send and ask for, before Streamlit parses or queues it:

    handshake   Origin is the Host, sockets of an address and of all
    message     its kind, its size, its rate; what the pages do not use is dropped
    run         so many scripts at once, one of a socket, fairly between addresses
    upload      files and bytes of a session, of an address, of all

Slowing down comes first: a socket that asks too fast waits for its turn and its messages wait with
it, in the network. Only nonsense, and what would have to wait too long, closes it, with a reason.
"""

import asyncio
import re
from collections import Counter
from contextlib import suppress
from ipaddress import IPv6Address, ip_address, ip_network

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit import runtime

from core.engines.memory import give_back_freed_memory, return_large_blocks, share_arena
from core.runs import limits, log
from views.document.origins import from_here, is_same_origin, log_origin
from views.server.handles import prepare_handles
from views.server.live_route import live_path
from views.server.messages import BrowserRequest, MessageError, ends_a_run, read_request
from views.server.turns import Bucket, Turns
from views.server.uploads import Uploads, forget_file, is_in_memory, keep_disk_tidy

POLICY, NONSENSE, TOO_LARGE, TRY_LATER = 1008, 1002, 1009, 1013  # codes of RFC 6455, section 7.4
HOLD = 1.0  # seconds that a run may keep its place from others
LONGEST_WAIT = 60.0  # seconds that a socket's messages may have to wait; then it is closed
BEATS = 0.5, 20  # heartbeats and the like of a socket: a second, at once
TIDY_SECONDS = 15.0
UPLOAD = re.compile(r"/_stcore/upload_file/([^/]+)/([^/]+)$")
PRIVATE = re.compile(r"/_stcore/(metrics|agent/|script-health-check)")  # the operator's own
LOCAL = ("127.0.0.1", "::/64")  # this machine's networks
HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"strict-origin-when-cross-origin"),  # a link holds a drawing
)
IPV6_PREFIX = 64  # bits; one household or one server has all addresses that share them
PUT_OFF_SECONDS, MOST_PUT_OFF = 3.0, 200  # before a page hears that it came too late; so many do
BUSY = b"Too many visitors at once. Wait a minute, then load the page again."


class Guard:
    """Wraps an ASGI app; one instance for all visitors, in one event loop."""

    def __init__(self, app: ASGIApp) -> None:
        share_arena()  # before the visitors' threads begin, which keep the arena that they have
        return_large_blocks()
        self.app = app
        self.sockets: Counter[str] = Counter()  # of pages, by address
        self.live_sockets: Counter[str] = Counter()  # of pens, likewise
        self.put_off = 0  # sockets that are being refused
        self.ready = False

    def _begin(self) -> None:
        """What needs the running event loop."""
        self.ready = True
        log.start()
        prepare_handles()
        most = limits.LIMITS
        self.pages = Turns(int(most.page_runs), max(1, int(most.page_runs) - 1), HOLD)
        self.fragments = Turns(int(most.fragment_runs), max(1, int(most.fragment_runs) - 1), HOLD)
        self.uploads = Uploads(int(most.uploads_megabytes * 1e6), forget_file, is_in_memory)
        self.upload_rates: dict[str, Bucket] = {}
        self.tidying = asyncio.get_running_loop().create_task(keep_disk_tidy())
        self._tidy()

    def _tidy(self) -> None:
        """Free what nobody needs and give it back to the system, now and again; it takes 3 ms."""
        self.uploads.sweep(_has_page)
        give_back_freed_memory()
        asyncio.get_running_loop().call_later(TIDY_SECONDS, self._tidy)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not self.ready:
            self._begin()
        if scope["type"] == "websocket":
            await self._guard_socket(scope, receive, send)
        elif scope["type"] == "http":
            await self._guard_request(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _guard_socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        address = address_of(scope)
        if not is_same_origin(scope):
            log_origin(scope)
            return await _refuse(scope, receive, send, POLICY, "This page is of another site.")
        most = limits.LIMITS
        is_live = scope.get("path") == live_path()
        sockets = self.live_sockets if is_live else self.sockets
        full = sockets[address] >= most.sockets_per_address
        if full or sockets.total() >= most.sockets:
            log.event("handshake refused", reason="sockets")
            return await self._put_off(scope, receive, send)
        sockets[address] += 1
        socket, scope = GuardedSocket(self, address, receive, send), from_here(scope)
        try:
            if is_live:  # which judges each message itself
                await self.app(scope, receive, send)
            else:
                await self.app(scope, socket.receive, socket.send)
        finally:
            self.pages.forget(socket)
            self.fragments.forget(socket)
            sockets[address] -= 1
            if not sockets[address]:
                del sockets[address]

    async def _put_off(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse a page that came too late, slowly: it tries again as soon as it is refused."""
        if self.put_off >= MOST_PUT_OFF:
            return await _refuse(scope, receive, send, TRY_LATER, BUSY.decode())
        self.put_off += 1
        try:
            await _refuse(scope, receive, send, TRY_LATER, BUSY.decode(), PUT_OFF_SECONDS)
        finally:
            self.put_off -= 1

    async def _guard_request(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                names = {name.lower() for name, _ in message["headers"]}
                more = [header for header in HEADERS if header[0] not in names]
                message = {**message, "headers": [*message["headers"], *more]}
            await send(message)

        path = str(scope["path"])
        if PRIVATE.search(path) and address_of(scope) not in LOCAL:
            return await _reply(answer, 404, b"Not found.")
        if (upload := UPLOAD.search(path)) is None:
            return await self.app(scope, receive, answer)
        if not is_same_origin(scope):
            log_origin(scope)
            return await _reply(answer, 403, b"This page is of another site.")
        session, file = upload.groups()
        if scope["method"] == "DELETE":
            self.uploads.remove(session, file)
        elif scope["method"] == "PUT":
            size = _size(scope)
            if size is None:
                return await _reply(answer, 411, b"Say how large the file is.")
            if wait := self._upload_wait(address_of(scope), session):
                log.event("upload refused", seconds=round(wait))
                return await _reply(answer, 429, b"Too many files at once. Wait a minute.")
            return await self._upload(scope, receive, answer, (session, file, size))
        await self.app(scope, receive, answer)

    async def _upload(
        self, scope: Scope, receive: Receive, send: Send, upload: tuple[str, str, int]
    ) -> None:
        """Hand a file on, and count it once it is there: what its header says may be wrong."""
        session, file, size = upload
        heard = 0

        async def hear() -> Message:
            nonlocal heard
            message = await receive()
            heard += len(message.get("body", b""))
            return message

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] < 300:
                self.uploads.add(session, file, max(size, heard))
            await send(message)

        await self.app(scope, hear, answer)

    def _upload_wait(self, address: str, session: str) -> float:
        """Seconds until this address, and this session, may upload again; 0 for now.

        The address comes first: who makes up sessions without end fills no memory.
        """
        most = limits.LIMITS
        if len(self.upload_rates) > 10_000:
            self.upload_rates.clear()
        taken: list[Bucket] = []
        for key, share in ((address, most.uploads_per_address), (session, 1.0)):
            burst = most.uploads_per_minute * share
            bucket = self.upload_rates.setdefault(key, Bucket(burst / 60, burst))
            if not bucket.try_take():
                for other in taken:  # what a session may not do costs its neighbors nothing
                    other.level += 1
                return (1 - bucket.level) / bucket.rate
            taken.append(bucket)
        return 0.0


class GuardedSocket:
    """One visitor's websocket, between the server and Streamlit."""

    def __init__(self, guard: Guard, address: str, receive: Receive, send: Send) -> None:
        self.guard, self.address = guard, address
        self._receive, self._send = receive, send
        most = limits.LIMITS
        self.messages = Bucket(most.messages_per_second, 3 * most.messages_per_second)
        self.bytes = Bucket(1000 * most.kilobytes_per_second, 4000 * most.message_kilobytes)
        self.beats = Bucket(*BEATS)
        self.closed = False

    async def receive(self) -> Message:
        """The next message that Streamlit shall hear."""
        while True:
            message = await self._receive()
            if message["type"] != "websocket.receive":
                return message
            content = message.get("bytes")
            if content is None:
                return await self._close(NONSENSE, "text")
            try:
                request = read_request(content, int(1000 * limits.LIMITS.message_kilobytes))
            except MessageError as error:
                return await self._close(NONSENSE, str(error))
            wait = max(self.messages.take(), self.bytes.take(len(content)))
            if wait > LONGEST_WAIT:
                return await self._close(POLICY, "Too many messages.")
            if wait:
                await asyncio.sleep(wait)
            if request.is_run:
                await self._turns(request).enter(self.address, self, len(content))
                return message
            if request.kind and self.beats.try_take():
                return message

    async def send(self, message: Message) -> None:
        """What Streamlit says; nothing once the socket is closed.

        A page that has just gone makes no error here: `receive` tells Streamlit, which would take
        an error of sending for a text frame and log a traceback.
        """
        if self.closed:
            return
        if message["type"] == "websocket.send" and ends_a_run(message.get("bytes") or b""):
            self.guard.pages.leave(self)
            self.guard.fragments.leave(self)
        with suppress(OSError):
            await self._send(message)

    def _turns(self, request: BrowserRequest) -> Turns:
        return self.guard.fragments if request.is_fragment else self.guard.pages

    async def _close(self, code: int, reason: str) -> Message:
        log.event("socket closed", reason=reason)
        await self._send({"type": "websocket.close", "code": code, "reason": reason})
        self.closed = True
        return {"type": "websocket.disconnect", "code": code}


def address_of(scope: Scope) -> str:
    """Who connects; behind a proxy that uvicorn trusts (`$FORWARDED_ALLOW_IPS`), whom it names."""
    client = scope.get("client")
    return network_of(str(client[0])) if client else ""


def network_of(address: str) -> str:
    """What counts as one network address: of IPv6 the whole /64."""
    with suppress(ValueError):
        found = ip_address(address)
        if isinstance(found, IPv6Address):
            return str(found.ipv4_mapped or ip_network((found, IPV6_PREFIX), strict=False))
    return address


def _size(scope: Scope) -> int | None:
    text = dict(scope["headers"]).get(b"content-length", b"")
    return int(text) if text.isdigit() else None


def _has_page(session: str) -> bool:
    return runtime.get_instance().is_active_session(session)


async def _refuse(
    scope: Scope, receive: Receive, send: Send, code: int, reason: str, after: float = 0
) -> None:
    """Accept, then close: a browser hears a reason only on a socket that was open."""
    await receive()  # websocket.connect
    offered = scope.get("subprotocols") or [None]  # a browser wants one of those it named
    await send({"type": "websocket.accept", "subprotocol": offered[0]})
    await asyncio.sleep(after)
    await send({"type": "websocket.close", "code": code, "reason": reason})


async def _reply(send: Send, status: int, words: bytes) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"retry-after", b"60")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": words})
