"""Watch it learn, in a real Chromium: the table and both charts keep out of each other's way."""

import pytest
from playwright.sync_api import Page, ViewportSize

from core.recipes.presets import PRESETS
from core.runs.queue import create_run
from core.runs.run import State
from core.storage import snapshots
from tests.browser.conftest import Visit
from tests.browser.support.app import App
from tests.browser.support.driver import hook


def beside(page: Page, keys: list[str]) -> list[tuple[float, float]]:
    """Where parts of the page begin and end, from left to right, with what sticks out of them."""
    found = []
    for key in keys:
        hook(page, key).wait_for()
        found.append(
            hook(page, key).evaluate("""part => [...part.querySelectorAll("table, svg, p")]
                .map(each => each.getBoundingClientRect())
                .reduce(([left, right], each) =>
                    [Math.min(left, each.left), Math.max(right, each.right)], [1e9, 0])""")
        )
    return found


@pytest.mark.parametrize("width", [1440, 1100])
def test_names_of_garments_lie_over_no_chart(visit: Visit, served: App, width: int) -> None:
    recipe = PRESETS["quick"].recipe.change({"dataset": "fashion-mnist"})
    run = create_run(served.runs, "quick", recipe)
    snapshots.save_snapshot(run.snapshots, 0, snapshots.pack_snapshot(recipe.build()))
    run.set_state(State("failed"))
    size: ViewportSize = {"width": width, "height": 900}
    page = visit(f"/train?run={run.id}&v=1", viewport=size)
    page.locator(".st-key-watch_sum svg.main-svg").first.wait_for()
    (_, table), (classes, chart), (sums, end) = beside(
        page, ["watched", "watch_class", "watch_sum"]
    )
    assert table <= classes and chart <= sums and end <= width
