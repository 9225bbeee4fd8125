"""The history of a training: written down whole, read back, and made by the command line."""

import json
import math
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from core import dataset
from core.cli.main import main
from core.storage.checkpoint import load
from core.storage.history import (
    MIN_RECORDS,
    Record,
    Recorder,
    history_file,
    read_history,
    write_history,
)
from core.trainer import Progress, Scores, TrainConfig, train
from tests.conftest import record
from views.train.charts import loss_curves
from views.ui.theme import LIGHT

anything = some.integers() | some.floats() | some.text() | some.none() | some.lists(some.integers())


def test_a_history_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    history = [record(1, loss=0.1 + 0.2), record(2, loss=1e-9, val_loss=3.0)]
    write_history(tmp_path / "net.jsonl", history)
    assert read_history(tmp_path / "net.jsonl") == history
    assert len((tmp_path / "net.jsonl").read_text().splitlines()) == 2


def test_a_history_that_was_not_kept_is_empty(tmp_path: Path) -> None:
    assert read_history(tmp_path / "net.jsonl") == []


@pytest.mark.parametrize("junk", [b"", b'{"step": 2', b"[1]", b"7", b'{"loss": 1}', b"\xff\xfe"])
def test_a_line_that_is_no_record_is_left_out(tmp_path: Path, junk: bytes) -> None:
    first, last = record(1), record(3)
    file = tmp_path / "net.jsonl"
    file.write_bytes(b"\n".join([json.dumps(first).encode(), junk, json.dumps(last).encode()]))
    assert read_history(file) == [first, last]


@pytest.mark.parametrize(
    "change",
    [
        *({key: 0} for key in ("step", "steps")),
        *({key: -1} for key in ("seconds", "epoch", "images")),
        *({"loss": junk} for junk in (None, "1", True, [], {}, math.nan, math.inf, 10**400)),
    ],
    ids=repr,
)
def test_a_record_with_a_value_that_none_can_have_is_left_out(tmp_path: Path, change) -> None:
    file = tmp_path / "net.jsonl"
    file.write_text(json.dumps(record(1) | change))
    assert read_history(file) == []


@settings(max_examples=40)
@given(
    some.lists(
        some.binary()
        | some.dictionaries(some.sampled_from([*Record.__required_keys__, "loss"]), anything)
    )
)
def test_whatever_is_in_the_file_the_page_has_numbers_to_work_with(lines) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "net.jsonl")
        texts = [line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines]
        file.write_bytes(b"\n".join(texts))
        history = read_history(file)
    for found in history:
        assert found["step"] / found["steps"] > 0
        assert all(map(math.isfinite, found.values()))
    assert loss_curves(history, 2, LIGHT).data


def test_a_history_lies_beside_its_checkpoint_whatever_its_name() -> None:
    assert history_file(Path("weights/net.2")) == Path("weights/net.2.jsonl")


def test_records_hold_every_step_once(model, data) -> None:
    """The means, each times its number of steps, add up to the sum over all steps."""
    recorder, losses, records = Recorder(), [], []
    for progress in train(model, data, TrainConfig(epochs=10, batch_size=20, lr=0.01)):
        losses.append(progress.train.loss)
        if (record := recorder.add(progress)) is not None:
            records.append(record)
    ends = [0, *(record["step"] for record in records)]
    summed = sum(
        record["loss"] * (end - start)
        for record, start, end in zip(records, ends, ends[1:], strict=False)
    )
    assert MIN_RECORDS <= len(records) < len(losses) == ends[-1] == 300
    assert summed == pytest.approx(sum(losses))
    validated = [record for record in records if "val_joint_acc" in record]
    assert len(validated) == 12
    assert validated[-1]["step"] == 300


def test_a_record_can_be_written_as_json() -> None:
    scores = Scores(0.1, 0.1, 0.1, 0.5, 0.5, 0.5)
    record = Recorder().add(Progress(1, 1, 1, 100, 0.1, scores, scores))
    assert json.loads(json.dumps(record)) == record


def test_the_command_line_writes_the_history_beside_the_checkpoint(
    data, tmp_path: Path, monkeypatch, capsys
) -> None:
    monkeypatch.setattr(dataset, "load_data", lambda name: data)
    settings = ["--epochs", "2", "--width", "4", "--batch-size", "50"]
    assert main(["train", "--preset", "quick", *settings, "--out", str(tmp_path)]) == 0
    _, card = load(tmp_path / "quick")
    history = read_history(tmp_path / "quick.jsonl")
    assert [record["step"] for record in history] == list(range(1, 25))  # 2 epochs of 12 steps
    assert history[-1]["steps"] == 24
    assert history[-1]["seconds"] <= card.train_seconds + 0.01
    assert sum("val_loss" in record for record in history) == 12


def test_an_experiment_that_is_not_kept_leaves_no_history(
    data, tmp_path: Path, monkeypatch, capsys
) -> None:
    monkeypatch.setattr(dataset, "load_data", lambda name: data)
    monkeypatch.chdir(tmp_path)
    settings = ["--epochs", "1", "--width", "4"]
    assert main(["train", "--preset", "quick", *settings]) == 0
    assert list(tmp_path.rglob("*.jsonl")) == []


def progress(step: int, steps: int, loss: float, val: bool = False) -> Progress:
    scores = Scores(loss, loss, loss, 0.5, 0.5, 0.5)
    return Progress(step, steps, 1, 100 * step, 0.1, scores, scores if val else None)


def test_a_record_is_the_mean_of_its_steps() -> None:
    recorder = Recorder()
    records = [recorder.add(progress(step, 4 * MIN_RECORDS, float(step))) for step in range(1, 9)]
    assert [record["step"] for record in records if record] == [1, 4, 8]
    assert [record["loss"] for record in records if record] == [1, (2 + 3 + 4) / 3, 6.5]


def test_a_validation_is_recorded_at_once() -> None:
    recorder = Recorder()
    recorder.add(progress(1, 10_000, 1.0))
    assert recorder.add(progress(2, 10_000, 1.0)) is None
    record = recorder.add(progress(3, 10_000, 3.0, val=True))
    assert record is not None
    assert record["loss"] == 2.0
    assert [record[f"val_{name}"] for name in Scores._fields] == [3.0, 3.0, 3.0, 0.5, 0.5, 0.5]


@pytest.mark.parametrize("steps", [1, 25, 119, 121, 391, 782, 19_550])
def test_a_history_has_about_as_many_lines_however_long_it_is(steps: int) -> None:
    recorder = Recorder()
    added = (recorder.add(progress(step, steps, 1.0)) for step in range(1, steps + 1))
    assert (
        min(steps, MIN_RECORDS)
        <= sum(record is not None for record in added)
        <= 2 * MIN_RECORDS + 1
    )
