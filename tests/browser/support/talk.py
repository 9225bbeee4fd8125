"""What a page and the app say to each other, heard on the wire."""

from playwright.sync_api import Page, WebSocket
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

ANSWERED = (ForwardMsg.FINISHED_SUCCESSFULLY, ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY)


class Talk:
    """What a page and the app say to each other: is there a question without an answer?

    The page shows no sign between a click and the start of the app's answer, so we listen in.
    """

    def __init__(self, page: Page) -> None:
        self.asked = 0
        self._open = {"": 0}  # the newest question of each fragment; "" is the whole page
        self._begun: dict[str, int] = {}  # those of them that the app answers now
        page.on("websocket", self._listen)

    @property
    def open(self) -> bool:
        return bool(self._open)

    def _listen(self, socket: WebSocket) -> None:
        if "_stcore" in socket.url:  # the other is the pen's
            self._open, self._begun = {"": self.asked}, {}
            socket.on("framesent", self._sent)
            socket.on("framereceived", self._received)

    def _sent(self, frame: bytes | str) -> None:
        said = BackMsg.FromString(frame) if isinstance(frame, bytes) else BackMsg()
        if said.HasField("rerun_script") and not said.rerun_script.is_auto_rerun:
            self.asked += 1
            self._open[said.rerun_script.fragment_id] = self.asked

    def _received(self, frame: bytes | str) -> None:
        message = ForwardMsg.FromString(frame) if isinstance(frame, bytes) else ForwardMsg()
        if message.HasField("new_session"):  # a run begins: of some fragments, or of the page
            ids = message.metadata.run.fragment_ids
            self._begun |= {key: n for key, n in self._open.items() if not ids or key in ids}
        # A run that ended early leaves what it was asked to the next one.
        if message.HasField("script_finished") and message.script_finished in ANSWERED:
            still = self._open.items() - self._begun.items()
            self._open, self._begun = dict(still), {}
