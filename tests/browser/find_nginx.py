"""Find nginx for the tests of the recipe in deploy/.

python -m tests.browser.find_nginx             prints its path, or one sentence and exit 1
python -m tests.browser.find_nginx --install   first unpacks Debian's into .venv, if there is none:
                                               installed, it would start serving this machine
"""

import shutil
import sys
import tempfile
from pathlib import Path

from core.sources import SourceError, unpack_package

INSTALLED = "/usr/sbin/nginx"  # often not on the PATH of a user
UNPACKED = Path(__file__).parents[2] / ".venv" / "nginx"


class NginxError(RuntimeError):
    """No nginx; the message is one sentence that says what to do."""


def find_nginx() -> str:
    """Path of the first of: one on the PATH, an installed one, the unpacked one.

    Raises:
        NginxError: there is none.
    """
    for place in ("nginx", INSTALLED, str(UNPACKED)):
        if found := shutil.which(place):
            return found
    raise NginxError(
        "The tests of deploy/nginx.conf need nginx: install it (`apt-get install nginx` on Debian)."
    )


def unpack_nginx() -> None:
    """Debian's nginx, its program alone.

    Raises:
        NginxError: it cannot be had.
    """
    with tempfile.TemporaryDirectory() as scratch:
        try:
            unpack_package(Path(scratch), "nginx")
            shutil.copy(Path(scratch, INSTALLED.lstrip("/")), UNPACKED)
        except (SourceError, OSError) as error:
            raise NginxError(f"nginx could not be downloaded ({error}): install it.") from error


def main(arguments: list[str]) -> int:
    try:
        try:
            path = find_nginx()
        except NginxError:
            if arguments != ["--install"]:
                raise
            unpack_nginx()
            path = find_nginx()
    except NginxError as error:
        print(error, file=sys.stderr)
        return 1
    print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
