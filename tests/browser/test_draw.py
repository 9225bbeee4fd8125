"""The Draw page in a real Chromium: a digit, a number, two answers, a link."""

import re
from pathlib import Path

from PIL import Image, ImageDraw
from playwright.sync_api import Page, expect

from core.data.drawing import CANVAS_SIDE
from tests.browser.conftest import Visit
from tests.browser.support.app import App
from tests.browser.support.driver import (
    answered,
    draw_digit,
    hook,
    pick_number,
    press,
    text,
    texts,
)

# Toasts go after ten seconds; the page notes them.
NOTE_TOASTS = """() => {
    window.toasts = new Set();
    new MutationObserver(() => document.querySelectorAll("[data-testid=stToast]")
        .forEach((toast) => toasts.add(toast.innerText)))
        .observe(document.body, { childList: true, subtree: true });
}"""
TAUGHT_MS = 180_000  # some seconds, but on a machine that has other things to do
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


def answers(page: Page) -> tuple[str, str]:
    return text(page, "class_answer"), text(page, "sum_answer")


def test_a_first_visit_invites_and_answers_nothing(page: Page) -> None:
    assert answers(page) == ("Draw a digit", "I add 7")
    expect(page.get_by_text("sure")).to_have_count(0)
    expect(hook(page, "clear").get_by_role("button")).to_be_disabled()


def test_both_heads_read_a_drawn_digit(page: Page) -> None:
    for digit in ("2", "3", "5", "7", "8"):
        draw_digit(page, digit)
        assert answers(page) == (digit, str(int(digit) + 7))
        expect(page.get_by_text("the sum fits the digit", exact=True)).to_be_visible()
        expect(page.get_by_alt_text("The picture as the network saw it")).to_be_visible()
        press(page, "clear")


def test_the_sum_follows_the_number(page: Page) -> None:
    draw_digit(page, "5")
    for number in range(10):
        pick_number(page, number)
        assert answers(page) == ("5", str(5 + number))


def test_the_dice_rolls_another_number(page: Page) -> None:
    draw_digit(page, "2")
    press(page, "roll")
    assert text(page, "sum_answer") in {str(2 + number) for number in range(10) if number != 7}


def test_an_example_is_one_click(page: Page) -> None:
    for digit in ("3", "7", "8"):
        press(page, f"example_{digit}")
        assert text(page, "class_answer") == digit
        press(page, "clear")


def test_a_link_opens_the_same_drawing_number_and_answers(page: Page, visit: Visit) -> None:
    draw_digit(page, "5")
    pick_number(page, 3)
    press(page, "share")
    link = re.search(r"http\S+", text(page, "share_link"))
    assert link and link[0] == page.url
    other = visit(link[0].removeprefix(page.url.split("/?")[0]))
    assert answers(other) == answers(page) == ("5", "8")
    seen = [p.get_by_alt_text("The picture as the network saw it") for p in (page, other)]
    assert seen[0].get_attribute("src") == seen[1].get_attribute("src")
    press(other, "undo")  # the strokes are editable, not a picture: the top bar of the 5 goes
    press(other, "undo")
    assert text(other, "class_answer") == "Draw a digit"


def test_a_reload_keeps_the_drawing(page: Page) -> None:
    draw_digit(page, "8")
    page.reload()
    expect(hook(page, "class_answer")).to_have_text("8")


def test_a_junk_link_opens_the_empty_page(visit: Visit) -> None:
    """More of them are in tests/views/session/test_any_address.py."""
    query = f"n=é&s=%00{'A' * 9_000}&net=../../etc&x=<b>&v=9"
    assert answers(visit(f"/?{query}")) == ("Draw a digit", "I add 7")


def test_a_link_to_a_network_that_is_gone_says_so_and_answers(visit: Visit) -> None:
    page = visit("/?v=1&net=0123456789abcdef")
    expect(page.get_by_text("no longer kept here")).to_be_visible()
    press(page, "example_7")
    assert answers(page) == ("7", "14")


def test_a_test_image_is_shown_with_what_it_really_is(page: Page, visit: Visit) -> None:
    with answered(page):
        page.get_by_role("radio", name="Test image").click()
    assert answers(page) == ("7", "14")  # the first of MNIST's test images is a 7
    press(page, "next")
    assert answers(page) == ("2", "9")
    expect(page.get_by_text("✓ Right: this is a 2, and 2 + 7 = 9.")).to_be_visible()
    assert answers(visit("/?" + page.url.split("?")[1])) == ("2", "9")
    with answered(page):
        page.get_by_role("radio", name="Draw").click()
    assert answers(page)[0] == "Draw a digit"


def test_a_photo_of_a_digit_is_read(page: Page, tmp_path: Path) -> None:
    photo = tmp_path / "seven.png"
    paper = Image.new("RGB", (600, 400), (235, 230, 220))
    ImageDraw.Draw(paper).line([(220, 80), (380, 80), (280, 320)], fill=(40, 40, 70), width=26)
    paper.save(photo)
    with answered(page):
        page.get_by_role("radio", name="Upload").click()
    assert answers(page)[0] == "Choose a picture"
    with answered(page):
        hook(page, "upload").locator("input[type=file]").set_input_files(photo)
    assert answers(page) == ("7", "14")
    page.get_by_role("link", name="Explain").click()
    expect(page.get_by_text("from your picture and your number, 7")).to_be_visible()
    page.get_by_role("link", name="Draw").click()
    expect(page.get_by_text("Using the picture that you chose before.")).to_be_visible()
    assert answers(page) == ("7", "14")


def test_a_file_that_is_no_picture_is_one_sentence(page: Page, tmp_path: Path) -> None:
    (tmp_path / "notes.png").write_text("not a picture")
    with answered(page):
        page.get_by_role("radio", name="Upload").click()
    with answered(page):
        hook(page, "upload").locator("input[type=file]").set_input_files(tmp_path / "notes.png")
    expect(page.get_by_text("The file is not an image. Choose another file.")).to_be_visible()


def test_a_phone_shows_canvas_number_and_answers_at_once(visit: Visit) -> None:
    page = visit(**PHONE)
    press(page, "example_8")
    for key in ("canvas", "addend", "class_answer", "sum_answer"):
        box = hook(page, key).bounding_box()
        assert box and box["y"] >= 0 and box["y"] + box["height"] <= 844
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    canvas = hook(page, "canvas").bounding_box()
    assert canvas and canvas["width"] >= CANVAS_SIDE


def test_two_visitors_do_not_meet(app: App, visit: Visit) -> None:
    one, other = visit(), visit()
    draw_digit(one, "7")
    assert text(one, "class_answer") == "7"
    assert text(other, "class_answer") == "Draw a digit"


def tell(page: Page, digit: str) -> None:
    with answered(page):
        hook(page, f"tell_{digit}").get_by_role("button").click()


def test_a_hand_is_taught_and_the_new_network_answers(page: Page) -> None:
    draw_digit(page, "3")
    tell(page, "3")  # the canvas is empty for the next one
    draw_digit(page, "7")
    tell(page, "2")  # whoever draws a 2 like that
    expect(hook(page, "mine_2")).to_contain_text("✗ read as 7")
    page.evaluate(NOTE_TOASTS)
    hook(page, "teach").get_by_role("button").click()
    learning = hook(page, "teach_status").get_by_text(re.compile("Starting|Waiting|Learn|Test"))
    expect(learning.or_(page.get_by_text("Taught")).first).to_be_visible()
    alone = page.url
    draw_digit(page, "8")  # the old network goes on answering
    page.wait_for_url(lambda address: address != alone)  # that was no answer to something else
    press(page, "clear")
    expect(page.get_by_text("Taught")).to_be_visible(timeout=TAUGHT_MS)
    said = "[...toasts].some(toast => toast.includes('Learned. Draw another one.'))"
    page.wait_for_function(said)
    expect(hook(page, "mine_2")).to_contain_text("✓ read")
    rows = texts(hook(page, "hand").locator("table.figures tr"))
    assert [row.split("\t")[1] for row in rows[1:3]] == ["1 of 2", "2 of 2"]
    expect(hook(page, "network_choice").get_by_role("combobox")).to_have_value(
        "Your handwriting (2 examples)"
    )
    draw_digit(page, "7")
    assert answers(page) == ("2", "9")
    page.reload()
    expect(hook(page, "mine_2")).to_contain_text("✓ read")
    remove = page.get_by_role("button", name="Remove example 1, a 3")
    with answered(page):
        remove.click()
    expect(page.get_by_role("button", name=re.compile("Remove example"))).to_have_count(1)


def test_an_example_can_be_taught_from_every_picture(page: Page) -> None:
    draw_digit(page, "3")
    tell(page, "3")
    teach = hook(page, "teach").get_by_role("button", name="Teach it this one")
    for source in ("Test image", "Upload", "Draw", "Camera"):
        with answered(page):
            page.get_by_role("radio", name=source).click()
        expect(teach).to_have_count(1)
        expect(hook(page, "teaching_begins")).to_have_count(0 if source == "Draw" else 1)
    press(page, "teaching_begins")
    expect(page.get_by_role("radio", name="Draw")).to_be_checked()
    expect(hook(page, "canvas")).to_be_in_viewport()
    draw_digit(page, "7")
    tell(page, "7")
    expect(hook(page, "mine_2")).to_contain_text("✓ read")
