"""Your data in a real Chromium: from pictures to a network that others open, mouse and touch."""

import io
import os
import re
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from core.library.store import library_dir
from tests.browser.conftest import Visit
from tests.browser.support.app import App
from tests.browser.support.driver import (
    CANVAS_ELEMENT,
    DIGITS,
    Scheme,
    answered,
    draw,
    hook,
    press,
    text,
    texts,
    wait_until_idle,
)
from tests.browser.test_access import violations
from tests.support.shapes import shape_files, zipped

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
READ_MS, TRAINED_MS = 120_000, 240_000  # on a busy machine
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
A_CROSS = (((80.0, 80.0), (200.0, 200.0)), ((200.0, 80.0), (80.0, 200.0)))


@pytest.fixture(scope="module")
def shapes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """200 pictures of ten shapes and letters."""
    file = tmp_path_factory.mktemp("shapes") / "Shapes.zip"
    file.write_bytes(zipped(shape_files(20)).getvalue())
    return file


def upload(page: Page, *files: Path) -> None:
    page.locator("input[type=file]").set_input_files(files)


def read(page: Page) -> None:
    """Wait until pictures are read and can be trained on."""
    expect(hook(page, "train_on_it").get_by_role("button")).to_be_enabled(timeout=READ_MS)
    wait_until_idle(page)


def kept(app: App) -> set[str]:
    folder = library_dir(app.runs)  # not there before anybody brought anything
    return set(os.listdir(folder)) if folder.is_dir() else set()


def name_class(page: Page, name: str) -> None:
    wait_until_idle(page)
    field = page.get_by_role("combobox").first
    field.fill(name)
    with answered(page):
        field.press("Enter")


def test_from_a_zip_file_to_a_network_that_others_open(visit: Visit, shapes: Path) -> None:
    page = visit("/data")
    upload(page, shapes)
    read(page)
    expect(page.locator(".parts")).to_have_text(
        "200 pictures: 140 to learn from, 20 to watch it with, 40 to test it on."
    )
    hook(page, "train_on_it").get_by_role("button").click()
    expect(page.get_by_test_id("stToast")).to_contain_text("Shapes is chosen. Press Train.")
    wait_until_idle(page)
    press(page, "train_start")
    use = hook(page, "use_network").get_by_role("button")
    expect(use).to_be_visible(timeout=TRAINED_MS)
    figures = texts(page.locator("table.figures tr", has_text="This run").locator("td"))
    assert float(figures[0].rstrip(" %")) >= 95
    wait_until_idle(page)  # what stood above it is gone
    use.click()
    expect(hook(page, "network_choice")).to_be_visible()
    wait_until_idle(page)
    draw(page, A_CROSS)
    wait_until_idle(page)
    assert text(page, "class_answer") == "cross"
    expect(page.locator(".equation")).to_contain_text("cross (2) + 7 = 9")

    address = page.url.split("?")[1]
    other = visit(f"/?{address}")
    assert text(other, "class_answer") == "cross"
    with answered(other):
        other.get_by_text("Test image", exact=True).click()
    expect(other.locator(".verdict")).to_contain_text("this is a")
    explained = visit(f"/explain?{address}")
    expect(explained.get_by_text("Classes by number: 0 A, 1 circle, 2 cross")).to_be_visible()
    compared = visit(f"/compare?{address}&view=reliability")
    expect(hook(compared, "calibration")).to_contain_text("expected calibration error")


def test_the_link_of_a_data_set_trains_in_another_browser(visit: Visit, shapes: Path) -> None:
    page = visit("/data")
    upload(page, shapes)
    read(page)
    for scheme in SCHEMES:
        page.emulate_media(media="screen", color_scheme=scheme)
        with answered(page):
            page.reload()
        assert violations(page) == [], scheme
    press(page, "train_on_it")
    expect(page).to_have_url(re.compile("dataset=own-"))
    pupil = visit(f"/train?{page.url.split('?')[1]}")
    expect(pupil.get_by_text("learns from the pictures of Shapes")).to_be_visible()
    expect(hook(pupil, "train_start").get_by_role("button")).to_be_enabled()
    expect(visit("/data").get_by_text("Nothing here yet")).to_be_visible()  # not the pupil's


def test_drawn_classes_by_touch(visit: Visit) -> None:
    """Drawn on a phone, kept over a reload, downloaded, opened again, deleted."""
    page = visit("/data", **PHONE)
    with answered(page):
        hook(page, "bring_how").get_by_text("Draw", exact=True).tap()
    for name, digit in (("seven", "7"), ("three", "3")):
        name_class(page, name)
        for count in range(1, 4):
            wide = 0.5 + 0.2 * count  # no two are the same
            drawn = tuple(
                tuple((140 + wide * (x - 140), y) for x, y in stroke) for stroke in DIGITS[digit]
            )
            draw(page, drawn)
            keep = hook(page, "keep_drawing").get_by_role("button")
            expect(keep).to_have_text(re.compile(f"Keep it as {name}"))
            keep.tap()
            expect(hook(page, "bring")).to_contain_text(f"{name}: {count} picture")
            expect(page.locator(CANVAS_ELEMENT)).to_be_visible()
            wait_until_idle(page)
    with answered(page):
        page.reload()
    expect(hook(page, "album_class_1")).to_contain_text("three (1) 3 pictures")
    with page.expect_download() as download:
        hook(page, "download_data").get_by_role("button").tap()
    saved = download.value.path()
    with zipfile.ZipFile(saved) as archive:
        assert len(archive.namelist()) == 7  # one says what it is
    hook(page, "delete").get_by_role("button").tap()
    hook(page, "delete_all").get_by_role("button").tap()
    expect(page.get_by_text("Nothing here yet")).to_be_visible()
    wait_until_idle(page)
    upload(page, saved)
    read(page)
    expect(hook(page, "brought")).to_contain_text("6 pictures")


def test_on_a_phone_pictures_can_be_seen_and_each_class_has_its_bin_beside_it(
    visit: Visit, tmp_path: Path
) -> None:
    page = visit("/data", **PHONE)
    file = tmp_path / "two.zip"
    file.write_bytes(zipped(shape_files(20, ("circle", "star"))).getvalue())
    upload(page, file)
    read(page)
    pictures = hook(page, "album_class_0").get_by_role("img", name="Pictures of circle")
    expect(pictures.locator("img")).to_have_count(20)
    for place in (0, 19):
        box = pictures.locator("img").nth(place).bounding_box()
        assert box and 40 <= box["width"] <= 50 and box["x"] + box["width"] <= 390
    name = hook(page, "album_class_0").locator(".head").bounding_box()
    remove = hook(page, "drop_class_0").get_by_role("button").bounding_box()
    assert name and remove
    assert abs(2 * name["y"] + name["height"] - 2 * remove["y"] - remove["height"]) < 16
    assert remove["x"] >= name["x"] + name["width"]


def test_reading_is_stopped_and_nothing_is_left(visit: Visit, served: App, tmp_path: Path) -> None:
    page = visit("/data")
    before = kept(served)
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for path, data in shape_files(3).items():
            for copy in range(100):
                archive.writestr(path.replace(".png", f"-{copy}.png"), data)
    many = tmp_path / "many.zip"
    many.write_bytes(content.getvalue())
    upload(page, many)
    expect(hook(page, "reading").get_by_role("progressbar")).to_be_visible()
    hook(page, "stop_reading").get_by_role("button").click()
    expect(hook(page, "stop_reading")).to_have_count(0)
    expect(page.get_by_text("Nothing here yet")).to_be_visible()
    assert kept(served) == before


def test_files_get_the_class_that_is_named_and_a_bad_zip_is_told(
    visit: Visit, tmp_path: Path
) -> None:
    page = visit("/data")
    junk = tmp_path / "junk.zip"
    junk.write_bytes(b"junk")
    upload(page, junk)
    expect(page.get_by_text("This is no zip file")).to_be_visible(timeout=READ_MS)
    wait_until_idle(page)
    with answered(page):
        page.get_by_text("Picture files").click()
    expect(page.get_by_text("Pictures of this class")).to_be_visible()
    files = []
    for number, data in enumerate(shape_files(12, ["star"]).values()):
        files.append(tmp_path / f"{number}.png")
        files[-1].write_bytes(data)
    upload(page, *files)
    expect(page.get_by_text("Say which class")).to_be_visible()
    name_class(page, "star")
    expect(hook(page, "album_class_0")).to_contain_text("star (0) 12 pictures", timeout=READ_MS)
    expect(page.get_by_text("needs at least two classes")).to_be_visible()
