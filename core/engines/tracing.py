"""A network that computes without Python, so that it is quick beside busy threads, too.

PyTorch gives the interpreter back to other threads at each of the forty operations of a network,
and must wait each time until it gets it again: 0.7 ms alone become 27 beside one busy thread. The
two threads of a training are busy threads, too. A traced network (TorchScript) waits once. Its
answers are the same to the last bit, and so are its gradients.

One trace serves all networks of an architecture: the weights are handed to it like the images.
TorchScript never gives back the memory of a trace.

`torch.jit.trace` is deprecated since PyTorch 2.10; its successors need a C++ compiler where the app
runs. Where it is gone or fails, the network itself answers.
"""

import logging
import threading
import warnings
from collections.abc import Callable
from contextlib import nullcontext
from copy import deepcopy
from dataclasses import replace
from weakref import WeakKeyDictionary

import torch
from torch import Tensor

from core.data.drawing import IMAGE_SIDE
from core.engines.precision import autocast
from core.heads import Output
from core.model import SumNet

_log = logging.getLogger("sketch_sum.tracing")
warnings.filterwarnings("ignore", message=r"`torch\.jit\.", category=DeprecationWarning)

Forward = Callable[[Tensor, Tensor], Output]  # images (B, 1, 28, 28), addends (B,) -> answers

# Architectures that are traced, 100 MB of either kind in all; networks of others answer themselves.
MOST_TO_ANSWER, MOST_TO_LEARN = 48, 16
Computation = Callable[..., Output]  # images, addends and all weights -> answers

# By architecture, which begins with "does it learn?"; None cannot be traced.
_computations: dict[tuple[object, ...], Computation | None] = {}
_forwards: "WeakKeyDictionary[SumNet, Forward | None]" = WeakKeyDictionary()
_lock = threading.Lock()


def traced(model: SumNet) -> Forward:
    """A finished network as one computation. It must not be changed any more."""
    with _lock:
        if model not in _forwards:
            _forwards[model] = _forward(model)
        return _forwards[model] or model


def traced_to_learn(model: SumNet) -> Forward:
    """A network in train mode as one computation that can be differentiated, rounded by `autocast`.

    Its tensors may change, but not be replaced by others. A network with dropout answers itself, as
    a trace has no random numbers of its own; so does one on a GPU, which no thread keeps waiting.
    """
    if model.config.dropout or model.mean.device.type != "cpu":
        return model
    with _lock:
        return _forward(model.train()) or model


def _forward(model: SumNet) -> Forward | None:
    weights = _weights(model)
    # Of a data set, the computation holds how many classes there are; its mean is a weight here.
    classes = len(model.spec.class_names)
    config = replace(model.config, dataset="", dropout=0.0)
    architecture = (model.training, config, classes, *weights)
    most = MOST_TO_LEARN if model.training else MOST_TO_ANSWER
    traces = sum(learns == model.training for learns, *_ in _computations)
    if architecture not in _computations and traces < most:
        _computations[architecture] = _trace(model)
    computation = _computations.get(architecture)
    if computation is None:
        return None
    tensors = tuple(weights.values())
    return lambda images, addends: computation(images, addends, *tensors)


def _weights(model: SumNet) -> dict[str, Tensor]:
    """All tensors of a network, by name: what it has learned, and how it normalizes images."""
    learns = model.training
    parameters = {n: p if learns else p.detach() for n, p in model.named_parameters()}
    return parameters | dict(model.named_buffers())


def _trace(model: SumNet) -> Computation | None:
    model = deepcopy(model)
    with torch.inference_mode(not model.training):
        weights = _weights(model)
        images = torch.zeros(2, 1, IMAGE_SIDE, IMAGE_SIDE, dtype=torch.uint8)
        inputs = (images, torch.tensor([3, 4]), *weights.values())
        has_part = [part is not None for part in model(*inputs[:2])]

        def answer(images: Tensor, addends: Tensor, *tensors: Tensor) -> tuple[Tensor, ...]:
            for name, tensor in zip(weights, tensors, strict=True):
                layer, _, attribute = name.rpartition(".")
                delattr(model.get_submodule(layer), attribute)
                setattr(model.get_submodule(layer), attribute, tensor)
            return tuple(part for part in model(images, addends) if part is not None)

        try:
            with autocast() if model.training else nullcontext():
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
