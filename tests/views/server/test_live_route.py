"""Where the live channel is, and when it is not."""

import pytest

from views.server import live_route
from views.server.live_route import is_live_on, live_path, live_routes


@pytest.mark.parametrize(
    ("base", "path"), [("", "/live"), ("demo", "/demo/live"), ("/demo/", "/demo/live")]
)
def test_the_channel_lies_below_the_path_of_the_app(monkeypatch, base, path):
    monkeypatch.setattr(live_route.config, "get_option", {"server.baseUrlPath": base}.__getitem__)
    assert live_path() == path
    assert [route.path for route in live_routes()] == [path]


@pytest.mark.parametrize(("said", "on"), [("0", False), ("1", True), ("", True)])
def test_the_operator_can_switch_it_off(monkeypatch, said, on):
    monkeypatch.setenv("SKETCH_SUM_LIVE", said)
    assert is_live_on() is on
    assert bool(live_routes()) is on


def test_it_is_on_unless_somebody_says_no(monkeypatch):
    monkeypatch.delenv("SKETCH_SUM_LIVE", raising=False)
    assert is_live_on()
