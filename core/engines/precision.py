"""bfloat16, a number format of 16 bits, where the processor computes with it natively."""

from collections.abc import Callable

import torch

CPU = torch.device("cpu")


def has_bfloat16() -> bool:
    """Does this CPU multiply bfloat16 natively?"""
    return bool(torch.cpu.get_capabilities().get("avx512_bf16", False))


def autocast(device: torch.device = CPU) -> torch.autocast:
    """bfloat16 where the processor has it and nowhere else: emulated, it is slower."""
    able: dict[str, Callable[[], bool]] = {
        "cpu": has_bfloat16,
        "cuda": torch.cuda.is_bf16_supported,
    }
    return torch.autocast(
        device.type, torch.bfloat16, enabled=device.type in able and able[device.type]()
    )
