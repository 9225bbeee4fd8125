"""TODO."""

import torch

CPU = torch.device("cpu")


def has_bfloat16() -> bool:
    """Does this CPU multiply bfloat16 natively?"""
    return torch.cpu._is_avx512_bf16_supported()


def autocast(device: torch.device = CPU) -> torch.autocast:
    """bfloat16 where the processor has it and nowhere else: emulated, it is slower."""
    able = {"cpu": has_bfloat16, "cuda": torch.cuda.is_bf16_supported}
    return torch.autocast(
        device.type, torch.bfloat16, enabled=device.type in able and able[device.type]()
    )
