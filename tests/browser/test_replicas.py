"""The recipe in deploy/nginx.conf: two apps on one runs directory behind a real nginx."""

import contextlib
import os
import re
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path

from PIL import Image, ImageDraw
from playwright.sync_api import Page, expect

from core.workers.status import read_status
from tests.browser.conftest import Visit
from tests.browser.support import driver
from tests.browser.support.app import ROOT, App, end_with_parent, free_port, serve
from tests.browser.support.driver import (
    answered,
    draw_digit,
    hook,
    pick_number,
    press,
    text,
)
from tests.browser.support.find_nginx import find_nginx
from tests.browser.test_canvas import LEFT, ON_LEFT, expect_ink
from tests.browser.test_live import pen_down

TRAINED_MS = 240_000
FAIL_SECONDS = 6  # longer than fail_timeout in the recipe
# What a system's own configuration says around the recipe; what nginx writes stays in its folder.
AROUND = """
daemon off; pid nginx.pid; error_log stderr warn; {user}
events {{}}
http {{
    access_log off;
    client_body_temp_path body; proxy_temp_path proxy;
    fastcgi_temp_path other; uwsgi_temp_path other; scgi_temp_path other;
    include recipe.conf;
}}
"""


def port_of(app: App) -> int:
    return int(app.url.rpartition(":")[2])


@contextlib.contextmanager
def nginx(folder: Path, apps: Sequence[App]) -> Iterator[str]:
    """The address of the recipe's nginx in front of the apps; only its ports are others."""
    port = free_port()
    recipe = (ROOT / "deploy/nginx.conf").read_text().replace("listen 80;", f"listen {port};")
    for written, app in zip((":8501", ":8502"), apps, strict=True):
        assert written in recipe
        recipe = recipe.replace(written, f":{port_of(app)}")
    folder.mkdir()
    (folder / "recipe.conf").write_text(recipe)
    user = "user root;" if os.geteuid() == 0 else ""  # others may not write into the folder
    (folder / "nginx.conf").write_text(AROUND.format(user=user))
    address = f"http://127.0.0.1:{port}"
    command = [find_nginx(), "-p", str(folder), "-c", "nginx.conf", "-e", "stderr"]
    process = subprocess.Popen(command, preexec_fn=end_with_parent)
    try:
        while True:
            assert process.poll() is None, "nginx ended: its log says why"
            with contextlib.suppress(urllib.error.URLError, ConnectionError):
                urllib.request.urlopen(f"{address}/_stcore/health").close()
                break
            time.sleep(0.05)  # between looks
        yield address
    finally:
        process.terminate()
        process.wait()


def upload(page: Page, photo: Path) -> None:
    """A picture of a 7: it goes to the app apart from the page's websocket."""
    paper = Image.new("L", (600, 400), 230)
    ImageDraw.Draw(paper).line([(220, 80), (380, 80), (280, 320)], fill=40, width=26)
    paper.save(photo)
    with answered(page):
        page.get_by_role("radio", name="Upload").click()
    with answered(page):
        hook(page, "upload").locator("input[type=file]").set_input_files(photo)


def die_in_mid_stroke(page: Page, app: App) -> None:
    """The app and its worker are killed; the pen goes on and is answered by the other one."""
    press(page, "clear")
    pen_down(page, (LEFT,))
    page.evaluate("window.before = sketchAndSum.pen.socket")
    os.killpg(app.pid, signal.SIGKILL)
    page.wait_for_function("sketchAndSum.pen.isOpen && sketchAndSum.pen.socket !== before")
    pen_down(page, (LEFT,))  # the mouse is down already
    expect(hook(page, "class_answer")).to_have_text("1")
    page.mouse.up()
    page.wait_for_function("sketchAndSum.pen.strokes.length === 0")  # the page knows it
    expect_ink(page, ON_LEFT)


def test_a_killed_replica_loses_no_run_and_no_drawing(visit: Visit, tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    with (
        serve(tmp_path / "one", runs=runs) as one,
        serve(tmp_path / "two", runs=runs) as two,
        nginx(tmp_path / "nginx", [one, two]) as address,
    ):
        front = App(address, 0, one.log_file, runs)
        page = visit("/train?v=1&epochs=1&width=4", app=front)
        press(page, "train_start")
        expect(hook(page, "train_status")).to_contain_text("Finished", timeout=TRAINED_MS)
        press(page, "use_network")
        draw_digit(page, "5")
        pick_number(page, 3)
        said = text(page, "class_answer"), text(page, "sum_answer")
        upload(page, tmp_path / "seven.png")
        assert text(page, "class_answer") == "7"
        with answered(page):
            page.get_by_role("radio", name="Draw").click()
        mine, other = (one, two) if "run queued" in one.log() else (two, one)
        assert "run queued" not in other.log()  # a visitor stays with one

        die_in_mid_stroke(page, mine)
        press(page, "clear")
        draw_digit(page, "5")
        page.reload()
        driver.wait_until_idle(page)
        assert (text(page, "class_answer"), text(page, "sum_answer")) == said
        (run,) = {folder.name for folder in runs.iterdir() if folder.is_dir()}
        assert f"net={run}" in page.url

        again = visit(f"/train?v=1&epochs=1&width=4&run={run}", app=front)
        expect(hook(again, "train_status")).to_contain_text("Finished")
        press(again, "train_start")  # the worker of the other one has taken over
        expect(again).not_to_have_url(re.compile(f"run={run}"))
        expect(hook(again, "train_status")).to_contain_text("Finished", timeout=TRAINED_MS)
        assert "run queued" in other.log()
        assert read_status(runs).kept == 2

        with serve(tmp_path / "back", port_of(mine), runs=runs):
            time.sleep(FAIL_SECONDS)  # until nginx would ask it again
            upload(page, tmp_path / "seven.png")  # goes where the page lives by now
            assert text(page, "class_answer") == "7"
