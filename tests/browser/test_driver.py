"""The driver itself: what it takes for trouble in the app's log."""

from pathlib import Path

import pytest

from tests.browser.support.driver import App

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
