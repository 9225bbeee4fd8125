"""The commands train and evaluate: keys that scripts rely on, one sentence for what is wrong."""

from dataclasses import replace

import pytest

from core import dataset
from core.cli.main import main
from core.dataset import Data
from core.evaluation.metrics import ood_threshold
from core.recipes.presets import PRESETS
from core.recipes.recipe import PARAM_BOUNDS
from core.storage import checkpoint
from tests.support.command_line import REPORT, TRAIN, complaint, last_line


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
        ("--epochs", "0", "epochs must be a whole number from 1 to 200, not '0'."),
        ("--epochs", "1.5", "epochs must be a whole number from 1 to 200, not '1.5'."),
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


def test_a_network_that_nothing_could_load_is_not_trained(capsys, tmp_path):
    wide = ["train", "--preset", "fashion-late", "--width", "64", "--out", tmp_path / "out"]
    assert complaint(capsys, *wide).startswith("width must be at most 55 ")
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
