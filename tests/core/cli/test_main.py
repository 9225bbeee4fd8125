"""The command line: keys that scripts rely on, and one sentence for whatever is wrong."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from PIL import Image

from core import PROJECT, dataset
from core.cli.main import main
from core.cli.progress import Bar
from core.dataset import Data
from core.evaluation.metrics import ood_threshold
from core.recipes.presets import PRESETS
from core.recipes.recipe import PARAM_BOUNDS
from core.storage import checkpoint

REPORT = [
    *("preset", "params", "recipe", "seed", "epochs", "train_seconds"),
    *("class_acc", "sum_r2", "sum_mae", "sum_acc", "joint_acc"),
]
ANSWER = ["file", "blank", "label", "name", "class_probs", "sum_value", "total", "readable"]
TRAIN = [
    *("train", "--preset", "quick", "--epochs", "1"),
    *("--batch-size", "16", "--width", "4", "--seed", "3"),
]


@pytest.fixture
def drawn(data: Data, monkeypatch: pytest.MonkeyPatch) -> Data:
    """The drawn data set in the place of any other."""
    monkeypatch.setattr(dataset, "load_data", lambda name: data)
    return data


@pytest.fixture(scope="module")
def five(mnist: Data) -> Image.Image:
    """A 5 from MNIST's test images, black on a white paper of 280 x 280."""
    image = Image.fromarray(255 - mnist.test.images[15, 0].numpy())
    return image.resize((280, 280), Image.Resampling.BICUBIC)


def complaint(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """What is said of bad input: one line on stderr, exit status 2."""
    try:
        status = main([str(argument) for argument in arguments])
    except SystemExit as end:  # argparse
        status = end.code  # type: ignore[assignment]
    said = capsys.readouterr()
    assert status == 2
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert said.err.endswith(".\n")
    return said.err


def last_line(capsys: pytest.CaptureFixture[str]) -> dict:
    return json.loads(capsys.readouterr().out.splitlines()[-1])


# --- train and evaluate


def test_train_reports_saves_and_evaluate_agrees(drawn, tmp_path, capsys):
    assert main([*TRAIN, "--out", str(tmp_path), "--json"]) == 0
    report = last_line(capsys)
    assert list(report) == REPORT
    assert (report["preset"], report["seed"], report["epochs"]) == ("quick", 3, 1)
    assert all(type(report[key]) is float for key in REPORT[5:])
    model, card = checkpoint.load(tmp_path / "quick")
    assert model.config.width == 4
    assert card.report() == report
    for name in ("quick", "quick.safetensors", "quick.json", ""):
        assert main(["evaluate", str(tmp_path / name), "--json"]) == 0
        assert last_line(capsys) == report


def test_json_is_all_that_is_printed(drawn, tmp_path, capsys):
    main([*TRAIN, "--out", str(tmp_path), "--json"])
    said = capsys.readouterr()
    assert said.out.count("\n") == 1
    assert said.err == ""


def test_without_json_figures_are_in_words(drawn, tmp_path, capsys):
    main([*TRAIN, "--out", str(tmp_path)])
    said = capsys.readouterr()
    assert "both right" in said.out
    assert f"saved as {tmp_path / 'quick'}.safetensors" in said.out
    assert said.err == ""


def test_what_it_doubts_is_set_on_what_was_held_out(drawn, tmp_path, monkeypatch):
    quick = PRESETS["quick"]
    few = replace(quick.recipe, train=replace(quick.recipe.train, held_out=40))
    monkeypatch.setitem(PRESETS, "quick", replace(quick, recipe=few))
    monkeypatch.setitem(PARAM_BOUNDS, "held_out", (1, 100))
    assert main([*TRAIN, "--out", str(tmp_path)]) == 0
    model, card = checkpoint.load(tmp_path / "quick")
    assert card.doubt_level == ood_threshold(model, drawn.val.first(40))
    assert card.doubt_level != ood_threshold(model, drawn.val)


def test_the_same_seed_trains_the_same_network(drawn, tmp_path):
    for name in ("one", "other"):
        main([*TRAIN, "--out", str(tmp_path / name)])
    one, other = (checkpoint.read_card(tmp_path / name / "quick") for name in ("one", "other"))
    assert one.weights_sha256 == other.weights_sha256


def test_an_experiment_never_replaces_shipped_weights(drawn, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(checkpoint, "WEIGHTS_DIR", tmp_path / "weights")
    main(TRAIN)
    main(["train", "--preset", "mnist", *TRAIN[3:]])
    assert not (tmp_path / "weights").exists()
    assert "not saved" in capsys.readouterr().out


def test_every_setting_is_an_option(drawn, tmp_path, capsys):
    values = {
        **{"epochs": 2, "lr": 0.05, "batch_size": 32, "width": 5, "dropout": 0.25},
        **{"sum_weight": 0.1, "augment": 0.5, "seed": 9},
        **{"dataset": "fashion-mnist", "fusion": "pixels", "sum_head": "classification"},
    }
    options = [f"--{name.replace('_', '-')}={value}" for name, value in values.items()]
    assert main(["train", "--preset", "quick", *options, "--out", str(tmp_path)]) == 0
    params = checkpoint.read_card(tmp_path / "quick").params
    assert {name: params[name] for name in values} == values


def test_another_sum_head_is_trained_with_the_weight_that_suits_it(drawn, tmp_path):
    main([*TRAIN, "--sum-head", "classification", "--out", str(tmp_path)])
    params = checkpoint.read_card(tmp_path / "quick").params
    assert (params["sum_head"], params["sum_weight"]) == ("classification", 1.0)


@pytest.mark.parametrize(
    ("option", "value", "sentence"),
    [
        ("--lr", "99", "lr must be a number from 0.001 to 30, not '99'."),
        ("--lr", "-1", "lr must be a number from 0.001 to 30, not '-1'."),
        ("--lr", "fast", "lr must be a number from 0.001 to 30, not 'fast'."),
        ("--epochs", "0", "epochs must be a whole number from 1 to 50, not '0'."),
        ("--epochs", "1.5", "epochs must be a whole number from 1 to 50, not '1.5'."),
        ("--batch-size", "1", "batch_size must be a whole number from 16 to 2048, not '1'."),
        ("--dataset", "cifar", "dataset must be mnist or fashion-mnist, not 'cifar'."),
        ("--fusion", "early", "fusion must be late or pixels, not 'early'."),
        ("--sum-head", "19", "sum_head must be regression or classification, not '19'."),
        ("--preset", "slow", f"argument --preset: 'slow' is none of {', '.join(PRESETS)}; see"),
        ("--magic", "1", "unrecognized arguments: --magic 1; see python -m core --help."),
    ],
)
def test_train_refuses_what_is_out_of_bounds(drawn, tmp_path, capsys, option, value, sentence):
    assert sentence in complaint(capsys, "train", option, value, "--out", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_train_says_that_a_loss_ran_away(drawn, tmp_path, capsys):
    wild = ["train", "--preset", "quick", "--lr", "30", "--sum-weight", "1", "--epochs", "9"]
    assert "Lower the learning rate" in complaint(capsys, *wild, "--out", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_train_says_where_it_cannot_save(drawn, tmp_path, capsys):
    (tmp_path / "file").touch()
    path = tmp_path / "file" / "folder"
    assert complaint(capsys, *TRAIN, "--out", path) == f"Not a directory: {path}.\n"


def test_ctrl_c_is_no_error_of_ours(monkeypatch, capsys, tmp_path):
    def interrupt(name: str) -> Data:
        raise KeyboardInterrupt

    monkeypatch.setattr(dataset, "load_data", interrupt)
    assert main([*TRAIN, "--out", str(tmp_path)]) == 130
    assert capsys.readouterr().err == "Stopped.\n"


@pytest.mark.parametrize("name", ["nowhere", "quick", "", "/", "..", "a.b"])
def test_evaluate_says_that_there_is_no_such_network(capsys, monkeypatch, tmp_path, name):
    monkeypatch.chdir(tmp_path)
    assert "is not there" in complaint(capsys, "evaluate", name)


def test_evaluate_says_that_a_checkpoint_is_damaged(drawn, capsys, tmp_path):
    main([*TRAIN, "--out", str(tmp_path)])
    capsys.readouterr()
    path = tmp_path / "quick.safetensors"
    path.write_bytes(path.read_bytes()[:-1])
    assert "are damaged" in complaint(capsys, "evaluate", path)
    assert "are damaged" in complaint(capsys, "predict", "x.png", "--addend", 1, "--model", path)


# --- predict


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


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            "",
            "the following arguments are required: COMMAND; see",
        ),
        ("predict x.png", "the following arguments are required: --addend; see"),
        ("predict --addend 1", "the following arguments are required: IMAGE; see"),
        ("predict x.png --addend x", "argument --addend: invalid int value: 'x'; see"),
        ("predict x.png --addend 7.5", "argument --addend: invalid int value: '7.5'; see"),
        ("paint x.png", "invalid choice: 'paint'"),
        ("fetch imagenet", "argument dataset: invalid choice: 'imagenet'"),
        ("predict x.png --addend 1 --model nowhere", "The network 'nowhere' is not there"),
    ],
)
def test_bad_arguments_get_one_line(capsys, arguments, sentence):
    assert sentence in complaint(capsys, *arguments.split())


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
    assert said.startswith(f"{path} cannot be read as an image (")


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
        assert (list(json.loads(said.out)), said.err) == (ANSWER, "")


def test_a_folder_is_said(tmp_path, capsys):
    assert "cannot be read as an image" in complaint(capsys, "predict", tmp_path, "--addend", 7)


# --- fetch, progress, the process


def test_fetch_says_where_the_data_are(mnist, capsys):
    assert main(["fetch", "mnist"]) == 0
    said = capsys.readouterr()
    assert said.out.startswith("MNIST is in ")
    assert (Path(said.out.strip().split(" is in ")[1]) / "t10k-images-idx3-ubyte").is_file()
    assert said.err == ""


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_is_shown_on_a_terminal(drawn, tmp_path, monkeypatch, capsys):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    main([*TRAIN, "--out", str(tmp_path), "--json"])
    shown = terminal.getvalue().split("\r")[1:]
    assert len(shown) == 38
    assert "epoch 1 of 1" in shown[0]
    assert "] 100%  epoch 1 of 1  class " in shown[-1]
    assert list(last_line(capsys)) == REPORT


def test_a_bar_fills_up(monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with Bar() as bar:
        for done, total in ((0, None), (25, 100), (100, 100), (101, 100)):
            bar.show("fetching", done, total)
    shares = [text.split("]")[1].split()[0] for text in terminal.getvalue().split("\r")[1:]]
    assert shares == ["0%", "25%", "100%", "100%"]
    assert terminal.getvalue().endswith("\n")


def test_a_terminal_gets_no_traceback(tmp_path):
    """The one test that starts the program as a script does."""
    (tmp_path / "text.png").write_text("no picture")
    Image.new("L", (9, 9)).save(tmp_path / "blank.png")
    ended = subprocess.run(
        [
            sys.executable,
            "-m",
            "core",
            "predict",
            "blank.png",
            "text.png",
            "--addend",
            "7",
            "--json",
        ],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 2
    assert ended.stderr == "text.png is not an image.\n"
    assert json.loads(ended.stdout)["blank"] is True


def test_params_is_the_number_of_parameters(shipped):
    model, card = shipped
    assert card.report()["params"] == sum(parameter.numel() for parameter in model.parameters())
