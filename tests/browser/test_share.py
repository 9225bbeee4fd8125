"""Sharing in a real Chromium: a link made in one browser and opened in a fresh one, a class, files,
and the keyboard."""

import re
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Visit
from tests.browser.support.app import App
from tests.browser.support.driver import (
    CANVAS_ELEMENT,
    TWO_FRAMES,
    answered,
    choose,
    click_once_heard,
    draw_digit,
    hook,
    open_settings,
    pick_number,
    press,
    settle,
    text,
    turn_to,
    wait_for,
    wait_for_canvas,
    wait_until_idle,
)

GONE = "0123456789abcdef"
TALL = {"width": 1440, "height": 1600}  # scrolling closes an open list
NOTE_SAID = """button => {
    button.said = [];
    new MutationObserver(() => button.said.push(button.textContent))
        .observe(button, { childList: true, characterData: true, subtree: true });
}"""
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


def shared(page: Page) -> str:
    """The link that Share gives, without the app's own address."""
    press(page, "share")
    link = re.search(r"http\S+", text(page, "share_link"))
    assert link
    assert sorted(re.split("[?&]", link[0])) == sorted(re.split("[?&]", page.url))
    return link[0].removeprefix(re.match(r"\w+://[^/]+", page.url)[0])  # type: ignore[index]


def answers(page: Page) -> tuple[str, str]:
    return text(page, "class_answer"), text(page, "sum_answer")


def test_the_link_is_copied_and_scanned(page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    draw_digit(page, "5")
    pick_number(page, 3)
    press(page, "share")
    copy = page.get_by_role("button", name="Copy link")
    button = copy.element_handle()
    button.evaluate(NOTE_SAID)
    click_once_heard(page, copy)
    page.wait_for_function("button => button.said.includes('Copied')", arg=button)
    assert page.evaluate("navigator.clipboard.readText()") == page.url
    code = page.get_by_alt_text("QR code of the link")
    box = code.bounding_box()
    assert box and box["width"] >= 200
    before = code.get_attribute("src")
    page.keyboard.press("Escape")  # closes it, and clears nothing
    expect(code).to_have_count(0)
    assert answers(page) == ("5", "8")
    pick_number(page, 4)
    press(page, "share")
    assert code.get_attribute("src") != before


def test_every_page_opens_as_it_was_shared(page: Page, visit: Visit) -> None:
    draw_digit(page, "5")
    pick_number(page, 3)
    page.get_by_role("link", name="Explain").click()
    expect(hook(page, "idea_1")).to_contain_text("A picture of 5 with the number 3")
    explained = visit(shared(page))
    expect(hook(explained, "idea_1")).to_contain_text("A picture of 5 with the number 3")
    compared = visit("/compare?v=1&c=fashion-late.fashion-pixels&view=confusion")
    again = visit(shared(compared))
    expect(again.get_by_role("radio", name="Confusion")).to_be_checked()
    trained = visit("/train?v=1&lr=0.3&seed=4&bug=relu")
    again = visit(shared(trained))
    open_settings(again)
    expect(hook(again, "setting_seed").get_by_role("spinbutton")).to_have_value("4")
    expect(hook(again, "break")).to_contain_text("Both heads end in a ReLU")


def leave_out(page: Page) -> Locator:
    """Open Share, and in it the field of what to leave out of the pages for a class."""
    press(page, "share")
    hook(page, "share_class").get_by_text("For a class").click()
    field = hook(page, "share_hide").get_by_role("combobox")
    settle(page)  # a panel that still moves closes an open list
    return field


def test_a_class_gets_fewer_controls_and_keeps_them_so(visit: Visit) -> None:
    teacher = visit("/train", viewport=TALL)
    choose(teacher, leave_out(teacher), "Published bugs")
    link = re.search(r"/train\S+", text(teacher, "share_link"))
    assert link
    assert link[0] == "/train?hide=bug&v=1"
    pupil = visit(link[0].replace("hide=bug", "hide=bug.teach&lock=lr.number"))
    expect(hook(pupil, "break")).to_have_count(0)
    hook(pupil, "more_settings").get_by_text("More settings").click()
    expect(hook(pupil, "setting_lr")).to_have_count(0)
    expect(hook(pupil, "fixed")).to_contain_text(re.compile(r"Set by your teacher\s*Learning rate"))
    expect(hook(pupil, "setting_width").get_by_role("slider")).to_be_enabled()
    turn_to(pupil, "Draw")
    draw_digit(pupil, "7")
    expect(hook(pupil, "tell")).to_have_count(0)
    expect(hook(pupil, "addend_3").get_by_role("button")).to_be_disabled()
    with answered(pupil):
        pupil.reload()
    expect(hook(pupil, "addend_3").get_by_role("button")).to_be_disabled()


def test_a_press_that_slips_off_its_option_leaves_the_panel_open(visit: Visit) -> None:
    """Also a list that scrolls under the mouse, as it does on a busy machine."""
    page = visit("/train", viewport=TALL)
    field = leave_out(page)
    option = page.get_by_role("option", name="Number to add")

    def is_open() -> bool:  # a page that still moves closes the list
        field.click()
        settle(page)
        return option.is_visible()

    wait_for(page, is_open, "no list")
    option.hover()
    page.mouse.down()
    box = option.bounding_box()
    assert box
    page.mouse.move(box["x"] + 20, box["y"] + 1.5 * box["height"])  # to the next option
    page.mouse.up()
    page.evaluate(TWO_FRAMES)
    expect(hook(page, "share_link")).to_be_visible()


def test_a_page_can_be_all_there_is(visit: Visit) -> None:
    page = visit("/?v=1&hide=pages.share.network.files.teach.sources")
    expect(page.get_by_test_id("stTopNavLink")).to_have_count(0)
    for key in ("share", "network_choice", "files", "hand", "source"):
        expect(hook(page, key)).to_have_count(0)
    draw_digit(page, "3")
    assert answers(page) == ("3", "10")


def test_a_network_that_is_gone_leads_to_training_it_again(visit: Visit) -> None:
    page = visit(f"/?v=1&net={GONE}&seed=42")
    page.get_by_role("button", name="Train it again").click()
    open_settings(page)
    expect(hook(page, "setting_seed").get_by_role("spinbutton")).to_have_value("42")


def test_a_network_is_taken_to_another_place(page: Page, visit: Visit, tmp_path: Path) -> None:
    draw_digit(page, "7")
    network = hook(page, "network_choice").get_by_role("combobox")
    choose(page, network, "Garments, late fusion (our best, 95.3 %)")
    press(page, "files")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download network").click()
    assert download.value.suggested_filename == "fashion-late.safetensors"
    download.value.save_as(tmp_path / "mine.safetensors")
    with page.expect_download() as download:
        page.get_by_role("button", name="History (CSV)").click()
    table = Path(download.value.path()).read_text().splitlines()
    assert table[0].startswith("seconds,step,steps,epoch")
    assert len(table) > 50

    other = visit("/?" + page.url.split("?")[1].replace("net=fashion-late", ""))
    press(other, "files")
    chooser = hook(other, "files_panel").locator("input[type=file]")
    (tmp_path / "other.safetensors").write_bytes(b"no network")
    with answered(other):
        chooser.set_input_files(tmp_path / "other.safetensors")
    expect(other.get_by_text("The file is no network that was downloaded here.")).to_be_visible()
    with answered(other):
        chooser.set_input_files(tmp_path / "mine.safetensors")
    network = hook(other, "network_choice").get_by_role("combobox")
    expect(network).to_have_value("Upload: garments, 95.3 %")
    assert answers(other) == answers(page)
    third = visit(shared(other))  # it is a run like any other, and has a link
    assert answers(third) == answers(page)


def test_a_figure_is_saved_as_svg(visit: Visit, tmp_path: Path) -> None:
    page = visit("/compare")
    chart = hook(page, "curves_chart")
    chart.locator(".js-plotly-plot").hover()
    with page.expect_download() as download:
        chart.locator(".modebar-btn").click()
    assert download.value.suggested_filename == "sketch-and-sum.svg"
    assert "<svg" in Path(download.value.path()).read_text()


def test_the_keyboard_sets_the_number_undoes_and_clears(page: Page) -> None:
    draw_digit(page, "5")
    assert answers(page) == ("5", "12")
    for number in range(10):
        with answered(page):
            page.keyboard.press(str(number))
        assert answers(page) == ("5", str(5 + number))
    with answered(page):
        page.keyboard.press("Control+z")
    with answered(page):
        page.keyboard.press("Control+z")
    assert answers(page)[0] == "Draw a digit"
    draw_digit(page, "7")
    with answered(page):
        page.keyboard.press("Escape")
    assert answers(page)[0] == "Draw a digit"


def test_digits_typed_into_a_field_are_no_number_to_add(visit: Visit) -> None:
    page = visit("/?v=1&t=0")
    field = page.get_by_role("spinbutton")
    field.fill("")
    field.press_sequentially("12")
    with answered(page):
        field.press("Enter")
    assert "t=12" in page.url
    assert answers(page) == ("9", "16")  # test image 12 is a 9, and 7 is still added


def test_both_answers_are_spoken(page: Page) -> None:
    draw_digit(page, "5")
    wait_until_idle(page)
    spoken = page.get_by_role("status").filter(has_text="class head reads")
    expect(spoken).to_have_text(
        re.compile(r"The class head reads 5, .* sure\. The sum head says 12 for 5 plus 7\.")
    )
    box = spoken.bounding_box()
    assert box and box["width"] <= 1


def test_a_finger_draws_and_scrolls_nothing(visit: Visit) -> None:
    page = visit("/", **PHONE)
    scroller = "document.querySelector('[data-testid=stMain]').scrollTop"
    wait_for_canvas(page)
    page.evaluate(f"{scroller} = 40")
    box = page.locator(CANVAS_ELEMENT).bounding_box()
    assert box
    finger = page.context.new_cdp_session(page)

    def touch(kind: str, *points: tuple[float, float]) -> None:
        places = [{"x": box["x"] + x, "y": box["y"] + y} for x, y in points]
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": places})

    before = page.evaluate(scroller)
    with answered(page):
        touch("touchStart", (140.0, 60.0))
        for y in range(70, 240, 10):
            touch("touchMove", (140.0, float(y)))
        touch("touchEnd")
    assert page.evaluate(scroller) == before
    assert answers(page)[0] == "1"


def test_an_app_without_runs_says_so_and_goes_on(own_app: App, visit: Visit) -> None:
    page = visit(f"/compare?v=1&c={GONE}.mnist&run={GONE}", app=own_app)
    expect(hook(page, "compare_table")).to_contain_text("Digits (our best")
