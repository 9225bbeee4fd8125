"""The published bugs on the Train page and in links."""

import pytest
from streamlit.testing.v1 import AppTest

from core import trainer as training
from core.evaluation.metrics import Metrics
from core.recipes.bugs import BUGS
from core.runs.queue import create_run
from core.runs.run import Run, State, runs_dir
from core.storage import checkpoint
from core.storage.checkpoint import Card
from tests.support import pages
from tests.support.bugs import NAMES, QUICK
from views.session.link import Link, link_query, parse_link


def finished(name: str) -> Run:
    """A run with a bug that is over, with figures made up."""
    recipe = QUICK.change({"width": 4}).with_bug(name)
    run = create_run(runs_dir(), "quick", recipe)
    model = recipe.build().eval()
    metrics = Metrics(0.9812, 0.0123, 3.3, 0.1, 0.09, [[100] * 10 for _ in range(10)])
    checkpoint.save(run.checkpoint, model, Card.of("quick", recipe, model, metrics, 2, 5.0))
    val = dict.fromkeys(("val_loss", "val_class_loss", "val_sum_loss"), 1.5)
    val |= dict.fromkeys(("val_class_acc", "val_sum_acc", "val_joint_acc"), 0.99)
    base = {"seconds": 1.0, "step": 4, "steps": 4, "epoch": 1, "images": 512, "lr": 0.1}
    scores = dict.fromkeys(training.Scores._fields, 0.5)
    run.append(base | scores | val)
    run.set_state(State("finished"))
    return run


def markdown(app: AppTest) -> str:
    return " ".join(part.value for part in app.markdown)


def test_no_bug_is_chosen_at_first(alone):
    app = pages.opened(pages.train_page)
    box = app.selectbox(key="bug")
    assert (box.value, box.options[0], len(box.options)) == ("", "No bug", 9)


def test_the_bug_of_a_link_is_chosen(alone):
    app = pages.opened(pages.train_page, bug="relu")
    assert app.selectbox(key="bug").value == "relu"
    app.button(key="train_start").click().run()
    assert pages.the_run(app).recipe()[1].bug.name == "relu"


def test_the_chosen_bug_is_explained_and_trained_with(alone):
    app = pages.opened(pages.train_page)
    app.selectbox(key="bug").set_value("shared-softmax").run()
    assert BUGS["shared-softmax"].about in [caption.value for caption in app.caption]
    app.button(key="train_start").click().run()
    recipe = pages.the_run(app).recipe()[1]
    assert recipe == QUICK.with_bug("shared-softmax")
    assert app.query_params["bug"] == "shared-softmax"


@pytest.mark.parametrize("name", NAMES)
def test_a_run_with_a_bug_says_so_and_what_gave_it_away(alone, name):
    app = pages.opened(pages.train_page, run=finished(name).id)
    said = markdown(app)
    assert f"Broken on purpose: {BUGS[name].title}." in said
    assert "**What gave it away.**" in said
    captions = " ".join(caption.value for caption in app.caption)
    assert "it has never seen" not in captions  # seen-images does


def test_a_run_without_a_bug_says_nothing_of_it(alone):
    said = markdown(pages.opened(pages.train_page, run=finished("").id))
    assert "Broken" not in said
    assert "gave it away" not in said


@pytest.mark.parametrize("name", NAMES)
def test_a_link_brings_its_bug(name):
    chosen = Link(bug=name)
    assert link_query(chosen) == {"v": "1", "bug": name}
    assert parse_link(link_query(chosen)) == chosen


@pytest.mark.parametrize("text", ["", "x", "BROADCAST", "broadcast\n", "x" * 10_000])
def test_a_link_with_another_bug_has_none(text):
    assert parse_link({"bug": text}) == Link()


def test_who_waits_for_a_quiz_is_not_told_its_bug() -> None:
    secret = create_run(runs_dir(), "quick", QUICK.with_bug("relu"), is_secret=True)
    base = {"seconds": 1.0, "step": 10, "steps": 100, "epoch": 1, "images": 512, "lr": 0.1}
    secret.append(base | dict.fromkeys(training.Scores._fields, 0.5))
    secret.set_state(State("training"))
    waiting = create_run(runs_dir(), "quick", QUICK)
    said = pages.words(pages.opened(pages.train_page, run=waiting.id))
    assert "Somebody's network, of a quiz" in said
    assert "broken" not in said
