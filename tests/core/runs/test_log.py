"""The log: one JSON object a line."""

import json
import logging
import os

import pytest

from core.runs import log


@pytest.fixture
def lines(caplog):
    caplog.set_level(logging.INFO, logger="sketch_sum")
    return lambda: [json.loads(log.JsonLines().format(each)) for each in caplog.records]


def test_a_line_says_when_what_and_which_process(lines):
    log.event("run over", run="3f2a", seconds=7.1)
    (line,) = lines()
    assert line.pop("time").endswith("+00:00")
    assert line == {
        "level": "INFO",
        "event": "run over",
        "pid": os.getpid(),
        "run": "3f2a",
        "seconds": 7.1,
    }


def test_what_the_operator_should_mend_is_a_warning(lines):
    log.warning("runs directory is read-only", folder="runs")
    assert [(line["level"], line["folder"]) for line in lines()] == [("WARNING", "runs")]


def test_trouble_has_the_traceback_on_the_same_line(lines):
    try:
        raise ValueError("seven")
    except ValueError:
        log.trouble("run failed", run="3f2a")
    (line,) = lines()
    assert line["level"] == "WARNING" and "ValueError: seven" in line["error"]


def test_what_json_does_not_know_is_written_as_text(lines, tmp_path):
    log.event("app started", folder=tmp_path)
    assert lines()[0]["folder"] == str(tmp_path)


def test_to_start_twice_writes_each_line_once(monkeypatch):
    monkeypatch.setattr(log.log, "handlers", [])
    level = log.log.level
    try:
        log.start()
        log.start()
        assert len(log.log.handlers) == 1
        assert log.log.isEnabledFor(logging.INFO)  # also what happened as it should
    finally:
        log.log.setLevel(level)
