"""Find a Chromium or Chrome for the browser tests.

python -m tests.browser.support.find_browser             prints its path, or a sentence and exit 1
python -m tests.browser.support.find_browser --install   if there is none, installs Debian's
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.browser.support.programs import MissingError, answer

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PLACES = ("/usr/bin/chromium", "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
DOWNLOADS = ("~/.cache/ms-playwright", "~/Library/Caches/ms-playwright")  # Playwright's own


class BrowserError(MissingError):
    """No browser; the message is one sentence that says what to do."""


def find_browser() -> str:
    """Path of the first of: `$CHROME`, one on the PATH, Playwright's own download, Debian's.

    Raises:
        BrowserError: there is none, or `$CHROME` is no program.
    """
    if chosen := os.environ.get("CHROME"):
        if found := shutil.which(chosen):
            return found
        raise BrowserError(f"CHROME={chosen} is no program: set it to a Chromium or Chrome.")
    candidates = [*map(shutil.which, NAMES), *_downloaded(), *map(shutil.which, PLACES)]
    for found in filter(None, candidates):
        return found
    raise BrowserError(
        "The browser tests need Chromium: install it (`apt-get install chromium` on Debian, or "
        "`.venv/bin/playwright install chromium`), or set CHROME to one."
    )


def _downloaded() -> list[str]:
    """Chromium as `playwright install` leaves it, the newest first."""
    chosen = os.environ.get("PLAYWRIGHT_BROWSERS_PATH")
    folders = [Path(folder).expanduser() for folder in ([chosen] if chosen else DOWNLOADS)]
    found = [path for folder in folders for path in folder.glob("chromium-*/chrome-*/chrome")]
    return [str(path) for path in sorted(found, reverse=True) if os.access(path, os.X_OK)]


def install_browser() -> None:
    """Debian's Chromium, where this is Debian and we are root.

    Raises:
        BrowserError: apt-get failed.
    """
    print("Installing Chromium with apt-get (a minute) ...", file=sys.stderr)
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    packages = ["chromium", "fonts-liberation"]  # without the font, pages would have no letters
    for arguments in (["update"], ["install", "-y", "--no-install-recommends", *packages]):
        done = subprocess.run(
            ["apt-get", *arguments], env=environment, capture_output=True, text=True
        )
        if done.returncode:
            said = [line for line in done.stderr.splitlines() if line.startswith("E: ")]
            reason = said[0] if said else f"exit status {done.returncode}"
            raise BrowserError(
                f"`apt-get {arguments[0]}` failed ({reason}): install Chromium by hand, or "
                "set CHROME to one."
            )


def main(arguments: list[str]) -> int:
    may_install = shutil.which("apt-get") and os.geteuid() == 0 and not os.environ.get("CHROME")
    return answer(arguments, find_browser, install_browser if may_install else None)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
