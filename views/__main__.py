"""Start the app: `python -m views` is `streamlit run streamlit_app.py`, with its options.

What is said to the process itself comes before Streamlit: about memory, about a home.
"""

import gc
import os
import sys
from pathlib import Path

from core.engines.memory import share_arena

APP = Path(__file__).parents[1] / "streamlit_app.py"


def ensure_home() -> None:
    """Give a user without a home that can be read the project's: Streamlit looks there for options.

    Containers run as a user id without a name, services without access to /home. Nothing is written
    there.
    """
    try:
        (Path.home() / ".streamlit").stat()
    except (RuntimeError, PermissionError):
        os.environ["HOME"] = str(APP.parent)
    except OSError:
        pass  # nothing is there, as usual


def serve_app() -> None:
    gc.disable()  # until all is imported: see views/startup.py
    share_arena()  # before any thread begins, which keeps the arena that it has
    ensure_home()
    from streamlit.web import cli  # which asks for a home at once

    sys.argv = ["streamlit", "run", str(APP), *sys.argv[1:]]
    cli.main(prog_name="streamlit")


if __name__ == "__main__":
    serve_app()
