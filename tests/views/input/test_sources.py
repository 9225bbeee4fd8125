"""The sources of the picture, and the one picture that all pages get."""

from core.data.drawing import Strokes
from tests.support.pages import draw_page, keys, opened, session_of, words
from views.input.sources import EXAMPLES
from views.session.link import format_strokes

DOT: Strokes = (((100.0, 100.0), (103.0, 101.0)),)


def test_a_dot_is_nothing_drawn(pen) -> None:
    pen(DOT)
    app = opened(draw_page)
    said = words(app)
    assert "That is only a dot. Draw a digit with a line or two." in said
    assert "sure" not in said
    assert "tell_7" not in keys(app)


def test_an_example_takes_no_drawing_away(pen, monkeypatch) -> None:
    monkeypatch.setattr("views.input.sources.draw_canvas", lambda canvas: canvas)
    app = opened(draw_page, s=format_strokes(EXAMPLES["8"]))
    app.button(key="example_3").click().run()
    assert session_of(app).canvas.strokes == EXAMPLES["3"]
    for _ in EXAMPLES["3"]:
        app.button(key="undo").click().run()
    assert session_of(app).canvas.strokes == ()
    app.button(key="undo").click().run()
    assert session_of(app).canvas.strokes == EXAMPLES["8"]


def test_a_picture_of_too_many_bytes_is_not_kept(pen, monkeypatch):
    from views.input import sources as sources_module

    monkeypatch.setattr(sources_module, "MAX_UPLOAD_BYTES", 1000)
    app = opened(draw_page)
    app.segmented_control(key="source").set_value("upload").run()
    app.file_uploader(key="file").upload("big.png", bytes(1001), "image/png").run()
    assert session_of(app).image_files["upload"] == b""
    assert app.warning[0].value == "A picture may have up to 10 MB. Choose another file."
