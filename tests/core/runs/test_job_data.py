"""Where a run gets its data set from, and what it says meanwhile."""

from collections.abc import Callable
from pathlib import Path

import pytest

from core import dataset
from core.data import download
from core.data.download import DownloadError, DownloadProgress, RawFiles
from core.runs.queue import create_run
from core.runs.run import Run, State
from tests.support.workers import TINY


def test_data_that_cannot_be_downloaded_fail_the_run(root, runner, monkeypatch):
    def refuse(*_: object, **__: object) -> Path:
        raise DownloadError("Could not download MNIST.")

    monkeypatch.setattr(download, "download", refuse)
    runner.data_sets.loaded.clear()
    run = create_run(root, "quick", TINY)
    runner.execute(run)
    assert run.state() == State("failed", "Could not download MNIST.")


def test_a_stop_ends_the_download_too(root, runner, monkeypatch):
    run = create_run(root, "quick", TINY)

    def pretend(raw: RawFiles, root: Path, report: Callable[[DownloadProgress], None]) -> None:
        report(DownloadProgress(raw.title, "a mirror", 0, None))
        run.request_stop()
        report(DownloadProgress(raw.title, "a mirror", 25, 100))
        raise AssertionError("it went on")

    monkeypatch.setattr(download, "download", pretend)
    runner.data_sets.loaded.clear()
    runner.execute(run)
    assert run.state() == State("interrupted", "Stopped before training began.")
    assert not runner.needs_restart


@pytest.mark.parametrize(
    ("name", "title"), [("mnist", "MNIST"), ("fashion-mnist", "Fashion-MNIST")]
)
def test_a_download_is_reported(root, runner, data, monkeypatch, name, title):
    seen = []
    real = Run.set_state
    monkeypatch.setattr(Run, "set_state", lambda run, state: (seen.append(state), real(run, state)))

    def pretend(raw: RawFiles, root: Path, report: Callable[[DownloadProgress], None]) -> None:
        report(DownloadProgress(raw.title, "a mirror", 0, None))
        report(DownloadProgress(raw.title, "a mirror", 25, 100))

    monkeypatch.setattr(download, "download", pretend)
    monkeypatch.setattr(dataset, "load_data", lambda name: data)
    runner.data_sets.loaded.clear()
    runner.execute(create_run(root, "quick", TINY.change({"dataset": name})))
    text = f"Downloading {title} from a mirror"
    assert State("preparing", text, None) in seen
    assert State("preparing", text, 0.25) in seen
    assert seen[-1] == State("finished")
