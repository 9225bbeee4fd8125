"""Which browser the browser tests take, on machines that have one, several or none."""

from pathlib import Path

import pytest

from tests.browser.support import find_browser as finder
from tests.browser.support.find_browser import BrowserError, find_browser


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine with no browser."""
    monkeypatch.delenv("CHROME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path / "downloads"))
    monkeypatch.setattr(finder, "PLACES", ())


def program(path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return str(path)


def test_without_a_browser_one_sentence_says_what_to_do(capsys):
    with pytest.raises(BrowserError, match="need Chromium: install it"):
        find_browser()
    assert finder.main([]) == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_chrome_in_the_environment_comes_first(tmp_path, monkeypatch):
    program(tmp_path / "bin" / "chromium")
    chosen = program(tmp_path / "mine" / "chrome")
    monkeypatch.setenv("CHROME", chosen)
    assert find_browser() == chosen


def test_a_wrong_chrome_is_not_passed_over_in_silence(tmp_path, monkeypatch):
    program(tmp_path / "bin" / "chromium")
    monkeypatch.setenv("CHROME", "/no/such/browser")
    with pytest.raises(BrowserError, match="CHROME=/no/such/browser is no program"):
        find_browser()


def test_the_path_comes_before_downloads(tmp_path):
    download = program(tmp_path / "downloads" / "chromium-1" / "chrome-linux" / "chrome")
    assert find_browser() == download
    installed = program(tmp_path / "bin" / "google-chrome")
    assert find_browser() == installed


def test_it_is_installed_where_we_are_root_on_debian(tmp_path, monkeypatch, capsys):
    apt = tmp_path / "bin" / "apt-get"
    program(apt)
    browser = tmp_path / "bin" / "chromium"
    apt.write_text(
        f'#!/bin/sh\nPATH=/usr/bin:/bin\n[ "$1" = update ] && exit\n'
        f'[ "$1 $4" = "install chromium" ] && cp "$0" {browser}\n'
    )
    monkeypatch.setattr(finder.os, "geteuid", lambda: 1000)
    assert finder.main(["--install"]) == 1
    monkeypatch.setattr(finder.os, "geteuid", lambda: 0)
    assert finder.main(["--install"]) == 0
    assert capsys.readouterr().out == f"{browser}\n"


def test_a_failed_installation_says_why(tmp_path, monkeypatch, capsys):
    apt = tmp_path / "bin" / "apt-get"
    program(apt)
    apt.write_text("#!/bin/sh\necho 'W: old' >&2\necho 'E: no network' >&2\nexit 100\n")
    monkeypatch.setattr(finder.os, "geteuid", lambda: 0)
    assert finder.main(["--install"]) == 1
    assert "`apt-get update` failed (E: no network)" in capsys.readouterr().err
