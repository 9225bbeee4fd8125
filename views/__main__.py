"""Start the app: `python -m views` is `streamlit run streamlit_app.py`, with its options.

torch takes longer to import than all the rest of the first page. Here that begins with the server,
and not with the first visitor.
"""

import importlib
import sys
import threading
from pathlib import Path

from streamlit.web import cli

APP = Path(__file__).parents[1] / "streamlit_app.py"

if __name__ == "__main__":
    # no more than the network: what Streamlit may import at the same time, one could see half done
    threading.Thread(target=importlib.import_module, args=("core.model",), daemon=True).start()
    sys.argv = ["streamlit", "run", str(APP), *sys.argv[1:]]
    cli.main(prog_name="streamlit")
