"""A library is in memory before its package is imported."""

import subprocess
import sys

import pytest

from core import PROJECT
from core.systems.libraries import load_ahead

LIBRARY = "lib/libtorch_cpu.so"


def printed(command: str) -> str:
    """What a new process prints."""
    words = [sys.executable, "-c", command]
    return subprocess.run(words, cwd=PROJECT, capture_output=True, text=True, check=True).stdout


@pytest.mark.skipif(sys.platform != "linux", reason="only there are libraries loaded ahead")
def test_the_library_of_torch_is_loaded_without_torch():
    command = (
        "import sys; from core.systems.libraries import load_ahead;"
        f"load_ahead('torch', {LIBRARY!r});"
        f"print({LIBRARY!r} in open('/proc/self/maps').read(), 'torch' in sys.modules)"
    )
    assert printed(command) == "True False\n"


@pytest.mark.parametrize(("package", "library"), [("torch", "lib/none.so"), ("no_package", "a.so")])
def test_what_is_not_there_is_left_to_the_import(package, library):
    load_ahead(package, library)
