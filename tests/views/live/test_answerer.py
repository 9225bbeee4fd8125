"""Questions that wait together are answered together, each as if alone."""

import threading
from dataclasses import replace
from types import SimpleNamespace

import pytest

from core.recipes.presets import PRESETS
from core.runs.queue import create_run
from core.runs.run import runs_dir
from core.storage.checkpoint import CheckpointError
from tests.conftest import PATIENCE
from tests.support.pages import draw_page, finished, opened, places
from tests.support.pictures import SEVEN
from views.draw.live import LiveAnswer
from views.input.question import LONG, Question, QuestionError
from views.live import answerer
from views.live.answerer import MOST_AT_ONCE, Answerer, Waiting
from views.session import networks

LINES = [[at for point in stroke for at in point] for stroke in SEVEN]
QUESTION = Question("mnist", 4, "draw", can_teach=True, drawing=LINES, id=1)  # type: ignore[arg-type]


def answered(*questions: Question) -> list[LiveAnswer]:
    """The answers of a thread that finds all questions waiting."""
    asked = Answerer()
    with asked._start:  # it cannot start before all wait
        waiting = [Waiting(False, number, each) for number, each in enumerate(questions)]
        for each in waiting:
            asked._waiting.put(each)
    asked.ask(questions[-1])
    return [each.answer.result(PATIENCE) for each in waiting]


def test_the_answer_is_the_one_of_the_page(pen):
    pen(SEVEN)
    page = places(opened(draw_page, n="4"))
    (answer,) = answered(QUESTION)
    assert [answer.answers, answer.spoken, answer.seen] == page
    assert answer.id == 1


def test_a_batch_is_answered_like_one_by_one():
    questions = [
        Question("mnist", addend, "draw", drawing=LINES[:count], id=10 * addend + count)  # type: ignore[arg-type]
        for addend in range(10)
        for count in (1, 2)
    ]
    together, alone = answered(*questions), [answered(each)[0] for each in questions]
    assert [each.answers for each in together] == [each.answers for each in alone]
    assert [each.id for each in together] == [each.id for each in questions]


def test_one_bad_question_spoils_no_other():
    asked = Answerer()
    bad = asked.ask(Question("mnist", 4, "test", pixels="AAAA"))
    gone = asked.ask(Question("20260101-000000-abcdef", 4, "draw", drawing=[[1.0, 1.0]]))
    good = asked.ask(QUESTION)
    assert good.result(PATIENCE).answers
    assert isinstance(bad.exception(PATIENCE), QuestionError)
    assert isinstance(gone.exception(PATIENCE), CheckpointError)


def test_a_visitor_who_leaves_costs_nobody_else_an_answer():
    asked = Answerer()
    with asked._start:  # it cannot start before all wait
        waiting = [Waiting(False, number, QUESTION) for number in range(3)]
        for each in waiting:
            asked._waiting.put(each)
        waiting[0].answer.cancel()
    last = asked.ask(QUESTION)
    assert all(
        each.result(PATIENCE).answers for each in (waiting[1].answer, waiting[2].answer, last)
    )


def test_a_visitor_who_leaves_while_it_is_computed_does_not_either(monkeypatch):
    batch = [Waiting(False, number, QUESTION) for number in range(3)]
    load = networks.load_network

    def leave_meanwhile(name: str) -> object:
        assert not batch[0].answer.cancel()
        return load(name)

    monkeypatch.setattr(answerer, "load_network", leave_meanwhile)
    asked = Answerer()
    with asked._start:
        for each in batch:
            asked._waiting.put(each)
    asked.ask(QUESTION).result(PATIENCE)
    assert all(each.answer.result(PATIENCE).answers for each in batch)


def test_an_empty_canvas_and_a_dot_get_no_answer():
    empty, dot = answered(
        Question("mnist", 4, "draw", id=1), Question("mnist", 4, "draw", drawing=[[9, 9]], id=2)
    )
    assert (empty, dot) == (LiveAnswer(id=1), LiveAnswer(id=2))


def test_the_network_that_is_named_answers(data):
    recipe = PRESETS["quick"].recipe.change({"dataset": "fashion-mnist", "width": 4})
    run = create_run(runs_dir(), "quick", recipe)
    finished(run, recipe)
    own, shipped = answered(
        Question(run.id, 4, "draw", drawing=LINES),  # type: ignore[arg-type]
        QUESTION,
    )
    assert own.answers and "Sneaker" in own.answers
    assert shipped.answers and "Sneaker" not in shipped.answers


def test_while_the_pen_draws_there_is_a_guess_and_no_advice(monkeypatch):
    load = networks.load_network
    doubtful = lambda name: (load(name)[0], replace(load(name)[1], doubt_level=1e9))  # noqa: E731
    monkeypatch.setattr(answerer, "load_network", doubtful)
    moving, resting = answered(
        Question("mnist", 4, "draw", drawing=LINES, down=True),  # type: ignore[arg-type]
        QUESTION,
    )
    assert moving.answers and ">7?</span>" in moving.answers
    assert "read this" not in moving.answers
    assert resting.answers and "or label it below" in resting.answers


def test_it_survives_what_nobody_foresaw(monkeypatch):
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    asked = Answerer()
    with monkeypatch.context() as patched:
        patched.setattr(answerer, "live_answer", broken)
        with pytest.raises(ZeroDivisionError):
            asked.ask(QUESTION).result(PATIENCE)
    assert asked.ask(QUESTION).result(PATIENCE).answers


def test_a_long_drawing_waits_until_no_other_question_does():
    asked = Answerer()
    asked._thread = threading.current_thread()  # it never starts
    line = [float(at % 280) for at in range(2 * LONG + 2)]
    long = Question("mnist", 4, "draw", pen=[line], id=1)  # type: ignore[arg-type]
    for question in (long, QUESTION, long, QUESTION):
        asked.ask(question)
    batches = [[each.is_long for each in asked._next()] for _ in range(2)]
    assert batches == [[False, False, True], [True]]


def test_a_batch_is_never_larger_than_its_bound():
    asked = Answerer()
    asked._thread = threading.current_thread()  # it never starts
    for _ in range(20):
        asked.ask(QUESTION)
    assert [len(asked._next()) for _ in range(2)] == [MOST_AT_ONCE, 4]


def test_questions_are_answered_in_the_order_in_which_they_came():
    asked = Answerer()
    asked._thread = threading.current_thread()
    for number in range(5):
        asked.ask(Question("mnist", number, "draw"))
    assert [each.question.addend for each in asked._next()] == [0, 1, 2, 3, 4]


def test_only_who_may_teach_is_told_to_label(monkeypatch):
    load = networks.load_network
    doubtful = lambda name: (load(name)[0], replace(load(name)[1], doubt_level=1e9))  # noqa: E731
    monkeypatch.setattr(answerer, "load_network", doubtful)
    may, may_not = answered(
        QUESTION,
        Question("mnist", 4, "draw", can_teach=False, drawing=LINES),  # type: ignore[arg-type]
    )
    assert may.answers and "or label it below" in may.answers
    assert may_not.answers and "Draw it larger and simpler.</span>" in may_not.answers


def test_two_who_ask_first_at_the_same_time_start_one_thread(monkeypatch):
    made: list[int] = []
    other = threading.Event()

    class Slow:
        """A thread that is slow to be made, and never starts."""

        def __init__(self, **_: object) -> None:
            made.append(1)
            if len(made) == 1:
                other.wait(0.3)  # for a second one, which never comes
            else:
                other.set()

        def start(self) -> None: ...

    asked = Answerer()
    both = [threading.Thread(target=asked.ask, args=(QUESTION,)) for _ in range(2)]
    monkeypatch.setattr(answerer, "threading", SimpleNamespace(Thread=Slow))
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    assert made == [1]
