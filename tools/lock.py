"""Write requirements.lock: every package that the app needs at one version, each with its hashes.

    python -m tools.lock        (`make lock`; needs uv, which requirements-dev.txt has)

The lock holds for Linux, macOS and Windows, on x86-64 and ARM, from Python 3.11 up: a package that
differs between them stands there once for each. torch and torchvision are not in it, nor what only
a CUDA build needs: their CPU builds come from an index of their own, with hashes of its own, so
`pip install -r requirements.txt` adds them afterwards, by their versions.
"""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
LOCK = ROOT / "requirements.lock"
LEFT_OUT = re.compile(r"torch|torchvision|triton|(?:nvidia|cuda)-[\w-]+")
HEAD = "# Written by `make lock` from requirements.txt, without torch; see tools/lock.py.\n"
COMMAND = "uv pip compile requirements.txt --universal --python-version 3.11 --generate-hashes"
OPTIONS = ("--no-header", "--no-annotate", "--no-emit-index-url", "--upgrade", "--quiet")


def blocks(text: str) -> list[tuple[str, str]]:
    """The packages of a lock: the name of each, and its lines."""
    found = re.split(r"(?m)^(?=[A-Za-z0-9])", text)
    return [(re.split(r"[=\s]", block)[0], block) for block in found if block.strip()]


def without_torch(text: str) -> str:
    """A lock without torch and what only its CUDA builds need."""
    return "".join(block for name, block in blocks(text) if not LEFT_OUT.fullmatch(name))


def main() -> int:
    """Resolve again, and write the lock whole."""
    command = [sys.executable, "-m", *COMMAND.split(), *OPTIONS]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if said.returncode:
        print(said.stderr, file=sys.stderr)
        return 1
    LOCK.write_text(HEAD + without_torch(said.stdout), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
