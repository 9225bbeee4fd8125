"""What the tests of the guard share."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from core.runs import limits


@pytest.fixture(autouse=True)
def most(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def change(**values: float) -> None:
        monkeypatch.setattr(limits, "LIMITS", replace(limits.Limits(), **values))

    change()
    return change
