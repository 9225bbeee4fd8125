"""The support itself: what it takes for trouble in the app's log, and how fresh a visitor is."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.browser.support.app import ROOT, App
from tests.browser.support.driver import open_in
from tests.browser.support.visitors import Visitors
from tests.conftest import wait_for

CLEAN = """INFO streamlit.web.server Uvicorn server started on 127.0.0.1:8501

  You can now view your Streamlit app in your browser.
  URL: http://localhost:8501

INFO uvicorn.access 127.0.0.1:51942 - "GET /static/js/Html.js HTTP/1.1" 200
"""


def app_with(log: str, folder: Path) -> App:
    log_file = folder / "app.log"
    log_file.write_text(log)
    return App(url="", pid=0, log_file=log_file, runs=folder)


def test_a_clean_log_is_no_trouble(tmp_path: Path) -> None:
    assert app_with(CLEAN, tmp_path).trouble() == ""


@pytest.mark.parametrize(
    "line",
    [
        "WARNING streamlit.runtime Session with id 1 is already connected",
        "ERROR core.worker lost",
        "Traceback (most recent call last):",
        "/app/views/draw.py:12: DeprecationWarning: use something else",
        "ValueError: 7",
    ],
)
def test_a_warning_or_a_traceback_is(tmp_path: Path, line: str) -> None:
    app = app_with(CLEAN + line, tmp_path)
    assert app.trouble() == line
    assert app.trouble(start=len(app.log())) == ""


LEAVE = """localStorage.setItem("name", "ada"); sessionStorage.setItem("name", "ada");
document.cookie = "name=ada"; new Promise(done => {
    indexedDB.open("ada").onsuccess = ({target}) => { target.result.close(); done(); };
})"""
FIND = """(async () => [
    Number("name" in localStorage), sessionStorage.length, document.cookie.includes("name=ada"),
    (await indexedDB.databases()).length,
    (await navigator.permissions.query({name: "clipboard-read"})).state,
])()"""


def test_the_next_visitor_finds_nothing_that_one_left(app: App, visitors: Visitors) -> None:
    with visitors.arrive() as page:
        open_in(page, app.url)
        found = page.evaluate(FIND)
        page.evaluate(LEAVE)
        page.context.grant_permissions(["clipboard-read"])
        assert page.evaluate(FIND) == [1, 1, True, 1, "granted"]
    with visitors.arrive() as again:
        assert again == page
        open_in(again, app.url)
        assert again.evaluate(FIND) == found


def test_visitors_at_the_same_time_share_nothing(visitors: Visitors) -> None:
    with visitors.arrive() as one, visitors.arrive() as other:
        assert one.context != other.context


def test_a_tab_that_was_closed_or_was_for_one_alone_is_not_used_again(visitors: Visitors) -> None:
    with visitors.arrive() as closed, visitors.arrive(alone=True) as alone:
        closed.close()
    with visitors.arrive() as one, visitors.arrive() as other:
        assert not {one, other} & {closed, alone}


HOLDS_AN_APP = """
import sys, time
from pathlib import Path
from tests.browser.support.app import serve
with serve(Path(sys.argv[1])) as app:
    print(app.pid, flush=True)
    time.sleep(600)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a process with its parent")
@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_no_app_outlives_the_tests_that_started_it(tmp_path: Path, end: signal.Signals) -> None:
    tests = subprocess.Popen(
        [sys.executable, "-c", HOLDS_AN_APP, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE
    )
    assert tests.stdout
    with tests.stdout:
        app = Path(f"/proc/{int(tests.stdout.readline())}")
        assert app.exists()
        tests.send_signal(end)
        tests.wait()
    wait_for(lambda: not app.exists(), "the end of an app without its tests")
