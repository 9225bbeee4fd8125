"""Find nginx for the tests of the recipe in deploy/.

python -m tests.browser.support.find_nginx             prints its path, or a sentence and exit 1
python -m tests.browser.support.find_nginx --install   if there is none, unpacks Debian's into .venv

Unpacked only, because an installed nginx would start serving this machine.
"""

import shutil
import sys
import tempfile
from pathlib import Path

from core.data.mirrors import SourceError, unpack_debian_package
from tests.browser.support.programs import MissingError, answer

INSTALLED = "/usr/sbin/nginx"  # often not on the PATH of a user
UNPACKED = Path(__file__).parents[3] / ".venv" / "nginx"


class NginxError(MissingError):
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
            unpack_debian_package(Path(scratch), "nginx")
            shutil.copy(Path(scratch, INSTALLED.lstrip("/")), UNPACKED)
        except (SourceError, OSError) as error:
            raise NginxError(f"nginx could not be downloaded ({error}): install it.") from error


if __name__ == "__main__":
    sys.exit(answer(sys.argv[1:], find_nginx, unpack_nginx))
