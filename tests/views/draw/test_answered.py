"""What the Draw page tells the tour and the lessons, and the file of one's own examples."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from core import finetune
from core.evaluation.prediction import predict
from core.finetune import HandExample
from core.forecast.speed import Speed, write_speed
from core.runs.limits import LIMITS
from core.runs.run import runs_dir
from core.specs import SPECS
from tests.support.pages import draw_page, opened, session_of, words
from views.draw import finetune as finetune_module
from views.draw import page
from views.input.sources import EXAMPLES, visitor_image

SCRIBBLE = (tuple((float(i * 37 % 280), float(i * 53 % 280)) for i in range(60)),)


def test_the_tour_hears_what_was_answered_to_a_drawing(pen) -> None:
    pen(EXAMPLES["3"])
    answered = session_of(opened(draw_page, n="4")).answered
    assert answered and answered.certainty > 0.9 and round(answered.sum_value) == 7
    assert (answered.source, answered.strokes) == ("draw", EXAMPLES["3"])
    assert (answered.addend, answered.label, answered.name) == (4, 3, "3")


def test_the_tour_hears_no_strokes_of_a_picture_that_was_not_drawn(pen, shipped) -> None:
    pen(EXAMPLES["3"])
    session, spec = session_of(opened(draw_page)), SPECS["mnist"]
    image = replace(visitor_image(session, spec), source="test")
    answered = page._answered(session, spec, image, predict(shipped[0], image.pixels, 4))
    assert answered and (answered.source, answered.strokes) == ("test", ())


def test_the_tour_hears_what_cannot_be_read_as_a_guess_and_nothing_of_what_is_gone(pen) -> None:
    pen(EXAMPLES["3"])
    app = opened(draw_page)
    answered = session_of(app).answered
    assert answered and answered.is_readable and answered.network == "mnist"
    pen(SCRIBBLE)
    guessed = session_of(app.run()).answered
    assert guessed and not guessed.is_readable
    pen(())
    assert session_of(app.run()).answered is None


def test_teaching_says_how_long_it_takes_here(pen) -> None:
    runs_dir().mkdir()
    write_speed(runs_dir(), Speed(1e-5, 1e-4, 1.0, finetunes=[20.0]))
    app = opened(draw_page)
    for digits, label in (("3", "Teach it this one (about 20 s)"), ("37", "Teach it these 2 (")):
        session_of(app).examples = [HandExample(int(n), EXAMPLES[n]) for n in digits]
        assert app.run().button(key="teach").label.startswith(label)


def test_the_file_of_examples_has_all_of_them(pen, monkeypatch) -> None:
    files: list[tuple[str, str]] = []

    def download_button(label, content, name, **_) -> bool:
        files.append((name, content()))
        return False

    app = opened(draw_page)
    monkeypatch.setattr(finetune_module.st, "download_button", download_button)
    examples = [HandExample(int(n), EXAMPLES[n]) for n in "37"]
    session_of(app).examples = examples
    assert not app.run().exception
    ((name, content),) = [each for each in files if each[0].endswith(".jsonl")]
    assert name == "my-hand.jsonl"
    assert finetune.parse_examples(content, 100) == examples


@pytest.mark.parametrize(("beyond", "is_read"), [(0, True), (1, False)])
def test_a_file_of_examples_beyond_the_limit_is_not_read(pen, monkeypatch, beyond, is_read) -> None:
    content = finetune.dump_examples([HandExample(3, EXAMPLES["3"])]).encode()
    files = [SimpleNamespace(size=len(content), getvalue=lambda: content)]
    limits = replace(LIMITS, examples_megabytes=(len(content) - beyond) / 10**6)
    monkeypatch.setattr(finetune_module, "LIMITS", limits)
    monkeypatch.setattr(finetune_module, "free_upload", lambda file: None)
    monkeypatch.setattr(
        finetune_module.st, "file_uploader", lambda *_, **__: files.pop() if files else None
    )
    app = opened(draw_page)
    assert bool(session_of(app).examples) == is_read
    assert ("Choose another file." in words(app)) == (not is_read)
