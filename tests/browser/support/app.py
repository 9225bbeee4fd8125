"""Start the real app as a process of its own, read its log, end it with all that it started.

with serve(folder) as app:
    urllib.request.urlopen(app.url)
"""

import contextlib
import ctypes
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[3]
START_SECONDS = 240  # until a cold app answers; torch alone takes some seconds to import
TROUBLE = re.compile(r"^(WARNING|ERROR|CRITICAL) .*|Traceback .*|.*\b\w+(Warning|Error): .*", re.M)


@dataclass(frozen=True)
class App:
    """A running app."""

    url: str
    pid: int
    log_file: Path
    runs: Path

    def log(self, start: int = 0) -> str:
        return self.log_file.read_text(errors="replace")[start:]

    def trouble(self, start: int = 0) -> str:
        """What the log holds of warnings and tracebacks from a place on; "" is a clean log."""
        log = self.log(start)
        found = TROUBLE.search(log)
        return log[found.start() :] if found else ""


@contextlib.contextmanager
def serve(
    folder: Path,
    port: int = 0,
    script: Path | None = None,
    runs: Path | None = None,
    environment: dict[str, str] | None = None,
) -> Iterator[App]:
    """Start the real app, or another script, with its log in `folder`; end it and all it started.

    Its runs are in the folder, too, unless told otherwise. Port 0 is any that is free. The
    `environment` is more of it.
    """
    port = free_port(port)
    start = ["streamlit", "run", str(script)] if script else ["views"]
    options = {
        "server.port": port,
        "server.address": "127.0.0.1",
        "server.headless": "true",
        "browser.gatherUsageStats": "false",
        "logger.messageFormat": "%(levelname)s %(name)s %(message)s",
    }
    flags = [part for name, value in options.items() for part in (f"--{name}", str(value))]
    folder.mkdir(parents=True, exist_ok=True)
    log_file, runs = folder / "app.log", runs or folder / "runs"
    with log_file.open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", *start, *flags],
            cwd=ROOT,
            env=os.environ
            | {"SKETCH_SUM_RUNS": str(runs), "PYTHONUNBUFFERED": "1"}
            | (environment or {}),
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # a group of its own, so that its worker can be ended with it
            preexec_fn=end_with_parent,
        )
    app = App(f"http://127.0.0.1:{port}", process.pid, log_file, runs)
    try:
        _wait_until_healthy(app, process)
        yield app
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(15)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def end_with_parent() -> None:
    """In a new process: let the system end it when the process of the tests ends, however that is.

    Linux alone can do that; elsewhere an app outlives tests that are killed.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG


def free_port(wanted: int = 0) -> int:
    """A port of this machine that nobody listens on: the wanted one, or any."""
    with socket.socket() as free:
        free.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        free.bind(("127.0.0.1", wanted))
        port: int = free.getsockname()[1]
        return port


def _wait_until_healthy(app: App, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            urllib.request.urlopen(f"{app.url}/_stcore/health", timeout=5).close()
            return
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            pass  # not yet
        if process.poll() is not None:
            raise RuntimeError(f"The app ended with status {process.returncode}:\n{app.log()}")
        time.sleep(0.05)  # between looks
    raise RuntimeError(f"The app did not answer in {START_SECONDS} s:\n{app.log()}")
