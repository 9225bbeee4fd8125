"""What the tests of the command line share."""

import json

import pytest

from core.cli.main import main

REPORT = [
    *("preset", "params", "recipe", "seed", "epochs", "train_seconds"),
    *("class_acc", "sum_r2", "sum_mae", "sum_acc", "joint_acc"),
]
TRAIN = [
    *("train", "--preset", "quick", "--epochs", "1"),
    *("--batch-size", "16", "--width", "4", "--seed", "3"),
]


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
