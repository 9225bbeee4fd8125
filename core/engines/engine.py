"""TODO."""

import os

import torch

from core.errors import UserError


class DeviceError(UserError):
    """There is no such device here; the message is one sentence for the user."""


def choose_device(name: str) -> torch.device:
    """A device by name; "auto" is CUDA, else MPS, else the CPU. Each rank takes a GPU of its own.

    Raises:
        DeviceError: this machine has none of that kind.
    """
    found = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if name == "auto":
        name = next((kind for kind, there in found.items() if there), "cpu")
    if not found.get(name, name == "cpu"):
        raise DeviceError(f"This machine has no {name} device: leave --device out.")
    if name == "cuda":
        return torch.device(name, int(os.environ.get("LOCAL_RANK", "0")))
    return torch.device(name)
