"""Fixtures of the tests of Share."""

import pytest
import streamlit as st

from views.frame import room as room_module
from views.frame import share as share_module


@pytest.fixture
def panel(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages whose Share is open; its buttons need a browser."""
    monkeypatch.setattr(share_module, "_copy_button", lambda: lambda **_: None)
    monkeypatch.setattr(room_module, "_button", lambda: lambda **data: st.text(data["key"]))
