"""ONNX says what torch says, on real images."""

import sys

import numpy as np
import onnxruntime
import pytest
import torch

from core import dataset
from core.cli.main import main
from core.storage import checkpoint, onnx
from core.storage.onnx import INPUTS, OUTPUTS, Answering
from tests.support.command_line import complaint

IMAGES = 300


@pytest.mark.parametrize("name", checkpoint.shipped_names())
def test_onnx_answers_as_torch_does_on_real_images(name, tmp_path, capsys):
    file = tmp_path / "net.onnx"
    assert main(["export", name, "--out", str(file)]) == 0
    assert capsys.readouterr().out == f"saved as {file}\n"
    assert [path.name for path in tmp_path.iterdir()] == ["net.onnx"]  # weights inside
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    assert [node.name for node in session.get_outputs()] == list(OUTPUTS)
    model, _ = checkpoint.load(checkpoint.WEIGHTS_DIR / name)
    images = dataset.load_data(model.config.dataset).test.images[:IMAGES]
    addends = torch.arange(IMAGES) % 10
    with torch.inference_mode():
        probs, value, total = Answering(model)(images, addends)
    for part in (slice(0, 1), slice(0, IMAGES)):  # one at a time as well as many
        given = (images[part].numpy(), addends[part].numpy())
        said = session.run(None, dict(zip(INPUTS, given, strict=True)))
        np.testing.assert_allclose(said[0], probs[part], atol=1e-4)
        np.testing.assert_allclose(said[1], value[part], atol=1e-3)
        np.testing.assert_array_equal(said[2], total[part])


def test_without_the_packages_it_says_what_to_install(monkeypatch, capsys, tmp_path):
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    monkeypatch.setitem(sys.modules, "onnx", None)

    def lacking(*_: object, **__: object) -> None:
        raise ModuleNotFoundError("No module named 'onnxscript'")

    monkeypatch.setattr(onnx.torch.onnx, "export", lacking)
    said = complaint(capsys, "export", "mnist", "--out", tmp_path / "x.onnx")
    assert said == "ONNX needs two more packages: pip install -r requirements-onnx.txt.\n"
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_not_there_is_said(capsys, tmp_path):
    assert "No such file" in complaint(capsys, "export", "mnist", "--out", tmp_path / "no" / "x")
