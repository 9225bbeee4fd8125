"""Are the minutes on the cards right? A browser goes through the tour and each lesson.

    python benchmarks/lessons.py                  all of them, one after the other
    python benchmarks/lessons.py tour rate        some
    ... --json                                    one JSON object instead of a table

It starts the real app with an empty runs directory. The browser does what a visitor does and waits
for what a visitor waits for, trainings included: that is `works`. A person also reads and thinks:
`reads` is the time for the words of the panel at 130 a minute, half the pace of silent reading, and
5 seconds more for each step. Both together should be less than the card says.
"""

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a file, it sees only its own folder

from playwright.sync_api import Page, expect

from tests.browser.support.app import serve
from tests.browser.support.driver import (
    answered,
    chromium,
    draw_digit,
    hook,
    open_page,
    pick_number,
    press,
    wait_until_idle,
)
from views.guide.draw_lessons import COURSES
from views.guide.steps import Course, Step
from views.guide.tour import TOUR
from views.session.lessons import LESSONS

WORDS_PER_MINUTE, PER_STEP = 130, 5.0
TOUR_MINUTES = 5
DONE_MS = 300_000
TO_THE_RIGHT = {"on": 1, "bent": 12, "moved": 14}  # presses of an arrow, by step


def next_is_free(page: Page) -> None:
    button = hook(page, "guide_next").get_by_role("button")
    expect(button).to_be_enabled(timeout=DONE_MS)
    wait_until_idle(page)


def words_shown(page: Page) -> int:
    return len(hook(page, "guide").get_by_role("status").text_content().split())


def guess(page: Page) -> None:
    """The first option; a slider may stay where it is."""
    options = hook(page, "guide").locator("label").filter(has=page.get_by_role("radio"))
    if options.count():
        options.first.click()
        wait_until_idle(page)


def slide(page: Page, key: str, count: int, arrow: str) -> None:
    hook(page, key).get_by_role("slider").first.focus()
    for _ in range(count):
        page.keyboard.press(arrow)
    page.wait_for_timeout(500)  # until the slider has said where it is
    wait_until_idle(page)


def do(page: Page, course: Course, step: Step) -> None:
    """The task of a step, as a visitor does it."""
    if step.name in ("draw", "seven"):
        if hook(page, "clear").get_by_role("button").is_enabled():
            press(page, "clear")
        draw_digit(page, "5" if step.name == "draw" else "7")
    elif step.name in ("number", "nine"):
        pick_number(page, 2 if step.name == "number" else 9)
    elif step.name == "label":
        press(page, "tell_7" if course is TOUR else "tell_2")
    elif step.name in ("teach", "taught"):
        hook(page, "teach").get_by_role("button").click()
    elif step.name == "moved":
        slide(page, "shift", TO_THE_RIGHT[step.name], "ArrowRight")
    elif step.name == "swapped":
        hook(page, "invert").locator("label").first.click()
    else:
        if step.name == "low":
            slide(page, "settings", 6, "ArrowLeft")
        elif step.name in TO_THE_RIGHT:
            slide(page, "settings", TO_THE_RIGHT[step.name], "ArrowRight")
        press(page, "train_start")


def walk(page: Page, course: Course) -> dict[str, float]:
    """One course from its first step to its last: what the machine takes, what reading takes."""
    start, words = time.perf_counter(), 0
    for number, step in enumerate(course.steps):
        words += words_shown(page)
        if step.question:
            guess(page)
        elif hook(page, "guide_next").get_by_role("button").is_disabled():
            do(page, course, step)
        next_is_free(page)
        if step.look:
            words += words_shown(page)
        if number + 1 < len(course.steps):
            with answered(page):
                hook(page, "guide_next").get_by_role("button").click()
    works = time.perf_counter() - start
    reads = 60 * words / WORDS_PER_MINUTE + PER_STEP * len(course.steps)
    card = TOUR_MINUTES if course is TOUR else LESSONS[course.name].minutes
    return {"works": round(works, 1), "reads": round(reads, 1), "card_minutes": card}


def measure(names: list[str]) -> dict[str, dict[str, float]]:
    found = {}
    with tempfile.TemporaryDirectory() as folder, serve(Path(folder)) as app, chromium() as browser:
        for name in names:
            address = "/?v=1" if name == "tour" else f"/{LESSONS[name].address.removeprefix('./')}"
            page = open_page(browser, app.url + address)
            if name == "tour":
                press(page, "tour")
            found[name] = walk(page, TOUR if name == "tour" else COURSES[name])
            page.context.close()
        if trouble := app.trouble():
            raise SystemExit(trouble)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    names = ["tour", *COURSES]
    parser.add_argument("names", nargs="*", help="which; all by default")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    args = parser.parse_args()
    found = measure(args.names or names)
    if args.json:
        print(json.dumps(found))
        return
    print("lesson     works   reads     both   card")
    for name, row in found.items():
        both = row["works"] + row["reads"]
        mark = "" if both <= 60 * row["card_minutes"] else "  too long"
        print(
            f"{name:9}{row['works']:5.0f} s{row['reads']:6.0f} s{both / 60:6.1f} min"
            f"{row['card_minutes']:3.0f} min{mark}"
        )


if __name__ == "__main__":
    main()
