"""A library is in memory before its package is imported."""

import json.decoder
import subprocess
import sys

import pytest

from core import PROJECT
from core.systems.libraries import left_out, load_ahead

LIBRARY = "lib/libtorch_cpu.so"


def printed(command: str) -> str:
    """What a new process prints."""
    words = [sys.executable, "-c", command]
    return subprocess.run(words, cwd=PROJECT, capture_output=True, text=True, check=True).stdout


@pytest.mark.skipif(sys.platform != "linux", reason="only there are libraries loaded ahead")
def test_the_library_of_torch_is_loaded_without_torch():
    command = (
        "import sys; from core.systems.libraries import left_out, load_ahead;"
        f"load_ahead('torch', {LIBRARY!r});"
        f"print({LIBRARY!r} in open('/proc/self/maps').read(), 'torch' in sys.modules)"
    )
    assert printed(command) == "True False\n"


@pytest.mark.parametrize(("package", "library"), [("torch", "lib/none.so"), ("no_package", "a.so")])
def test_what_is_not_there_is_left_to_the_import(package, library):
    load_ahead(package, library)


def test_a_module_that_is_left_out_is_there_when_it_is_imported_afterwards():
    """The package goes on with an empty one meanwhile."""
    command = (
        "import sys; from core.systems.libraries import left_out\n"
        "with left_out('wave'):\n"
        "    import wave as empty\n"
        "import wave as whole\n"
        "print(hasattr(empty, 'open'), hasattr(whole, 'open'))"
    )
    assert printed(command) == "False True\n"


def test_a_module_that_is_there_already_is_not_imported_anew():
    before = json.decoder
    with left_out("json.decoder"):
        assert sys.modules["json.decoder"] is before
    assert sys.modules["json.decoder"] is before
