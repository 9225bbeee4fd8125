"""Have the pinned packages wheels for every system and every Python that the project names?

    make wheels

pip resolves requirements.txt and requirements-cluster.txt for each of them without installing
anything, with wheels alone: who has no compiler must be able to install them. Needs the package
index; not part of `make test`.
"""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import product

from core import PROJECT

PYTHONS = ("3.11", "3.12", "3.13", "3.14")
# Tags of wheels, the oldest system that torch and streamlit still support among them.
SYSTEMS = {
    "Windows": ("win_amd64",),
    "macOS, ARM": ("macosx_14_0_arm64", "macosx_12_0_arm64", "macosx_11_0_arm64"),
    "macOS, x86": ("macosx_14_0_x86_64", "macosx_12_0_x86_64", "macosx_10_13_x86_64"),
    "Linux, x86": ("manylinux_2_28_x86_64", "manylinux_2_27_x86_64", "manylinux2014_x86_64"),
    "Linux, ARM": ("manylinux_2_28_aarch64", "manylinux_2_27_aarch64", "manylinux2014_aarch64"),
}
FILES = ("requirements.txt", "requirements-cluster.txt")


def resolve(system: str, python: str) -> str:
    """Why pip finds no set of wheels, in its words; "" where it does."""
    command = [
        *(sys.executable, "-m", "pip", "install", "--dry-run", "--quiet", "--ignore-installed"),
        *("--disable-pip-version-check", "--only-binary", ":all:", "--target", "unused"),
        *("--python-version", python, "--implementation", "cp"),
        *[word for tag in SYSTEMS[system] for word in ("--platform", tag)],
        *[word for file in FILES for word in ("-r", file)],
    ]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True)
    if done.returncode == 0:
        return ""
    said = [line for line in done.stderr.splitlines() if line.startswith("ERROR: ")]
    return (said or [f"pip failed ({done.returncode})"])[-1].removeprefix("ERROR: ")


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
