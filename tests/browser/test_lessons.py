"""The Lessons page in a real Chromium: a lesson is left and found again, the quiz keeps its secret,
and a printer gets the sheet alone."""

import re
from pathlib import Path

from playwright.sync_api import Page, expect

from core.recipes.bugs import BUGS
from tests.browser.conftest import Visit
from tests.browser.support.app import App
from tests.browser.support.driver import answered, hook, press, text, wait_until_idle
from tests.browser.test_access import violations
from tests.browser.test_guide import DONE_MS, go_on, guide
from tests.browser.test_phone import PHONE


def to_lessons(page: Page) -> None:
    with answered(page):
        hook(page, "page_bar").get_by_role("link", name="Lessons").tap()


def test_a_lesson_is_left_on_a_phone_and_goes_on_where_it_was(visit: Visit) -> None:
    page = visit("/lessons", **PHONE)
    assert violations(page) == []
    press(page, "start_few")
    expect(page).to_have_url(re.compile(r"/train\?.*task=few"))
    expect(guide(page)).to_contain_text("Lesson: Too little data, 1 of 3")
    expect(hook(page, "fixed")).to_contain_text("Set for this lesson")
    go_on(page)  # the slider's 50 is a guess, too
    expect(guide(page)).to_contain_text("Press Train.")
    to_lessons(page)
    expect(hook(page, "card_few")).to_contain_text("This lesson is open")
    press(page, "guide_close")
    expect(hook(page, "card_few")).to_contain_text("Step 2 of 3")
    expect(page).not_to_have_url(re.compile("task=|lock=|hide="))
    press(page, "start_few")
    press(page, "train_start")
    expect(guide(page)).to_contain_text(
        re.compile(r"You guessed 50 of 100. Measured: 9\d(\.\d)? of 100."), timeout=DONE_MS
    )
    go_on(page)
    press(page, "train_start")  # with all images, which the lesson has set
    expect(guide(page)).to_contain_text("New images teach more than old ones", timeout=DONE_MS)
    to_lessons(page)
    expect(hook(page, "card_few")).to_contain_text("✓ done")
    expect(hook(page, "card_few")).to_contain_text("You guessed 50 of 100.")
    go_on(page)
    expect(guide(page)).to_contain_text("Lesson: Overfitting, 1 of 3")
    assert violations(page) == []


def test_a_lesson_by_its_link_asks_on_its_page(visit: Visit) -> None:
    page = visit("/?s=NJfSw8SLh&hide=teach&task=misread&v=1")
    expect(guide(page)).to_contain_text("It reads this 7 as a 1.")
    assert (text(page, "class_answer").split()[0], violations(page)) == ("1", [])


def test_the_quiz_keeps_its_secret_and_tells_it_in_the_end(app: App, visit: Visit) -> None:
    page = visit("/lessons", color_scheme="dark")
    before = {*app.runs.glob("[0-9a-f]*")}
    press(page, "quiz_start")
    expect(hook(page, "quiz_figures")).to_be_visible(timeout=DONE_MS)
    wait_until_idle(page)
    (run,) = {path.name for path in {*app.runs.glob("[0-9a-f]*")} - before}
    assert run not in page.content() + page.url
    for bug in BUGS.values():
        expect(hook(page, "quiz").get_by_text(bug.title)).to_have_count(1)
    assert violations(page) == []
    hook(page, "quiz_diagnosis").get_by_text("Argmax between the heads").click()
    wait_until_idle(page)
    press(page, "quiz_diagnose")
    hook(page, "quiz_line").locator("label").nth(1).click()
    wait_until_idle(page)
    assert run not in page.content() + page.url
    press(page, "quiz_answer")
    expect(hook(page, "quiz_truth")).to_contain_text("Wrong about the bug: Argmax")
    expect(hook(page, "quiz_truth")).to_contain_text("What gave it away.")
    assert violations(page) == []
    press(page, "quiz_open")
    expect(hook(page, "bug_note")).to_contain_text("Broken on purpose")
    assert f"run={run}" in page.url


def test_a_printer_gets_the_sheet_alone(visit: Visit, tmp_path: Path) -> None:
    page = visit("/lessons", color_scheme="dark")
    expect(page.locator(".sheet")).to_be_hidden()
    expect(hook(page, "print_sheet").get_by_role("button")).to_be_visible()
    page.emulate_media(media="print")
    expect(page.locator(".sheet")).to_be_visible()
    expect(page.locator(".sheet img.qr")).to_be_visible()
    for key in ("lesson_cards", "quiz", "page_bar", "share_place"):
        expect(hook(page, key)).to_be_hidden()
    pages = page.pdf(path=tmp_path / "sheet.pdf", format="A4").count(b"/Type /Page\n")
    assert pages == 1
