"""The sabotage quiz: its bug is a secret until the visitor has said what and where it is."""

import re

import pytest
from streamlit.testing.v1 import AppTest

from core.recipes.bugs import BUGS
from core.recipes.code import BUGGY_LINES
from core.recipes.presets import PRESETS
from core.runs.run import Run, State, find_run, runs_dir
from core.storage.checkpoint import WEIGHTS_DIR, read_card
from tests.support.pages import finished, lessons_page, opened, opened_app, session_of, words
from views.lessons import quiz as quiz_module
from views.lessons.quiz import QUIZ_BUGS, QUIZ_SETTINGS
from views.session.session import Session

BUG = "softmax"


@pytest.fixture(autouse=True)
def this_bug(monkeypatch: pytest.MonkeyPatch) -> None:
    class Dice:
        def choice(self, names: list[str]) -> str:
            assert set(names) <= set(QUIZ_BUGS)
            return BUG

    monkeypatch.setattr(quiz_module.random, "SystemRandom", Dice)


def press(app: AppTest, key: str) -> None:
    app.button(key=key).click().run()
    assert not app.exception


def the_run(session: Session) -> Run:
    assert session.quiz
    run = find_run(runs_dir(), session.quiz.run)
    assert run
    return run


def trained() -> AppTest:
    app = opened(lessons_page)
    press(app, "quiz_start")
    recipe = PRESETS["quick"].recipe.change(QUIZ_SETTINGS).with_bug(BUG)
    run = the_run(session_of(app))
    finished(run, recipe)
    record = {"seconds": 2.0, "step": 4, "steps": 4, "epoch": 1, "images": 512}
    scores = dict.fromkeys(("loss", "class_loss", "sum_loss"), 1.5)
    scores |= dict.fromkeys(("class_acc", "sum_acc", "joint_acc"), 0.9)
    run.append({**record, **scores, **{f"val_{name}": value for name, value in scores.items()}})
    app.run()
    assert not app.exception
    return app


def test_the_run_has_the_bug_and_is_marked_as_a_secret() -> None:
    app = opened(lessons_page)
    press(app, "quiz_start")
    run = the_run(session_of(app))
    assert run.recipe()[1].bug.name == BUG
    assert run.request().secret
    assert session_of(app).own_runs == []


def everything(app: AppTest) -> str:
    """All that goes to the browser, and the address."""
    return f"{[node.proto for node in app.main]}{app.main}{app.query_params}"


def test_nothing_that_the_browser_gets_names_the_run_or_its_bug() -> None:
    app = trained()
    run = the_run(session_of(app)).id
    sent = everything(app)
    assert "quiz_diagnosis" in sent  # it is asked
    assert run not in sent
    says = [BUGS[BUG].title, BUGS[BUG].about]
    for words_of_it in says:  # among the answers to choose from, as all the others
        assert words(app).count(words_of_it) == words(app).count(BUGS["argmax"].about)
    other = opened_app()
    assert run not in str(other.query_params)


def test_a_right_answer_is_told_with_the_diff_and_opens_the_run() -> None:
    app = trained()
    assert app.button(key="quiz_diagnose").disabled
    app.radio(key="quiz_diagnosis").set_value(BUG).run()
    press(app, "quiz_diagnose")
    at = BUGGY_LINES[BUG][0]
    app.radio(key="quiz_line").set_value(at).run()
    press(app, "quiz_answer")
    said = words(app)
    assert "✓ Right about the bug: Softmax before cross-entropy" in said
    assert f"✓ Right about the line: line {at + 1}" in said
    assert "+ class_loss = cross_entropy(class_logits, batch.labels)" in said
    assert "What gave it away" in said


def test_a_wrong_answer_is_told_the_truth() -> None:
    app = trained()
    app.radio(key="quiz_diagnosis").set_value("relu").run()
    press(app, "quiz_diagnose")
    app.radio(key="quiz_line").set_value(0).run()
    press(app, "quiz_answer")
    said = words(app)
    assert "✗ Wrong about the bug: ReLU on the logits" in said
    assert "✗ Wrong about the line: line 1" in said
    assert "It was: Softmax before cross-entropy." in said
    press(app, "quiz_start")  # another one
    quiz = session_of(app).quiz
    assert quiz
    assert (quiz.diagnosis, quiz.line) == (None, None)


def test_a_run_that_failed_says_why_and_can_be_trained_again() -> None:
    app = opened(lessons_page)
    press(app, "quiz_start")
    the_run(session_of(app)).set_state(State("failed", "The disk is full."))
    app.run()
    assert "The disk is full." in words(app)
    assert app.button(key="quiz_start").label == "Train it again"


def test_a_run_that_is_gone_is_as_if_there_had_been_none() -> None:
    app = opened(lessons_page)
    press(app, "quiz_start")
    (the_run(session_of(app)).path / "recipe.json").unlink()
    app.run()
    assert not app.exception
    assert app.button(key="quiz_start").label == "Train the sabotaged network"


def test_the_answers_of_all_classes_are_as_many_as_the_test_images():
    card = read_card(WEIGHTS_DIR / "mnist")
    cells = re.findall(r"<td>([\d,]+)</td>", quiz_module._answered_classes(card))
    assert abs(sum(int(cell.replace(",", "")) for cell in cells) - 10_000) <= 10
