"""Start the app: `python -m views` is `streamlit run streamlit_app.py`, with its options.

torch takes longer to import than all the rest of the first page. Here that begins with the server,
and not with the first visitor.
"""

import importlib
import os
import sys
import threading
from pathlib import Path

ARENAS = "MALLOC_ARENA_MAX"
APP = Path(__file__).parents[1] / "streamlit_app.py"


def ensure_home() -> None:
    """Give a user who has no home the project's folder: Streamlit looks there for its options.

    Containers run as a user id without a name. Nothing is written there.
    """
    try:
        Path.home()
    except RuntimeError:
        os.environ["HOME"] = str(APP.parent)


def share_memory() -> None:
    """Start once more, with one arena of memory for all threads.

    Else free memory is scattered over an arena for each thread of each page, and stays there. The
    C library of Linux asks for this at the start of a process only.
    """
    if sys.platform == "linux" and ARENAS not in os.environ:
        os.environ[ARENAS] = "1"
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])


def serve_app() -> None:
    share_memory()
    ensure_home()
    # no more than the network: what Streamlit may import at the same time, one could see half done
    threading.Thread(target=importlib.import_module, args=("core.model",), daemon=True).start()
    from streamlit.web import cli  # which asks for a home at once

    sys.argv = ["streamlit", "run", str(APP), *sys.argv[1:]]
    cli.main(prog_name="streamlit")


if __name__ == "__main__":
    serve_app()
