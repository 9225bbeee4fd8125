"""What comes over the wire to a tab, and a wire that is slow."""

from typing import Any

from playwright.sync_api import CDPSession, Page


class Wire:
    """Listens to a tab's network from now on: bytes of files and websockets, names of files."""

    def __init__(self, page: Page) -> None:
        self._cdp: CDPSession = page.context.new_cdp_session(page)
        self.bytes = 0  # as they came, compressed
        self.asked: list[str] = []  # names of files, in the order that they were asked for
        self._cdp.send("Network.enable")
        self._cdp.on("Network.requestWillBeSent", self._note)
        self._cdp.on("Network.loadingFinished", self._count)
        self._cdp.on("Network.webSocketFrameReceived", self._count_frame)

    def slow_down(self, kilobits: float, milliseconds: float) -> None:
        """So many kilobits a second each way, and so many milliseconds more for each request."""
        rate = kilobits * 1000 / 8
        self._cdp.send(
            "Network.emulateNetworkConditions",
            {
                "offline": False,
                "latency": milliseconds,
                "downloadThroughput": rate,
                "uploadThroughput": rate,
            },
        )

    def _note(self, event: dict[str, Any]) -> None:
        if (url := event["request"]["url"]).startswith("http"):
            self.asked.append(url.rpartition("/")[2])

    def _count(self, event: dict[str, Any]) -> None:
        self.bytes += event["encodedDataLength"]

    def _count_frame(self, event: dict[str, Any]) -> None:
        said = event["response"]
        binary = said["opcode"] == 2  # then in base64
        self.bytes += len(said["payloadData"]) * 3 // 4 if binary else len(said["payloadData"])
