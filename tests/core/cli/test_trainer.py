"""The command that makes a trainer of this machine: what it hands on, and what it refuses."""

import importlib.util

import pytest

from core.cli.main import main
from core.cluster import host
from core.cluster.cluster import Options


@pytest.fixture
def started(monkeypatch) -> list[Options]:
    """The options of the trainers that were started; none is."""
    seen: list[Options] = []
    monkeypatch.setattr(host, "run_trainer", lambda options: seen.append(options) or 0)
    return seen


def test_its_options_reach_the_trainer(started):
    words = ["--name", "desk", "--threads", "3", "--memory-limit", "900", "--port", "8790"]
    assert main(["trainer", "tcp://host:8786", *words]) == 0
    (options,) = started
    assert (options.address, options.name) == ("tcp://host:8786", "desk")
    assert (options.threads, options.megabytes, options.port) == (3, 900, 8790)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["host"], "'host' is no address of a scheduler: write tcp://host:8786 or"),
        (["tcp://host:99999"], "'tcp://host:99999' is no address of a scheduler"),
        (["tcp://host:0"], "'tcp://host:0' is no address of a scheduler"),
        (["tcp://host:1", "--threads", "0"], "--threads: must be a whole number from 1 up"),
        (["tcp://host:1", "--memory-limit", "x"], "--memory-limit: must be a whole number"),
        (
            ["tcp://host:1", "--port", "65536"],
            "--port: must be a whole number from 1 to 65535",
        ),
        (["tcp://host:1", "--port", "0"], "--port: must be a whole number from 1"),
        ([], "the following arguments are required: ADDRESS"),
    ],
)
def test_bad_input_is_one_sentence(started, capsys, words, said):
    try:
        status = main(["trainer", *words])
    except SystemExit as ended:
        status = ended.code
    assert status == 2
    assert said in capsys.readouterr().err
    assert not started


def test_without_the_package_it_says_what_to_install(started, capsys, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert main(["trainer", "tcp://host:1"]) == 2
    assert "pip install -r requirements-cluster.txt" in capsys.readouterr().err
