"""A process that has imported torch and the worker, and forks a worker whenever a test asks.

A fresh Python takes seconds to import torch; a fork takes milliseconds. What it forks is a worker's
process like any other: it has a pid, reads its standard input, and dies when it is killed. Its data
set is drawn, so a run takes a moment.

    python -m tests.support.fork_server FD      requests come and answers go through that socket

A request is one line, {"root": runs directory, "code": what to run before serving}, with the
standard input of the new process. Answers are lines: {"started": pid}, {"ended": pid, "code": n}.
"""

import json
import os
import select
import signal
import socket
import sys
import traceback
from pathlib import Path
from typing import NoReturn

import sklearn.metrics  # noqa: F401  # what a worker imports at its first evaluation
import torch

import core.cluster.dispatcher
import core.cluster.trainer  # noqa: F401  # brings distributed, as a cluster does
from core import dataset
from core.data import download
from core.specs import SPECS
from core.workers import worker
from tests.conftest import draw_split


def main(server: socket.socket) -> None:
    """Fork on request, until the other side hangs up."""
    data = dataset.Data(SPECS["mnist"], *(draw_split(count, count) for count in (6000, 100, 100)))
    dataset.load_data = lambda *_: data
    download.download = lambda *_, **__: None  # type: ignore[assignment,return-value]
    download.is_present = lambda *_: False
    woken, wake = socket.socketpair()
    wake.setblocking(False)
    signal.set_wakeup_fd(wake.fileno())
    signal.signal(signal.SIGCHLD, lambda *_: None)
    while True:
        ready, _, _ = select.select([server, woken], [], [])
        if woken in ready:
            woken.recv(4096)
            _report_ended(server)
        if server in ready:
            line, files, _, _ = socket.recv_fds(server, 1 << 16, 1)
            if not line:
                return
            _fork(server, json.loads(line), files[0])


def _fork(server: socket.socket, request: dict[str, str], stdin: int) -> None:
    pid = os.fork()
    if pid == 0:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        server.close()
        os.dup2(stdin, 0)
        os.close(stdin)
        _serve(**request)
    os.close(stdin)
    _answer(server, started=pid)


def _serve(root: str, code: str, leaves: str) -> NoReturn:
    torch.set_num_threads(os.cpu_count() or 1)
    try:
        exec(code, {"root": Path(root)})
        status = worker.serve(Path(root), bool(leaves))
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(status)


def _report_ended(server: socket.socket) -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        _answer(server, ended=pid, code=os.waitstatus_to_exitcode(status))


def _answer(server: socket.socket, **facts: int) -> None:
    server.sendall(json.dumps(facts).encode() + b"\n")


if __name__ == "__main__":
    main(socket.socket(fileno=int(sys.argv[1])))
