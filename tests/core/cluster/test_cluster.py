"""Where a cluster is, and what is said of it; and that nobody loads it who does not ask for it."""

import os
import subprocess
import sys
import time

import pytest

from core import PROJECT
from core.cluster.cluster import (
    CLUSTER_FILE,
    Cluster,
    ClusterError,
    TrainerInfo,
    cluster_address,
    read_cluster,
    security,
    version_words,
    write_cluster,
)
from core.workers.status import lock_for_worker, read_status


@pytest.mark.parametrize(
    "text", ["tcp://host:8786", "tls://10.0.0.1:1", "tcp://a-b.c:65535", "tcp://[::1]:8786"]
)
def test_an_address_is_taken_as_it_is(text):
    assert cluster_address({"SKETCH_SUM_CLUSTER": f" {text} "}) == text


@pytest.mark.parametrize("environment", [{}, {"SKETCH_SUM_CLUSTER": ""}])
def test_without_the_variable_there_is_no_cluster(environment):
    assert cluster_address(environment) == ""


@pytest.mark.parametrize(
    "text", ["host:8786", "http://host:1", "tcp://host", "tcp://host:x", "tcp://h/:1", "tcp://:1"]
)
def test_what_is_no_address_is_one_sentence(text):
    with pytest.raises(ClusterError, match="write tcp://host:8786 or tls://host:8786"):
        cluster_address({"SKETCH_SUM_CLUSTER": text})


def test_a_certificate_that_is_not_there_is_named(tmp_path):
    (tmp_path / "ca.pem").touch()
    named = {"SKETCH_SUM_CLUSTER_CA": str(tmp_path / "ca.pem")}
    with pytest.raises(ClusterError, match="needs SKETCH_SUM_CLUSTER_CERT"):
        security("tls://host:1", named)
    assert security("tcp://host:1", {}) is None


BUSY = Cluster("tcp://host:1", [TrainerInfo("one", 4, 900, "ab"), TrainerInfo("two", 2)], 5)


@pytest.mark.parametrize(
    ("cluster", "words"),
    [
        (BUSY, "2 trainers, 1 free; 5 runs wait."),
        (Cluster("", [TrainerInfo("one")], 1), "1 trainer, 1 free; 1 run waits."),
        (Cluster("", [TrainerInfo("one")]), "1 trainer, 1 free; nobody waits."),
        (Cluster("", [], 3), "No trainer has joined yet: runs wait until one does."),
        (Cluster("", [TrainerInfo("one")], 3, "It is gone."), "It is gone."),
    ],
)
def test_the_words_for_visitors(cluster, words):
    assert cluster.words == words


def test_status_lists_the_trainers(root):
    write_cluster(root, BUSY)
    assert read_status(root).cluster == ""  # nobody looks after it
    lock = lock_for_worker(root)
    found = read_status(root)
    lock.release()
    assert found.words.splitlines()[1:] == [
        "Cluster tcp://host:1: 2 trainers, 1 free; 5 runs wait.",
        "  one: 4 threads, at most 900 MB, trains ab",
        "  two: 2 threads, free",
    ]


def test_what_an_app_left_long_ago_is_not_said(root):
    write_cluster(root, BUSY)
    assert read_cluster(root) == BUSY
    long_ago = time.time() - 60
    os.utime(root / CLUSTER_FILE, (long_ago, long_ago))
    assert read_cluster(root) is None


@pytest.mark.parametrize("junk", [b"", b"{", b"[]", b'{"address": 1}', b"\xff"])
def test_junk_is_no_cluster(root, junk):
    (root / CLUSTER_FILE).write_bytes(junk)
    assert read_cluster(root) is None


def test_versions_that_differ_are_said():
    ours, theirs = {"torch": "2.12.0", "a": "1"}, {"torch": "2.13.0", "a": "1"}
    assert version_words(theirs, theirs) == ""
    assert version_words(ours, theirs) == (
        "This trainer has torch 2.12.0 and the app has torch 2.13.0: install the app's version "
        "here."
    )


@pytest.mark.parametrize(
    "module",
    ["core.workers.worker", "core.workers.supervisor", "core.cli.main", "views.train.page"],
)
def test_without_a_cluster_nothing_of_it_is_imported(module):
    code = f"import sys, {module}; print({{'distributed', 'dask', 'tornado'}} & set(sys.modules))"
    said = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True)
    assert said.stdout.strip() == "set()", said.stderr
