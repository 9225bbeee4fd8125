"""Run a page without a browser: Streamlit's AppTest runs it, a fixture replaces the canvas.

One example: `words(opened(draw_page, n="4"))` is all that the Draw page says to who opens /?n=4.
Runs are made by hand in a folder of the test's own, and no worker is started; see the fixtures in
tests/views/conftest.py. A page is a function that imports what it needs: AppTest copies its source.
"""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from streamlit.testing.v1 import AppTest

from core import PROJECT
from core.data.drawing import Strokes
from core.finetune import HandExample
from core.recipes.presets import PRESETS
from core.recipes.recipe import Recipe
from core.runs.queue import create_run
from core.runs.run import FinetuneJob, Run, State, find_run, runs_dir
from core.storage import checkpoint
from tests.conftest import PATIENCE
from views.session.session import Session

TIMEOUT = PATIENCE  # for a page; it answers in less than a second, a busy machine in some
Pen = Callable[[Strokes], None]


def draw_page() -> None:
    from views.draw.page import show_draw

    show_draw()


def train_page() -> None:
    from views.train.page import show_train

    show_train()


def compare_page() -> None:
    from views.compare.page import show_compare

    show_compare()


def explain_page() -> None:
    from views.explain.page import show_explain

    show_explain()


def lessons_page() -> None:
    from views.lessons.page import show_lessons

    show_lessons()


def data_page() -> None:
    from views.collections.page import show_data

    show_data()


PAGES = {
    "draw": draw_page,
    "train": train_page,
    "compare": compare_page,
    "explain": explain_page,
    "lessons": lessons_page,
    "collections": data_page,
}


def opened(page: Callable[[], None], **query: str) -> AppTest:
    """A page as a new visitor sees it who comes with this address."""
    return run_with(AppTest.from_function(page, default_timeout=TIMEOUT), **query)


def growing_figures(app: AppTest) -> list[dict[str, Any]]:
    """The plotly figures of a page that may change while one looks at them, from the top."""
    components = [each.proto for each in app.get("bidi_component")]
    charts = [each for each in components if each.component_name == "growing_chart"]
    return [json.loads(json.loads(chart.json)["figure"]) for chart in charts]


def opened_app(**query: str) -> AppTest:
    """The whole app, with its navigation, at its first page."""
    return run_with(
        AppTest.from_file(PROJECT / "views/script.py", default_timeout=TIMEOUT), **query
    )


def run_with(app: AppTest, **query: str) -> AppTest:
    for name, value in query.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    return app


def session_of(app: AppTest) -> Session:
    session: Session = app.session_state["session"]
    return session


def words(app: AppTest) -> str:
    """All that the page says."""
    texts = (*app.get("html"), *app.markdown, *app.caption, *app.subheader)
    parts = (*texts, *app.warning, *app.error, *app.info)
    said = [str(getattr(part, "value", None) or part.proto.body) for part in parts]
    return " ".join((*places(app), *said))


def places(app: AppTest) -> list[str]:
    """What the places say that change while the pen moves."""
    found = [json.loads(part.proto.json) for part in app.get("bidi_component")]
    texts = [data[name] for data in found for name in ("content", "spoken") if data.get(name)]
    return [str(text) for text in texts]


def keys(app: AppTest) -> set[str]:
    """The keys of all buttons."""
    return {button.key for button in app.button}


def the_run(app: AppTest) -> Run:
    """The run that the Train page shows."""
    found = find_run(runs_dir(), session_of(app).link.run)
    assert found
    return found


def the_finetune_run(app: AppTest) -> Run:
    """The run that learns the visitor's examples."""
    found = find_run(runs_dir(), session_of(app).finetune_run)
    assert found
    return found


def finished(run: Run, recipe: Recipe | None = None) -> None:
    """Give a run the shipped network, as if trained to that, or the fresh one of a recipe."""
    model, card = checkpoint.load(checkpoint.WEIGHTS_DIR / "mnist")
    if recipe:
        model, card = recipe.build(), replace(card, params=recipe.to_dict())
    checkpoint.save(run.checkpoint, model, card)
    run.append({"seconds": 2.0, "step": 4, "steps": 4, "epoch": 1, "images": 512, "lr": 0.0})
    run.set_state(State("finished"))


def taught(run: Run) -> None:
    """Let a fine-tuning run have ended: the shipped network, a little worse on MNIST."""
    model, card = checkpoint.load(checkpoint.WEIGHTS_DIR / "mnist")
    job = run.finetune_job()
    assert job
    figures = card.figures | {"class_acc": card.figures["class_acc"] - 0.0004}
    card = replace(card, taught=len(job.examples), figures=figures)
    checkpoint.save(run.checkpoint, model, card)
    run.set_state(State("finished"))


def finetune_run(*examples: HandExample, base: str = "mnist") -> Run:
    """A new run that is to learn examples."""
    recipe = PRESETS["quick"].recipe
    return create_run(runs_dir(), "quick", recipe, FinetuneJob(base, list(examples)))
