"""Import a large package in less time, and let other threads work meanwhile.

torch's shared library takes a fifth of its import, which keeps the interpreter to itself meanwhile.
A call of the C library's `dlopen` gives it to other threads. The import then finds the library in
memory.
"""

import ctypes
import os
import sys
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path


def load_ahead(package: str, library: str) -> None:
    """Load a library, by its path in the package; does nothing where it is not there, and on other
    systems than Linux."""
    found = find_spec(package)
    if sys.platform != "linux" or found is None or found.origin is None:
        return
    file = Path(found.origin).parent / library
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).dlopen(bytes(file), os.RTLD_LAZY)
