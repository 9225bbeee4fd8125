"""Have the pinned packages wheels for every system and every Python that the project names?

    make wheels

uv resolves requirements.txt and requirements-cluster.txt for each of them without installing
anything, with wheels alone: who has no compiler must be able to install them. Needs the package
index; not part of `make test`.
"""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import product

from core import PROJECT

PYTHONS = ("3.11", "3.12", "3.13", "3.14")
SYSTEMS = {  # torch has no wheels for Macs with a processor of Intel's
    "Windows": "x86_64-pc-windows-msvc",
    "macOS, ARM": "aarch64-apple-darwin",
    "Linux, x86": "x86_64-manylinux_2_28",
    "Linux, ARM": "aarch64-manylinux_2_28",
}
MACOS = "14.0"  # the oldest that torch has wheels for
FILES = ("requirements.txt", "requirements-cluster.txt")


def resolve(system: str, python: str) -> str:
    """Why there is no set of wheels, in uv's words; "" where there is one."""
    command = [
        *(sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--only-binary", ":all:"),
        *("--python-version", python, "--python-platform", SYSTEMS[system], *FILES),
    ]
    target = os.environ | {"MACOSX_DEPLOYMENT_TARGET": MACOS}
    done = subprocess.run(command, cwd=PROJECT, env=target, capture_output=True, text=True)
    if done.returncode == 0:
        return ""
    return " ".join(done.stderr.split())[:300] or f"uv failed ({done.returncode})"


def main() -> int:
    """Print a line for each system and Python; 1 where one has no wheels."""
    cases = list(product(SYSTEMS, PYTHONS))
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(resolve, *zip(*cases, strict=True)))
    for (system, python), failure in zip(cases, found, strict=True):
        print(f"{system}, Python {python}: {failure or 'all pins have wheels'}")
    return int(any(found))


if __name__ == "__main__":
    sys.exit(main())
