"""Break it on purpose, in a real Chromium: choose a bug, train with it, read what it did."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.support.driver import answered, choose, hook, press

TRAINED_MS = 240_000  # for a whole short run on a slow, busy machine


def test_a_bug_is_chosen_trained_with_and_given_away(visit: Visit) -> None:
    tall = {"width": 1440, "height": 1400}  # nothing scrolls: that would close an open list
    page = visit("/train?v=1&epochs=1&width=4", viewport=tall)
    hook(page, "more_settings").get_by_text("More settings").click()
    with answered(page):
        hook(page, "setting_sum_head").get_by_text("19 classes").click()
    weight = hook(page, "setting_sum_weight_classification").get_by_role("slider")
    expect(weight).to_have_attribute("aria-valuetext", "1")  # the usual one of that head
    hook(page, "break").get_by_text("Break it on purpose").click()
    hook(page, "break").get_by_text("Everything is as it should be.").hover()  # once it lies still
    choose(page, hook(page, "bug").get_by_role("combobox"), "Squared error of all pairs")
    expect(hook(page, "break")).to_contain_text("[N, 1], targets a row, [N]: every answer")
    expect(hook(page, "break")).to_contain_text(
        "Whatever you choose above, this run gets sum as one value"
    )
    press(page, "train_start")
    expect(hook(page, "bug_note")).to_contain_text("Broken on purpose: Squared error of all pairs.")
    expect(hook(page, "gave_away")).to_contain_text(
        re.compile(
            r"What gave it away. R² is -?0\.0\d, but the class head is right in 9\d\.\d\d %"
        ),
        timeout=TRAINED_MS,
    )
    page.reload()  # the run remembers its bug
    expect(hook(page, "bug_note")).to_contain_text("Squared error of all pairs")
    assert "bug=broadcast" in page.url
