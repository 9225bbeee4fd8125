"""Networks for other programs: ONNX.

    images   uint8 (N, 1, 28, 28), in MNIST form     class_probs  float (N, 10)
    addends  int64 (N,), 0-9                         sum_value    float (N,)
                                                     total        int64 (N,), 0-18

Pixels are raw, from 0 (paper) to 255 (ink): the network normalizes them itself. The export needs
two packages that the app does not: requirements-onnx.txt.
"""

import warnings
from pathlib import Path

import torch
from torch import Tensor, nn

from core.errors import UserError
from core.model import SumNet
from core.specs import ADDENDS

INPUTS, OUTPUTS = ("images", "addends"), ("class_probs", "sum_value", "total")


class ExportError(UserError):
    """The network cannot be exported; the message is one sentence for the user."""


class Answering(nn.Module):
    """The network, giving answers instead of logits."""

    def __init__(self, model: SumNet) -> None:
        super().__init__()
        self.model = model

    def forward(self, images: Tensor, addends: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        output = self.model(images, addends)
        return output.class_logits.softmax(1), output.sum_value, output.totals


def write_onnx(model: SumNet, file: Path) -> None:
    """Write the network as one ONNX file, for any number of images at once.

    Raises:
        ExportError: the packages for it are not installed.
        OSError: the file cannot be written.
    """
    example = torch.zeros(2, 1, 28, 28, dtype=torch.uint8), torch.arange(2) % ADDENDS
    batch = {0: torch.export.Dim("batch")}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch warns about its own parts
        try:
            program = torch.onnx.export(
                Answering(model).eval(),
                example,
                dynamo=True,
                dynamic_shapes=dict.fromkeys(INPUTS, batch),
                input_names=INPUTS,
                output_names=OUTPUTS,
                verbose=False,
            )
        except ImportError as error:
            raise ExportError(
                "ONNX needs two more packages: pip install -r requirements-onnx.txt."
            ) from error
    assert program is not None  # it is written by us, not by torch
    file.write_bytes(program.model_proto.SerializeToString())
