"""Starts a trainer's process, and starts it again when it dies: what `core trainer` runs."""

import signal
import subprocess
import sys
import time

import msgspec

from core import PROJECT
from core.cluster.cluster import OUT_OF_MEMORY, REFUSED, Options

QUICK_END = 10.0  # seconds; a process that dies sooner is started again after a pause
MAX_PAUSE = 60.0  # seconds between starts
GIVE_BACK_SECONDS = 10.0  # that it has to give back what it does


def run_trainer(options: Options) -> int:
    """Run a trainer until Ctrl-C, SIGTERM or an app of another version; the exit status."""
    command = [
        *(sys.executable, "-m", "core.cluster.trainer"),
        msgspec.json.encode(options).decode(),
    ]
    signal.signal(signal.SIGTERM, _interrupt)
    pause = 0.0
    while True:
        started = time.monotonic()
        process = subprocess.Popen(command, cwd=PROJECT, stdin=subprocess.PIPE)
        try:
            status = process.wait()
            if status == REFUSED:
                return status
            lived = time.monotonic() - started
            pause = min(MAX_PAUSE, 2 * pause or 0.5) if lived < QUICK_END else 0.0
            why = "reached its memory limit" if status == OUT_OF_MEMORY else f"died ({status})"
            print(f"The trainer {why} and is started again.", file=sys.stderr, flush=True)
            time.sleep(pause)
        except KeyboardInterrupt:
            _end(process)
            raise


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Let it give back what it does; kill it if that takes long."""
    if process.stdin:
        process.stdin.close()
    try:
        process.wait(GIVE_BACK_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt
