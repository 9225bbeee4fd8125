"""What the tests of one's own pictures share."""

import random

import pytest


@pytest.fixture
def one_browser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every page that a test opens is of the same browser, another one for each file of tests."""
    secret = f"{random.Random(request.module.__name__).getrandbits(128):032x}"
    monkeypatch.setattr("views.session.visitor.secret_in", lambda cookies: secret)
