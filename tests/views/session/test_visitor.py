"""Who is the same as who, for the queue: nobody's address is kept."""

import os
import time

import pytest
from hypothesis import given
from hypothesis import strategies as some

from core.runs.control import browser_hash
from core.runs.run import runs_dir
from tests.support.pages import opened, session_of, the_run, train_page
from views.session import jobs
from views.session.visitor import hash_address


@given(address=some.ip_addresses().map(str))
def test_an_address_is_kept_as_a_hash(address):
    kept = hash_address(address)
    assert len(kept) == 16 and int(kept, 16) >= 0
    assert kept == hash_address(address)


def test_the_hash_has_a_key(monkeypatch):
    before = hash_address("192.0.2.7")
    monkeypatch.setattr("views.session.visitor.config.get_option", lambda name: "another")
    assert hash_address("192.0.2.7") != before


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.7", "192.0.2.8", False),
        ("2001:db8::1", "2001:db8::ffff:2", True),  # one household has 2**64 of them
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:192.0.2.7", "::ffff:192.0.2.8", False),
        ("::ffff:192.0.2.7", "192.0.2.7", True),
    ],
)
def test_who_is_the_same(one, other, same):
    assert (hash_address(one) == hash_address(other)) is same


def test_this_machine_has_none():
    assert hash_address(None) == ""


def test_a_run_knows_its_page_and_no_address(alone, monkeypatch):
    monkeypatch.setattr("streamlit.runtime.context.ContextProxy.ip_address", "192.0.2.7")
    app = opened(train_page)
    app.button(key="train_start").click().run()
    request = the_run(app).request()
    secret = session_of(app).secret
    assert (request.address, request.session) == (hash_address("192.0.2.7"), browser_hash(secret))
    for file in runs_dir().rglob("*"):
        kept = b"" if file.is_dir() else file.read_bytes()
        assert b"192.0.2.7" not in kept and secret.encode() not in kept


def test_a_run_keeps_its_place_whichever_page_is_shown(alone):
    """Its visitor waits on the Draw page: every page says now and then that they are there."""
    app = opened(train_page)
    app.button(key="train_start").click().run()
    run, session = the_run(app), session_of(app)
    then = time.time() - 100
    os.utime(run.path, (then, then))
    assert jobs._touch_waiting(session)
    assert run.idle_seconds() < 50
    run.request_stop()
    assert not jobs._touch_waiting(session)
