"""An autosave: all weights of a network in training, and how far the training had come.

The bytes of a .safetensors file, with step, steps and seconds in its metadata.
"""

import json
from typing import NamedTuple

from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors

from core.model import ModelConfig, SumNet


class Recovered(NamedTuple):
    """A network, and how far its training had come."""

    model: SumNet  # in eval mode
    step: int
    steps: int  # of the whole run
    seconds: float  # of training


def pack_autosave(model: SumNet, step: int, steps: int, seconds: float) -> bytes:
    """The weights so far."""
    facts = {"step": str(step), "steps": str(steps), "seconds": str(seconds)}
    return save_tensors(model.tensors(), facts)


def unpack_autosave(content: bytes, config: ModelConfig) -> Recovered | None:
    """The inverse of `pack_autosave`; None where that is damaged or of another network."""
    try:
        facts = _facts(content)
        model = SumNet(config)
        model.load_tensors(load_tensors(content))
        step, steps = int(facts["step"]), int(facts["steps"])
        return Recovered(model.eval(), step, steps, float(facts["seconds"]))
    except (SafetensorError, RuntimeError, KeyError, TypeError, ValueError, RecursionError):
        return None


def autosave_step(content: bytes) -> int:
    """The step after which it was packed; 0 where it is damaged."""
    try:
        return int(_facts(content)["step"])
    except (KeyError, TypeError, ValueError, RecursionError):
        return 0


def _facts(content: bytes) -> dict[str, str]:
    length = int.from_bytes(content[:8], "little")
    facts: dict[str, str] = json.loads(content[8 : 8 + length])["__metadata__"]
    return facts
