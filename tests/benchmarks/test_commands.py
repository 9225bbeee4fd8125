"""Benchmarks are run by hand: each still finds what it measures."""

import importlib
from pathlib import Path

import pytest

from core import PROJECT

APPS = {"empty_app"}  # pages of their own, which run when they are imported
COMMANDS = sorted(Path(PROJECT, "benchmarks").glob("[!_]*.py"))


@pytest.mark.parametrize("name", [file.stem for file in COMMANDS if file.stem not in APPS])
def test_a_benchmark_finds_all_that_it_imports(name):
    assert importlib.import_module(f"benchmarks.{name}").__doc__


def test_there_are_benchmarks():
    assert len(COMMANDS) > 10
