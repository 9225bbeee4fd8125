"""What the tests of the guard share."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from core.runs import limits
from views.server import guard


@pytest.fixture(autouse=True)
def most(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def change(**values: float) -> None:
        monkeypatch.setattr(limits, "LIMITS", replace(limits.Limits(), **values))

    change()
    monkeypatch.setattr(guard, "PUT_OFF_SECONDS", 0.0)
    return change
