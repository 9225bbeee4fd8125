"""A visitor without a browser: speaks to the app over its websocket, as its page does.

    async with Visitor(url) as visitor:
        await visitor.open()                        # the page, as a browser first asks for it
        answer = await visitor.draw(DIGITS["5"])    # a drawing, as the canvas sends it
        answer.label, answer.total                  # "5", "12"
        answer.shown, answer.seconds                # until both answers came, until all had

What it sends was listened to in Chromium: the canvas's value is fabric.js JSON, a drawing asks for
the board's fragment alone, and a page with a live fragment asks for it again by itself.
"""

import asyncio
import json
import re
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import ClientConnection, connect

from core.data.drawing import Strokes
from views.input.canvas import canvas_message
from views.session.canvas_state import SHARPNESS, CanvasState, to_paths

PATIENCE = 60.0  # seconds for an answer; a person would have left
STROKE, STEPS, PER_SECOND = 0.5, 60, 10  # seconds of a drawing, its points, its questions
DONE = {
    ForwardMsg.FINISHED_SUCCESSFULLY,
    ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY,
}
ANSWER = re.compile(r'class="answer"><span class="\w+"[^>]*>([^<]*)<')


Points = npt.NDArray[np.float64]


class LostError(RuntimeError):
    """No answer, a broken connection, or an exception on the page."""


def pen_points(strokes: Strokes) -> Points:
    """A drawing as one stroke of the pen, in pixels of the browser's canvas: (STEPS, 2)."""
    points = np.array([point for stroke in strokes for point in stroke]) * SHARPNESS
    along = np.linspace(0, len(points) - 1, STEPS)
    x, y = (np.interp(along, range(len(points)), points[:, axis]) for axis in (0, 1))
    return np.stack([x, y], 1).round(4)


@dataclass
class Answer:
    """What came back for one question."""

    label: str = ""  # the class head's, in words
    total: str = ""  # the sum head's
    shown: float = 0.0  # seconds until both were there
    seconds: float = 0.0  # until all was


class Visitor:
    """One session of the app."""

    def __init__(self, url: str, path: str = "", query: str = "", client: str = "") -> None:
        """`client` is the network address that a proxy would name."""
        self.url, self.path, self.query, self.client = url, path, query, client
        self.socket: ClientConnection | None = None
        self.page = ""  # its hash
        self.widgets: dict[str, str] = {}  # ids by key
        self.fragments: dict[str, str] = {}  # ids of fragments by the key of a widget in them
        self.live: tuple[str, float] | None = None  # a fragment that runs by itself, and how often
        self.canvas = CanvasState()
        self.live_socket: ClientConnection | None = None
        self.question: dict[str, Any] = {}  # that the page has answered
        self.states: dict[str, WidgetState] = {}

    async def __aenter__(self) -> "Visitor":
        address = self.url.replace("http", "ws", 1) + "/_stcore/stream"
        origin: Any = self.url
        self.socket = await connect(
            address,
            subprotocols=["streamlit"],  # type: ignore[list-item]
            origin=origin,
            max_size=None,
            open_timeout=PATIENCE,
            additional_headers={"X-Forwarded-For": self.client} if self.client else None,
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self.socket
        if self.live_socket:
            await self.live_socket.close()
        await self.socket.close()

    async def open(self) -> Answer:
        """The whole page."""
        return await self.ask()

    async def draw(self, strokes: Strokes) -> Answer:
        """Put a drawing on the canvas."""
        raw = to_paths(strokes) | {"version": "7.4.0"}
        raw["background"] = canvas_message(self.canvas)["initialDrawing"]["background"]
        said = {"drawing": {"raw": raw, "data": None}}
        self.states["pen"] = WidgetState(id=self.widgets["pen"], json_value=json.dumps(said))
        return await self.ask(fragment=self.fragments["pen"])

    async def move_pen(self, strokes: Strokes) -> Answer:
        """Draw on the live channel in half a second; the answer after the pen is lifted."""
        pen = pen_points(strokes)
        questions = int(STROKE * PER_SECOND)
        due = time.perf_counter()
        for number in range(1, questions + 1):
            await self.ask_live(pen[: STEPS * number // questions], down=True)
            due += 1 / PER_SECOND
            await asyncio.sleep(max(0, due - time.perf_counter()))
        return await self.ask_live(pen)

    async def ask_live(self, pen: Points, down: bool = False) -> Answer:
        """One question on the live channel, about a stroke (N, 2) in pixels of the canvas."""
        try:
            async with asyncio.timeout(PATIENCE):
                return await self._ask_live(pen, down)
        except Exception as error:  # whatever ended the connection: the answer is lost
            raise LostError(f"live: {type(error).__name__}: {error}") from error

    async def _ask_live(self, pen: Points, down: bool) -> Answer:
        if self.live_socket is None:
            address = self.url.replace("http", "ws", 1) + "/live"
            origin: Any = self.url
            self.live_socket = await connect(address, origin=origin, open_timeout=PATIENCE)
        question = self.question | {"drawing": [], "pen": [pen.ravel().tolist()], "down": down}
        start = time.perf_counter()
        await self.live_socket.send(json.dumps(question))
        said = ANSWER.findall(json.loads(await self.live_socket.recv())["answers"])
        seconds = time.perf_counter() - start
        return Answer(said[0], said[1], seconds, seconds)

    async def press(self, key: str) -> Answer:
        """Press a button."""
        trigger = WidgetState(id=self.widgets[key], trigger_value=True)
        return await self.ask(trigger, self.fragments.get(key, ""))

    async def poll(self) -> Answer:
        """What a page with a live fragment asks by itself."""
        assert self.live
        return await self.ask(fragment=self.live[0], by_itself=True)

    async def ask(
        self, trigger: WidgetState | None = None, fragment: str = "", by_itself: bool = False
    ) -> Answer:
        """Have the page, or a fragment of it, run again; everything that comes back."""
        assert self.socket
        back = BackMsg()
        client = back.rerun_script
        client.query_string, client.page_script_hash = self.query, self.page
        client.page_name = "" if self.page else self.path
        client.fragment_id, client.is_auto_rerun = fragment, by_itself
        client.widget_states.widgets.extend(
            [*self.states.values(), *([trigger] if trigger else [])]
        )
        client.context_info.timezone, client.context_info.locale = "UTC", "en-US"
        client.context_info.url = f"{self.url}/{self.path}"
        client.context_info.color_scheme = "light"
        start = time.perf_counter()
        answer, said = Answer(), []
        if not fragment:
            self.live = None
        try:
            await self.socket.send(back.SerializeToString())
            async with asyncio.timeout(PATIENCE):
                while True:
                    heard = ForwardMsg.FromString(await self.socket.recv())  # type: ignore[arg-type]
                    self._hear(heard, said)
                    if len(said) == 2 and not answer.shown:
                        answer.label, answer.total = said
                        answer.shown = time.perf_counter() - start
                    if heard.HasField("script_finished") and heard.script_finished in DONE:
                        answer.seconds = time.perf_counter() - start
                        return answer
        except LostError:
            raise
        except Exception as error:  # whatever ended the connection: the answer is lost
            raise LostError(f"{type(error).__name__}: {error}") from error

    def _hear(self, heard: ForwardMsg, said: list[str]) -> None:
        kind = heard.WhichOneof("type")
        if kind == "navigation":
            self.page = heard.navigation.page_script_hash
        elif kind == "page_info_changed":
            self.query = heard.page_info_changed.query_string
        elif kind == "auto_rerun":
            self.live = (heard.auto_rerun.fragment_id, heard.auto_rerun.interval)
        elif kind == "delta" and heard.delta.HasField("new_element"):
            element = heard.delta.new_element
            what = element.WhichOneof("type")
            if what == "exception":
                raise LostError(f"on the page: {element.exception.message}")
            if what == "bidi_component":
                data = json.loads(element.bidi_component.json or "null") or {}
                said += ANSWER.findall(str(data.get("content")))
                self.question = data.get("question") or self.question
            if what:
                self._note(getattr(element, what), heard.delta.fragment_id)

    def _note(self, element: Any, fragment: str) -> None:
        """Remember a widget by its key, which its id ends with."""
        number = getattr(element, "id", "")
        if isinstance(number, str) and number.startswith("$$ID-"):
            key = number.split("-", 2)[2]
            self.widgets[key] = number
            self.fragments[key] = fragment
