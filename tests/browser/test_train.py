"""The Train page in a real Chromium: a real run on real data, watched, stopped, reloaded, used."""

import re
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Page, WebSocketRoute, expect
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from core.runs.run import list_runs
from tests.browser.conftest import Visit
from tests.browser.support.app import App
from tests.browser.support.driver import (
    SHOWN,
    answered,
    choose,
    draw_digit,
    hook,
    open_in,
    open_settings,
    press,
    settle,
    text,
    texts,
    turn_to,
    wait_for,
    wait_until_idle,
)

TRAINED_MS = 240_000  # for a whole short run on a slow, busy machine
CURVE = ".scatterlayer .trace path.js-line"
LONG = "v=1&epochs=8&batch_size=32"  # 12,504 steps
# The page itself counts how often its curves grow (plotly keeps their data on the element).
GROWTH = """() => {
    const points = (key) =>
        document.querySelector(`.st-key-${key} .js-plotly-plot`)?.data?.[0].x.length ?? 0;
    window.grown = new Set();
    setInterval(() => document.querySelector(".st-key-train_stop")
        && grown.add(`${points("loss_chart")} ${points("accuracy_chart")}`), 50);
}"""


def begin(page: Page) -> None:
    """Press Train; a short run may be over before the app has nothing left to answer."""
    settle(page)
    hook(page, "train_start").get_by_role("button").click()


def start(page: Page) -> None:
    begin(page)
    expect(hook(page, "train_status")).to_contain_text("images/s", timeout=TRAINED_MS)


def set_slider(page: Page, key: str, presses: int) -> None:
    """Move a slider by the keyboard; only the settings are asked for anew."""
    open_settings(page)
    slider = hook(page, f"setting_{key}").get_by_role("slider")
    for _ in range(abs(presses)):
        slider.press("ArrowRight" if presses > 0 else "ArrowLeft")


def test_quick_keys_on_a_slider_are_all_heard(visit: Visit) -> None:
    """Also where one of them makes the settings those of a preset, and the next one does not."""
    for _ in range(2):
        page = visit("/train")
        set_slider(page, "epochs", 4)
        wait_until_idle(page)
        slider = hook(page, "setting_epochs").get_by_role("slider")
        expect(slider).to_have_attribute("aria-valuetext", "8")
        with answered(page):
            hook(page, "preset_quick").get_by_role("button").click()
        expect(page.get_by_text("Changed: ")).to_have_count(0)


def test_what_one_looks_at_stays_while_curves_grow(visit: Visit) -> None:
    """A curve hidden by its legend stays hidden, and the label under the pointer stays there."""
    page = visit(f"/train?{LONG}")
    start(page)
    plot = hook(page, "loss_chart").locator(".js-plotly-plot")
    plot.locator(".legendtoggle").first.click()
    hidden = "plot => plot.data[0].visible === 'legendonly' && plot.data[0].x.length"
    expect(plot.locator(".legend .traces").first).to_have_css("opacity", "0.5")
    page.mouse.move(0, 0)
    accuracy = hook(page, "accuracy_chart")
    point = accuracy.locator(".js-plotly-plot path.point").first
    place = point.bounding_box(timeout=TRAINED_MS)
    assert place
    page.mouse.move(place["x"] + 3, place["y"] + 3, steps=3)
    counts = set()

    def grows() -> bool:
        counts.add(plot.evaluate(hidden))
        expect(accuracy.locator(".hovertext")).not_to_have_count(0)
        return len(counts) >= 4

    wait_for(page, grows, "the curves did not grow")
    assert False not in counts
    press(page, "train_stop")


def test_a_run_is_watched_and_its_network_used(visit: Visit) -> None:
    page = visit("/train?v=1&width=8&epochs=4")
    page.evaluate(GROWTH)
    begin(page)
    expect(hook(page, "train_start").get_by_role("button")).to_be_disabled()
    use = hook(page, "use_network").get_by_role("button")
    expect(use).to_be_visible(timeout=TRAINED_MS)
    assert page.evaluate("grown.size") >= 3
    expect(hook(page, "train_status")).to_contain_text("Finished: epoch 4, step 1,564 of 1,564")
    figures = texts(page.locator("table.figures tr", has_text="This run").locator("td"))
    assert float(figures[0].rstrip("%")) > 97

    wait_until_idle(page)  # what stood above it is gone
    use.click()
    expect(page.get_by_test_id("stToast")).to_contain_text("answers now. Draw.")
    network = hook(page, "network_choice").get_by_role("combobox")
    expect(network).to_have_value(re.compile(r"Mine: .*width 8.*, \d\d\.\d %"))
    draw_digit(page, "7")
    assert (text(page, "class_answer"), text(page, "sum_answer")) == ("7", "14")
    assert "net=" in page.url
    choose(page, network, "Digits (our best, 99.6 %)")
    assert "net=" not in page.url


def test_a_run_is_paused_and_watched_step_by_step(visit: Visit) -> None:
    page = visit()
    draw_digit(page, "3")
    with answered(page):
        page.goto(page.url.replace("/?", "/train?epochs=8&batch_size=32&"))
    start(page)
    press(page, "train_pause")
    status = hook(page, "train_status")
    expect(status).to_contain_text("Paused", timeout=TRAINED_MS)
    expect(hook(page, "watched")).to_contain_text("untrained")
    step = re.compile(r"step ([\d,]+) of 12,504")
    place = step.search(status.inner_text())
    assert place
    following = f"{int(place[1].replace(',', '')) + 1:,}"
    press(page, "train_step")
    expect(status).to_contain_text(re.compile(f"Paused: epoch \\d+, step {following} of"))
    hook(page, "live_lr").get_by_role("slider").press("ArrowLeft")
    press(page, "train_pause")
    expect(status).to_contain_text("Training: ")
    press(page, "train_stop")
    expect(hook(page, "use_network")).to_be_visible(timeout=TRAINED_MS)
    expect(page.get_by_text("changed in training, from 0.2 to 0.1")).to_be_visible()
    expect(page.locator(".st-key-watch_class .js-plotly-plot")).to_be_visible()


def test_a_reload_and_a_second_tab_steer_the_run_and_a_stranger_watches(visit: Visit) -> None:
    page = visit(f"/train?{LONG}")
    start(page)
    page.reload()
    wait_until_idle(page)
    expect(hook(page, "train_status")).to_contain_text(re.compile(r"step [\d,]+ of 12,504"))
    stranger = visit("/train?" + page.url.split("?")[1])
    expect(hook(stranger, "train_status")).to_contain_text("You are watching.")
    expect(hook(stranger, "train_stop")).to_have_count(0)
    second = page.context.new_page()
    open_in(second, page.url)
    press(second, "train_stop")
    for tab in (page, second, stranger):
        expect(hook(tab, "use_network")).to_be_visible(timeout=TRAINED_MS)
    assert "sketch_sum_browser" not in page.evaluate("document.cookie")  # no script reads it
    second.close()


def test_on_a_phone_what_was_caused_is_in_view(visit: Visit) -> None:
    page = visit("/train?v=1&width=4", viewport={"width": 390, "height": 844}, has_touch=True)
    page.evaluate("document.querySelector('[data-testid=stMain]').scrollTo(0, 10_000)")
    press(page, "train_start")
    expect(hook(page, "train_status")).to_be_in_viewport()
    use = hook(page, "use_network").get_by_role("button")
    expect(use).to_be_visible(timeout=TRAINED_MS)
    wait_until_idle(page)  # what stood above it is gone
    with answered(page):
        hook(page, "rename").get_by_role("button").click()
    name = page.get_by_role("textbox", name="Name of this network")
    name.fill("Ada's first")
    with answered(page):
        name.press("Enter")
    expect(hook(page, "rename_panel")).to_contain_text("It is called Ada's first")
    page.keyboard.press("Escape")
    expect(name).to_have_count(0)
    page.evaluate("document.querySelector('[data-testid=stMain]').scrollTo(0, 10_000)")
    use.click()
    expect(hook(page, "canvas")).to_be_in_viewport()
    expect(page.get_by_test_id("stToast")).to_contain_text(re.compile("Ada's first.* answers now."))


def test_a_look_at_another_page_and_a_reload_lose_nothing(visit: Visit) -> None:
    page = visit()
    draw_digit(page, "3")
    drawn = parse_qs(urlsplit(page.url).query)["s"]
    turn_to(page, "Train")
    open_settings(page)
    rate = hook(page, "setting_lr").get_by_role("slider")
    expect(rate).to_have_attribute("aria-valuetext", "0.2")
    set_slider(page, "lr", 2)
    page.wait_for_url(lambda url: "lr=0.5" in url)
    turn_to(page, "Explain")
    expect(hook(page, "idea_1")).to_be_visible()
    turn_to(page, "Train")
    open_settings(page)
    expect(rate).to_have_attribute("aria-valuetext", "0.5")
    expect(page).to_have_url(re.compile("/train"))
    page.wait_for_url(lambda url: parse_qs(urlsplit(url).query).get("s") == drawn)
    set_slider(page, "lr", -2)
    page.wait_for_url(lambda url: "lr=" not in url)
    set_slider(page, "lr", 1)
    page.wait_for_url(lambda url: "lr=0.3" in url)
    page.reload()
    open_settings(page)
    expect(rate).to_have_attribute("aria-valuetext", "0.3")
    turn_to(page, "Draw")
    expect(hook(page, "class_answer")).to_have_text("3")


def test_while_a_network_learns_others_draw_and_wait_and_its_owner_sees_it(visit: Visit) -> None:
    """Then it is stopped, and what it learned is kept."""
    page, other = visit(f"/train?{LONG}"), visit()
    start(page)
    draw_digit(other, "5")
    assert text(other, "sum_answer") == "12"
    turn_to(other, "Train")
    press(other, "train_start")
    expect(hook(other, "train_status")).to_contain_text("one run is before yours")
    hook(other, "train_stop").get_by_role("button").click()
    expect(hook(other, "train_status")).to_contain_text("You left the queue")
    expect(hook(other, "train_start").get_by_role("button")).to_be_enabled()

    turn_to(page, "Draw")
    badge = "getComputedStyle(document.querySelector('[data-testid=stTopNavLink][href*=train]'), "
    badge += "'::after').content"
    page.wait_for_function(f"{badge}.endsWith(' %\"')")
    turn_to(page, "Train")
    press(page, "train_stop")
    expect(hook(page, "use_network")).to_be_visible(timeout=TRAINED_MS)
    expect(hook(page, "train_status")).to_contain_text(
        "Stopped. What the network learned so far is kept"
    )
    expect(page.locator("table.figures tr", has_text="This run")).to_have_count(1)
    expect(hook(page, "train_start").get_by_role("button")).to_be_enabled()
    turn_to(page, "Draw")
    expect(hook(page, "addend")).to_be_visible()
    assert page.evaluate(badge) in ("none", "normal", '""')


def test_a_page_that_is_lost_on_its_way_comes_again(app: App, visit: Visit) -> None:
    """Streamlit throws away what a run has said last when the next question comes just then: here
    the page with the figures of a training."""
    page = visit("/train?v=1&width=4", alone=True)
    lost: list[str] = []
    before = len([*list_runs(app.runs)])

    def carry(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()
        losing = False

        def to_page(frame: bytes | str) -> None:
            nonlocal losing
            message = ForwardMsg.FromString(frame) if isinstance(frame, bytes) else ForwardMsg()
            run = message.metadata.run
            runs = [*list_runs(app.runs)]
            trained = len(runs) > before and all(one.state().is_finished for one in runs)
            if message.HasField("new_session") and not run.fragment_ids and trained and not lost:
                lost.append(run.script_run_id)
                losing = True
            if not losing:
                socket.send(frame)
            losing &= not (message.HasField("script_finished") and run.script_run_id in lost)

        server.on_message(to_page)

    page.route_web_socket("**", carry)
    page.reload()
    page.wait_for_function(SHOWN)
    begin(page)
    expect(hook(page, "use_network")).to_be_visible(timeout=TRAINED_MS)
    assert lost


def test_a_learning_rate_that_is_too_high_is_said_in_one_sentence(visit: Visit) -> None:
    page = visit("/train?v=1&lr=30")
    press(page, "train_start")
    expect(hook(page, "train_status")).to_contain_text(
        re.compile(r"The loss ran away at step \d+\. Lower the learning rate"), timeout=TRAINED_MS
    )
    expect(hook(page, "train_start").get_by_role("button")).to_be_enabled()
