"""A network that computes without Python, so that it is quick beside busy threads, too.

PyTorch gives the interpreter back to other threads at each of the forty operations of a network,
and must wait each time until it gets it again: 0.7 ms alone become 27 beside one busy thread. A
traced network (TorchScript) waits once. Its answers are the same to the last bit.

`torch.jit.trace` is deprecated since PyTorch 2.10; its successors need a C++ compiler where the app
runs. Where it is gone or fails, the network itself answers.
"""

import logging
import threading
import warnings
from collections.abc import Callable
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn

from core.data.drawing import IMAGE_SIDE
from core.heads import Output
from core.model import SumNet

_log = logging.getLogger("sketch_sum.tracing")
warnings.filterwarnings("ignore", message=r"`torch\.jit\.", category=DeprecationWarning)

Forward = Callable[[Tensor, Tensor], Output]  # images (B, 1, 28, 28), addends (B,) -> answers

_traced: "WeakKeyDictionary[SumNet, Forward | None]" = WeakKeyDictionary()
_lock = threading.Lock()


def traced(model: SumNet) -> Forward:
    """The network as one computation. It must not be changed any more."""
    with _lock:
        if model not in _traced:
            _traced[model] = _trace(model)
        return _traced[model] or model


class _AsTuple(nn.Module):
    """What a trace can give: a tuple of tensors only."""

    def __init__(self, model: SumNet) -> None:
        super().__init__()
        self.model = model

    def forward(self, images: Tensor, addends: Tensor) -> tuple[Tensor, ...]:
        return tuple(part for part in self.model(images, addends) if part is not None)


@torch.inference_mode()
def _trace(model: SumNet) -> Forward | None:
    images = torch.zeros(2, 1, IMAGE_SIDE, IMAGE_SIDE, dtype=torch.uint8)
    addends = torch.tensor([3, 4])
    has_part = [part is not None for part in model(images, addends)]
    try:
        computation = torch.jit.trace(_AsTuple(model).eval(), (images, addends), check_trace=False)
        for count in (1, 1, 2, 2):  # it optimizes itself in the first calls
            computation(images[:count], addends[:count])
    except Exception as error:  # whatever a later PyTorch says
        _log.warning("The network is not traced (%r): it answers slower.", error)
        return None

    def forward(images: Tensor, addends: Tensor) -> Output:
        parts = iter(computation(images, addends))
        return Output(*(next(parts) if has else None for has in has_part))  # type: ignore[arg-type]

    return forward
