"""File handles: as many as the system allows, and a word where they are too few."""

import subprocess
import sys
from dataclasses import replace
from types import SimpleNamespace

import pytest

from core import PROJECT
from core.runs import limits
from views.server import handles


@pytest.fixture
def system(monkeypatch):
    """system(soft, hard) is what the system allows; what was asked of it."""
    asked: list[tuple[int, int]] = []

    def allow(soft: int, hard: int) -> list[tuple[int, int]]:
        fake = SimpleNamespace(
            RLIMIT_NOFILE=7,
            RLIM_INFINITY=-1,
            getrlimit=lambda what: (soft, hard),
            setrlimit=lambda what, pair: asked.append(pair),
        )
        monkeypatch.setattr(handles, "resource", fake)
        return asked

    monkeypatch.setattr(limits, "LIMITS", replace(limits.LIMITS, sockets=2_000))
    return allow


def test_all_that_the_system_allows_is_taken(system, caplog):
    asked = system(1_024, 65_536)
    handles.prepare_handles()
    assert asked == [(65_536, 65_536)]
    assert caplog.text == ""


@pytest.mark.parametrize("soft", [1_024, 10_099])
def test_too_few_are_said_with_what_to_do(system, caplog, soft):
    system(soft, soft)
    handles.prepare_handles()
    (said,) = caplog.records
    assert said.getMessage() == "too few file handles"
    advice = said.facts["advice"]
    assert advice.startswith("Allow 10100 (LimitNOFILE= of a service")
    assert advice.endswith(f"or set SKETCH_SUM_SOCKETS to {(soft - 100) // 5}.")


@pytest.mark.parametrize("soft", [10_100, -1])
def test_enough_are_not_worth_a_word(system, caplog, soft):
    system(soft, soft)
    handles.prepare_handles()
    assert caplog.text == ""


def test_a_system_without_such_limits_has_nothing_to_prepare(monkeypatch):
    monkeypatch.setattr(handles, "resource", None)
    handles.prepare_handles()


@pytest.mark.parametrize("error", [OSError, ValueError])
def test_a_system_that_gives_less_than_it_says_is_not_asked_again(
    system, caplog, monkeypatch, error
):
    system(1_024, 65_536)

    def refuse(*_: object) -> None:
        raise error

    monkeypatch.setattr(handles.resource, "setrlimit", refuse)
    handles.prepare_handles()
    (said,) = caplog.records
    assert said.facts["handles"] == 1_024


@pytest.mark.posix  # limits of handles
def test_a_real_process_takes_them():
    code = (
        "import resource as r; hard = r.getrlimit(r.RLIMIT_NOFILE)[1]; "
        "r.setrlimit(r.RLIMIT_NOFILE, (256, hard)); "
        "from views.server.handles import prepare_handles; prepare_handles(); "
        "assert r.getrlimit(r.RLIMIT_NOFILE) == (hard, hard)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=PROJECT, check=True)
