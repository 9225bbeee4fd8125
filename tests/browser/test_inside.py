"""A look inside a network in a real Chromium: mouse, finger, keyboard, both themes."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.support.driver import (
    TWO_FRAMES,
    answered,
    draw_digit,
    hook,
    settle,
    texts,
    wait_for,
    wait_until_idle,
)
from tests.browser.test_access import MAIN_WIDE, TALL, violations

PHONE = {"width": 390, "height": 844}
TRAINED_MS = 240_000  # for what takes seconds, on a machine that has other things to do
SEVEN = "n=4&s=JhIQRGZhCXRoUiWSDCQTk"
LOOKS = ("Steps", "Map", "Fool it", "Break it")
# Where a point of the map lies in the window: the first of the trace of that name.
POINT = """(name) => {
    const chart = document.querySelector(".st-key-map .js-plotly-plot");
    const first = chart?.calcdata?.[chart.data.findIndex((trace) => trace.name === name)]?.[0];
    if (!first || !chart._fullLayout?.xaxis) return null;  // it is drawn a moment later
    const { left, top } = chart.getBoundingClientRect();
    const { xaxis, yaxis } = chart._fullLayout;
    const x = left + xaxis._offset + xaxis.d2p(first.x);
    const y = top + yaxis._offset + yaxis.d2p(first.y);
    return chart.contains(document.elementFromPoint(x, y)) ? [x, y] : null;
}"""
# Plays from the picture on; of the first two scenes, how many pictures each was and how long it
# stayed, in seconds, where no frame counts more than the player counts of it.
PLAYED = """() => new Promise((done) => {
    const player = document.querySelector(".pass"), scenes = {};
    let last = performance.now();
    const look = (now) => {
        const scene = (scenes[player.dataset.step] ??= { pictures: new Set(), seconds: 0 });
        if (Object.keys(scenes).length === 3) {
            delete scenes[player.dataset.step];
            return done(Object.values(scenes).map((one) => [one.pictures.size, one.seconds]));
        }
        scene.pictures.add(player.querySelector(".pass-canvas").toDataURL());
        scene.seconds += Math.min(0.1, (now - last) / 1000);
        last = now;
        requestAnimationFrame(look);
    };
    player.querySelector(".pass-play").click();
    requestAnimationFrame(look);
})"""


def at(page: Page, name: str) -> list[float]:
    """Where a point of the map lies, once the map is in the window."""
    page.locator(".st-key-map").scroll_into_view_if_needed()
    where: list[float] = page.wait_for_function(POINT, arg=name).json_value()
    return where


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_look_has_a_serious_violation_and_each_fits_a_phone(visit: Visit, scheme: str) -> None:
    page = visit(f"/explain?v=1&{SEVEN}", color_scheme=scheme)
    for look in LOOKS:
        with answered(page):
            hook(page, "look").get_by_text(look, exact=True).click()
        for window in (TALL, PHONE):
            page.set_viewport_size(window)
            page.evaluate(TWO_FRAMES)
            assert violations(page) == [], (look, window)
        wait_for(page, lambda: page.evaluate(MAIN_WIDE) <= 0, f"{look} is too wide")
        page.set_viewport_size(TALL)


def test_what_is_drawn_moves_on_the_map_and_a_point_shows_its_picture(visit: Visit) -> None:
    page = visit("/explain?look=map&v=1")
    wait_until_idle(page)
    draw_digit(page, "3")
    first = at(page, "your drawing")
    with answered(page):
        hook(page, "example_7").get_by_role("button").click()
    wait_for(page, lambda: at(page, "your drawing") != first, "the drawing did not move")
    popup = page.locator(".map-picture")

    def point_at_six() -> bool:
        x, y = at(page, "6")
        page.mouse.move(x - 2, y)
        page.mouse.move(x, y)
        page.evaluate(TWO_FRAMES)
        return popup.is_visible()

    wait_for(page, point_at_six, "no picture")  # a chart that is drawn anew hears no mouse
    expect(popup).to_contain_text("6")
    assert "look=map" in page.url and "s=" in page.url


def test_a_picture_is_beside_its_point_where_the_page_is_presented(visit: Visit) -> None:
    page = visit("/explain?look=map&v=1&present=1")
    wait_until_idle(page)
    popup = page.locator(".map-picture")

    def is_beside() -> bool:
        page.locator(".st-key-map").scroll_into_view_if_needed()
        box = page.locator(".st-key-map .js-plotly-plot .nsewdrag").bounding_box()
        assert box
        for share in (n / 40 for n in range(8, 32)):  # across the middle, where points lie
            x, y = box["x"] + share * box["width"], box["y"] + 0.5 * box["height"]
            page.mouse.move(x, y)
            page.evaluate(TWO_FRAMES)
            if shown := popup.bounding_box() if popup.is_visible() else None:
                return abs(shown["x"] - x) < 40 and abs(shown["y"] - y) < 160
        return False

    wait_for(page, is_beside, "no picture beside its point")


def test_a_tap_shows_the_picture_of_a_point(visit: Visit) -> None:
    page = visit("/explain?look=map&v=1", viewport=PHONE, has_touch=True)
    wait_until_idle(page)
    popup = page.locator(".map-picture")

    def is_told() -> bool:  # a chart that is drawn anew hears no finger
        page.touchscreen.tap(*at(page, "6"))
        page.evaluate(TWO_FRAMES)
        return popup.is_visible()

    wait_for(page, is_told, "no picture")


def test_the_pass_is_played_stepped_and_its_multiplication_is_right(visit: Visit) -> None:
    page = visit(f"/explain?look=pass&v=1&{SEVEN}")
    player = page.locator(".pass")
    expect(player.get_by_role("button", name="Back")).to_be_disabled()
    player.get_by_role("button", name="Next step").click()
    expect(player.get_by_role("status")).to_contain_text("25 weights and added up")
    shown = player.locator(".pass-sum")
    expect(shown.get_by_role("table")).to_have_count(3)
    before = shown.inner_text()
    canvas = player.get_by_role("application")
    box = canvas.bounding_box()
    assert box
    page.mouse.click(box["x"] + 0.75 * box["width"], box["y"] + 0.3 * box["height"])
    assert shown.inner_text() != before
    for key in ("ArrowRight", "ArrowDown", "PageDown"):
        before = shown.inner_text()
        canvas.press(key)
        assert shown.inner_text() != before
        cells = texts(shown.get_by_role("table").last.get_by_role("cell"))
        products = [float(cell.replace("−", "-")) for cell in cells]
        assert len(products) == 25
        total, value = (float(str(shown.get_attribute(f"data-{key}"))) for key in ("sum", "value"))
        assert total == pytest.approx(value, abs=0.001)  # the map's own value
        assert sum(products) == pytest.approx(value, abs=0.15)  # of 25 rounded numbers
    player.get_by_label("Speed").select_option("2")
    player.get_by_role("button", name="Play", exact=True).click()
    expect(player).to_have_attribute("data-step", "sum_head", timeout=TRAINED_MS)
    expect(player.get_by_role("status")).to_contain_text("which rounds to 11")


def test_who_wants_less_motion_gets_steps_without_it(visit: Visit) -> None:
    page = visit(f"/explain?look=pass&v=1&{SEVEN}")
    page.emulate_media(reduced_motion="reduce")
    player = page.locator(".pass")
    expect(player).to_have_attribute("data-step", "picture")
    for pictures, seconds in page.evaluate(PLAYED):
        assert pictures == 1 and seconds > 2  # time to read it
    player.get_by_role("button", name="Pause").click()
    expect(player.get_by_role("button", name="Play", exact=True)).to_be_visible()


# Long names, and how far to the right of its bars each begins.
LONG_NAMES = """() => {
    const { view } = document.querySelector(".pass"), fill = view.pen.fillText;
    view.data.names = view.data.names.map((name) => `${name} leaf of the sessile oak in autumn`);
    window.begins = [];
    view.pen.fillText = function (words, x, y) {
        const left = x - this.measureText(words).width - view.to.x;
        if (this.textAlign === "right") begins.push([words, left]);
        fill.call(this, words, x, y);
    };
}"""


def test_a_long_name_of_a_class_stays_beside_its_bar(visit: Visit) -> None:
    page = visit(f"/explain?look=pass&v=1&{SEVEN}", viewport=PHONE)
    page.wait_for_function("document.querySelector('.pass')?.view?.pen")
    page.evaluate(LONG_NAMES)
    page.locator(".pass-steps").get_by_role("button", name="Class head").click()
    begins = page.evaluate("begins")
    assert {words[:3] for words, _ in begins} == {f"{n} l" for n in range(10)}
    assert min(left for _, left in begins) >= 0


def test_a_drawing_is_fooled_and_a_layer_broken_by_keyboard(visit: Visit) -> None:
    page = visit(f"/explain?look=fool&v=1&{SEVEN}")
    expect(hook(page, "fool_answers")).to_contain_text("no longer as 7")
    slider = hook(page, "fool_strength").locator("input")
    slider.focus()
    with answered(page):
        page.keyboard.press("Home")
    wait_until_idle(page)
    expect(hook(page, "fool_answers")).to_contain_text("Still read as 7")
    with answered(page):
        hook(page, "look").get_by_text("Break it").click()
    expect(hook(page, "break_score")).to_contain_text("1,000 test images of MNIST")
    hook(page, "break_noise").locator("input").focus()
    before = hook(page, "break_score").inner_text()
    with answered(page):
        page.keyboard.press("End")
    wait_until_idle(page)
    assert hook(page, "break_score").inner_text() != before
    expect(hook(page, "break_chart").locator(".js-plotly-plot")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_evidence_has_a_scale_and_signs_in_both_themes(visit: Visit, scheme: str) -> None:
    page = visit(f"/?v=1&{SEVEN}", color_scheme=scheme)
    evidence = page.locator(".seen", has_text="For 7, against")
    expect(evidence.get_by_role("img", name="Scale from")).to_be_visible()
    expect(evidence.locator(".veiled b").first).to_have_text("+")


def test_a_race_goes_on_by_itself_and_its_past_can_be_dragged(visit: Visit) -> None:
    page = visit(f"/train?v=1&width=4&{SEVEN}")
    page.get_by_text("Race two networks").click()
    settle(page)
    hook(page, "race_start").get_by_role("button").click()  # the first run is over soon
    second = page.get_by_text("Race, second run: pixel fusion. Dashed: late fusion")
    expect(second).to_be_visible(timeout=TRAINED_MS)
    expect(hook(page, "train_status")).to_contain_text("Trained", timeout=TRAINED_MS)
    wait_until_idle(page)
    expect(page.get_by_role("row", name="Late fusion")).to_be_visible()
    expect(hook(page, "loss_chart").locator(".legendtext").first).to_have_text("late fusion")
    with answered(page):
        page.get_by_text("Go back in time").click()
    answers = hook(page, "moment_answers")
    expect(answers).to_contain_text("Class head: 7")
    page.locator("[class*='st-key-moment_'] input").first.focus()
    with answered(page):
        page.keyboard.press("Home")
    wait_until_idle(page)
    untrained = re.compile(r"[89]\.\d\d before rounding")  # near 9, the mean of all sums
    expect(answers).to_contain_text(untrained)
    assert violations(page) == []
