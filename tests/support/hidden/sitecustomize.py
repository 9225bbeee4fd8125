"""What Python runs first in a process with this folder in PYTHONPATH: see ../hide_posix.py."""

import importlib.util
from pathlib import Path

spec = importlib.util.spec_from_file_location(
    "hide_posix", Path(__file__).parents[1] / "hide_posix.py"
)
assert spec and spec.loader
hide_posix = importlib.util.module_from_spec(spec)
spec.loader.exec_module(hide_posix)
hide_posix.hide()
