"""A Linux machine on which our code finds no more of POSIX than on Windows.

    python -m pytest --hide-posix tests/core/runs

Modules such as fcntl cannot be imported, and names such as os.fork and signal.SIGKILL are not
there: for our code alone. Other packages and the standard library keep them, as on Linux they could
not work without, and tests do, which kill and fork. Processes that a test starts are treated in the
same way, as the environment hands it on. Tests about POSIX itself (marked `posix`) are left out.
"""

import builtins
import os
import signal
import sys
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

OPTION, VARIABLE = "--hide-posix", "SKETCH_SUM_HIDE_POSIX"
PROJECT = Path(__file__).parents[2]
HIDDEN_FROM = (f"{PROJECT}/core", f"{PROJECT}/views", f"{PROJECT}/streamlit_app.py")
MODULES = {"fcntl", "grp", "posix", "pty", "pwd", "resource", "syslog", "termios", "tty"}
OS_NAMES = {
    *("chown", "chroot", "fchmod", "fchown", "fork", "forkpty", "getegid", "geteuid", "getgid"),
    *("getgroups", "getloadavg", "getpgid", "getpgrp", "getpriority", "getsid", "getuid"),
    *("killpg", "lchown", "lockf", "mkfifo", "mknod", "nice", "pathconf", "posix_spawn", "pread"),
    *("pwrite", "sched_getaffinity", "sched_setaffinity", "sendfile", "setgid", "setpgid"),
    *("setpriority", "setsid", "setuid", "statvfs", "sync", "sysconf", "uname", "wait", "WNOHANG"),
}
SIGNAL_NAMES = {
    *("SIGALRM", "SIGCHLD", "SIGCONT", "SIGHUP", "SIGKILL", "SIGPIPE", "SIGQUIT", "SIGSTOP"),
    *("SIGTSTP", "SIGUSR1", "SIGUSR2", "alarm", "pause", "pthread_kill", "pthread_sigmask"),
    *("setitimer", "sigwait"),
}


def is_asked() -> bool:
    """Did the command line or the process before this one ask for it?"""
    return OPTION in sys.argv or VARIABLE in os.environ


def hide() -> None:
    """From now on."""
    os.environ[VARIABLE] = "1"
    folder = str(PROJECT / "tests" / "support" / "hidden")
    paths = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    if folder not in paths:
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [folder, *paths]))
    _hide_modules()
    for module, names in ((os, OS_NAMES), (signal, SIGNAL_NAMES)):
        _hide_names(module, names)


def _is_ours(frame: FrameType) -> bool:
    return frame.f_code.co_filename.startswith(HIDDEN_FROM)


def _hide_modules() -> None:
    real = builtins.__import__

    def without_posix(name: str, *rest: Any, **options: Any) -> ModuleType:
        if name in MODULES and _is_ours(sys._getframe(1)):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return real(name, *rest, **options)

    builtins.__import__ = without_posix


def _hide_names(module: ModuleType, names: set[str]) -> None:
    class WithoutPosix(ModuleType):
        def __getattribute__(self, name: str) -> Any:
            if name in names and _is_ours(sys._getframe(1)):
                raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}")
            return super().__getattribute__(name)

    module.__class__ = WithoutPosix
