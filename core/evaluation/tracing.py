"""A network that computes without Python, so that it is quick beside busy threads, too.

PyTorch gives the interpreter back to other threads at each of the forty operations of a network,
and must wait each time until it gets it again: 0.7 ms alone become 27 beside one busy thread. A
traced network (TorchScript) waits once. Its answers are the same to the last bit.

One trace serves all networks of an architecture: the weights are handed to it like the images. A
trace of each network would cost 2 MB that TorchScript never gives back.

`torch.jit.trace` is deprecated since PyTorch 2.10; its successors need a C++ compiler where the app
runs. Where it is gone or fails, the network itself answers.
"""

import logging
import threading
import warnings
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from weakref import WeakKeyDictionary

import torch
from torch import Tensor

from core.data.drawing import IMAGE_SIDE
from core.heads import Output
from core.model import SumNet

_log = logging.getLogger("sketch_sum.tracing")
warnings.filterwarnings("ignore", message=r"`torch\.jit\.", category=DeprecationWarning)

Forward = Callable[[Tensor, Tensor], Output]  # images (B, 1, 28, 28), addends (B,) -> answers

MOST_ARCHITECTURES = 48  # that are traced, 100 MB in all; networks of others answer themselves
Computation = Callable[..., Output]  # images, addends and all weights -> answers

_computations: dict[object, Computation | None] = {}  # by architecture; None cannot be traced
_forwards: "WeakKeyDictionary[SumNet, Forward | None]" = WeakKeyDictionary()
_lock = threading.Lock()


def traced(model: SumNet) -> Forward:
    """The network as one computation. It must not be changed any more."""
    with _lock:
        if model not in _forwards:
            _forwards[model] = _forward(model)
        return _forwards[model] or model


def _forward(model: SumNet) -> Forward | None:
    weights = _weights(model)
    # Of a data set, the computation holds how many classes there are; its mean is a weight here.
    classes = len(model.spec.class_names)
    architecture = (replace(model.config, dataset="", dropout=0.0), classes, *weights)
    if architecture not in _computations and len(_computations) < MOST_ARCHITECTURES:
        _computations[architecture] = _trace(model)
    computation = _computations.get(architecture)
    if computation is None:
        return None
    tensors = tuple(weights.values())
    return lambda images, addends: computation(images, addends, *tensors)


def _weights(model: SumNet) -> dict[str, Tensor]:
    """All tensors of a network, by name: what it has learned, and how it normalizes images."""
    parameters = {name: tensor.detach() for name, tensor in model.named_parameters()}
    return parameters | dict(model.named_buffers())


@torch.inference_mode()
def _trace(model: SumNet) -> Computation | None:
    weights = _weights(model)
    images = torch.zeros(2, 1, IMAGE_SIDE, IMAGE_SIDE, dtype=torch.uint8)
    inputs = (images, torch.tensor([3, 4]), *weights.values())
    has_part = [part is not None for part in model(*inputs[:2])]
    model = deepcopy(model)

    def answer(images: Tensor, addends: Tensor, *tensors: Tensor) -> tuple[Tensor, ...]:
        for name, tensor in zip(weights, tensors, strict=True):
            layer, _, attribute = name.rpartition(".")
            delattr(model.get_submodule(layer), attribute)
            setattr(model.get_submodule(layer), attribute, tensor)
        return tuple(part for part in model(images, addends) if part is not None)

    try:
        traced = torch.jit.trace(answer, inputs, check_trace=False)
        for count in (1, 1, 2, 2):  # it optimizes itself in the first calls
            traced(inputs[0][:count], inputs[1][:count], *inputs[2:])
    except Exception as error:  # whatever a later PyTorch says
        _log.warning("Networks like this are not traced (%r): they answer slower.", error)
        return None

    def computation(*given: Tensor) -> Output:
        parts = iter(traced(*given))
        return Output(*(next(parts) if has else None for has in has_part))  # type: ignore[arg-type]

    return computation
