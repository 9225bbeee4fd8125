"""bfloat16: where it is used."""

import pytest
import torch

from core.engines.precision import autocast, has_bfloat16


@pytest.mark.parametrize("native", [True, False])
def test_bfloat16_is_used_where_the_cpu_has_it_and_nowhere_else(monkeypatch, native):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": native})
    with autocast():
        product = torch.ones(2, 2) @ torch.ones(2, 2)
    assert product.dtype == (torch.bfloat16 if native else torch.float32)


def test_a_cpu_that_does_not_mention_bfloat16_has_none(monkeypatch):
    """An ARM processor names other capabilities."""
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"neon": True})
    assert not has_bfloat16()
