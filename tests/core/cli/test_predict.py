"""The command predict: keys that scripts rely on, and one sentence for whatever is wrong."""

import json

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from PIL import Image

from core.cli.main import main
from core.storage import checkpoint
from tests.support.command_line import TRAIN, complaint, last_line

ANSWER = ["file", "blank", "label", "name", "class_probs", "sum_value", "total", "readable"]


def test_a_five_and_a_seven_make_twelve(five, tmp_path, capsys):
    path = tmp_path / "five.png"
    five.save(path)
    assert main(["predict", str(path), "--addend", "7", "--json"]) == 0
    answer = last_line(capsys)
    assert list(answer) == ANSWER
    assert (answer["file"], answer["blank"]) == (str(path), False)
    assert (answer["label"], answer["name"], answer["total"]) == (5, "5", 12)
    assert answer["sum_value"] == pytest.approx(12, abs=0.5)
    assert len(answer["class_probs"]) == 10
    assert sum(answer["class_probs"]) == pytest.approx(1, abs=1e-4)


def test_without_json_the_answer_is_a_sentence(five, tmp_path, capsys):
    path = tmp_path / "five.png"
    five.save(path)
    main(["predict", str(path), "--addend", "7"])
    said = capsys.readouterr()
    assert said.out.startswith(f"{path}: 5 (")
    assert said.out.endswith("5 + 7 = 12\n")
    assert said.err == ""


def test_all_kinds_of_files_are_answered_in_order(five, tmp_path, capsys):
    dark = Image.fromarray(255 - np.asarray(five))
    glass = Image.new("RGBA", five.size, "navy")
    glass.putalpha(dark)
    wide = np.asarray(five).astype(np.uint16) * 257
    frames = [Image.new("L", five.size, 255)] * 2
    pictures = {
        "dark on light.png": five,
        "light on dark.png": dark,
        "transparent.png": glass,
        "one bit.png": five.convert("1", dither=Image.Dither.NONE),
        "16 bits.png": Image.fromarray(wide),
        "palette.gif": five.convert("P"),
        "print.jpg": five.convert("CMYK"),
        "photo.jpg": five.convert("RGB").rotate(3, fillcolor="white"),
        "huge.png": five.resize((4000, 4000)),
        "tiny.png": five.resize((28, 28)),
        "wide.png": Image.new("L", (900, 300), 255),
    }
    pictures["wide.png"].paste(five, (600, 10))
    for name, picture in pictures.items():
        picture.save(tmp_path / name)
    five.save(tmp_path / "moving.gif", save_all=True, append_images=frames)
    files = [str(tmp_path / name) for name in (*pictures, "moving.gif")]
    assert main(["predict", *files, "--addend", "7", "--json"]) == 0
    answers = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [answer["file"] for answer in answers] == files
    assert {answer["file"]: (answer["label"], answer["total"]) for answer in answers} == (
        dict.fromkeys(files, (5, 12))
    )


def test_a_blank_picture_has_no_answer(tmp_path, capsys):
    path = str(tmp_path / "blank.png")
    Image.new("L", (50, 50), 255).save(path)
    assert main(["predict", path, "--addend", "7", "--json"]) == 0
    assert last_line(capsys) == dict.fromkeys(ANSWER) | {"file": path, "blank": True}
    main(["predict", path, "--addend", "7"])
    assert capsys.readouterr().out == f"{path}: nothing drawn\n"


def test_predict_takes_a_network_of_one_s_own(drawn, trained, tmp_path, capsys):
    main([*TRAIN[:3], "--epochs", "8", *TRAIN[5:], "--out", str(tmp_path)])
    Image.fromarray(drawn.test.images[4, 0].numpy()).save(tmp_path / "four.png")
    capsys.readouterr()
    model = ["--model", str(tmp_path / "quick"), "--json"]
    assert main(["predict", str(tmp_path / "four.png"), "--addend", "3", *model]) == 0
    assert last_line(capsys)["label"] == 4


@pytest.mark.parametrize("addend", ["10", "-1", "99999999999999999999"])
def test_a_number_out_of_range_is_refused(capsys, addend):
    sentence = f"--addend must be a whole number from 0 to 9, not {addend}.\n"
    assert complaint(capsys, "predict", "x.png", "--addend", addend) == sentence


def test_a_missing_file_is_said(tmp_path, capsys):
    path = tmp_path / "nowhere.png"
    assert complaint(capsys, "predict", path, "--addend", 7) == f"There is no file {path}.\n"


@pytest.mark.parametrize("content", [b"", b"five\n" * 50, b"\x89PNG\r\n\x1a\n", b"II*\0"])
def test_a_file_that_is_no_image_is_said(tmp_path, capsys, content):
    path = tmp_path / "five.png"
    path.write_bytes(content)
    assert str(path) in complaint(capsys, "predict", path, "--addend", 7)


def test_a_truncated_image_is_said(five, tmp_path, capsys):
    path = tmp_path / "five.png"
    five.save(path)
    path.write_bytes(path.read_bytes()[:-2000])
    said = complaint(capsys, "predict", path, "--addend", 7)
    assert said.startswith(f"{path} cannot be read as an image: it may be damaged")


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.filterwarnings("ignore::UserWarning")  # as core/drawing.py does for the process
@given(
    kind=some.sampled_from(["png", "jpeg", "gif", "webp", "bmp", "tiff"]),
    flips=some.lists(some.tuples(some.floats(0, 1), some.integers(1, 255)), max_size=4),
    keep=some.floats(0, 1) | some.just(1.0),
)
def test_predict_answers_a_damaged_image_or_refuses_it_in_one_line(
    five, tmp_path, capfd, kind, flips, keep
):
    path = tmp_path / "five"
    five.save(path, kind)
    content = bytearray(path.read_bytes())
    for place, bits in flips:
        content[int(place * min(200, len(content) - 1))] ^= bits
    path.write_bytes(content[: round(keep * len(content))])
    status = main(["predict", str(path), "--addend", "7", "--json"])
    said = capfd.readouterr()
    if status:
        assert (status, said.out, said.err.count("\n")) == (2, "", 1)
        assert said.err.startswith(str(path)) and said.err.endswith(".\n")
    else:
        keys = [key for key in json.loads(said.out) if key != "digits"]  # damage may make several
        assert (keys, said.err) == (ANSWER, "")


def test_a_folder_is_said(tmp_path, capsys):
    assert "cannot be read as an image" in complaint(capsys, "predict", tmp_path, "--addend", 7)


def test_each_of_several_digits_is_answered(five, tmp_path, capsys):
    path = tmp_path / "two.png"
    page = Image.new("L", (2 * five.width, five.height), 255)
    page.paste(five, (0, 0))
    page.paste(five, (five.width, 0))
    page.save(path)
    assert main(["predict", str(path), "--addend", "7"]) == 0
    said = capsys.readouterr().out
    assert said.startswith(f"{path}: 2 digits: 5 (") and said.count("5 + 7 = 12") == 2
    main(["predict", str(path), "--addend", "7", "--json"])
    answer = last_line(capsys)
    assert list(answer) == [*ANSWER, "digits"]
    assert (answer["blank"], answer["label"]) == (False, None)
    assert [digit["total"] for digit in answer["digits"]] == [12, 12]


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_an_answer_that_is_no_number_is_not_stated(five, tmp_path, capsys, options):
    model, card = checkpoint.load(checkpoint.WEIGHTS_DIR / "mnist")
    with torch.no_grad():
        model.class_head[-1].bias[0] = float("nan")
    checkpoint.save(tmp_path / "net", model, card)
    five.save(tmp_path / "five.png")
    asked = ["predict", tmp_path / "five.png", "--addend", 7, "--model", tmp_path / "net"]
    assert complaint(capsys, *asked, *options).startswith("This network's answer is not a number.")
