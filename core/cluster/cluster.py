"""A cluster of trainers: where it is, who may join, and what the app knows of it.

    app's worker process  --dispatcher.py-->  trainers, found at the scheduler of Dask's distributed
    SKETCH_SUM_CLUSTER=tcp://host:8786        tls://host:8786 with certificates, see `security`

The dispatcher writes what it sees into `.cluster.json` in the runs directory; pages and `status`
read it there. Only the dispatcher and the trainers import distributed.
"""

import os
import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from core import VERSION
from core.errors import UserError
from core.runs.control import ControlFile
from core.storage.files import read_whole, write_atomic

if TYPE_CHECKING:
    from distributed import Security

VARIABLE = "SKETCH_SUM_CLUSTER"
CERTIFICATES = {  # variable: what it names, each a PEM file
    "tls_ca_file": f"{VARIABLE}_CA",
    "cert": f"{VARIABLE}_CERT",
    "key": f"{VARIABLE}_KEY",
}
CLUSTER_FILE = ".cluster.json"  # in the runs directory
STALE_SECONDS = 15.0  # a file that is older was left by an app that is gone
MISSING = "distributed is not installed: run pip install -r requirements-cluster.txt."

REFUSED, OUT_OF_MEMORY = 2, 3  # exit statuses of a trainer

ADDRESS = re.compile(r"(tcp|tls)://([\w.-]+|\[[\da-fA-F:]+\]):(\d{1,5})")
MAX_PORT = 65_535  # of TCP
# What Dask waits for before it gives a silent connection up; its own defaults are minutes.
TIMEOUTS = {
    "distributed.comm.timeouts.connect": "5s",
    "distributed.comm.timeouts.tcp": "15s",
}


class ClusterError(UserError):
    """The cluster cannot be used as it is set; the message says what to change."""


class Asked(Struct, frozen=True, omit_defaults=True):
    """The wishes for a job at one moment (`events.Wishes`), as they travel."""

    control: ControlFile = ControlFile()
    stop: bool = False
    reason: str = ""  # why it must end now
    words: str = ""  # what the visitor should know of the time limit


class Options(Struct, frozen=True):
    """How to be a trainer."""

    address: str  # of the scheduler
    name: str  # for people
    place: str  # secret word of the host of this process, the same after a restart
    threads: int
    megabytes: int = 0  # memory that it may use; 0 is all
    port: int = 0  # that the app connects to; 0 is any


class TrainerInfo(Struct, frozen=True, omit_defaults=True):
    """A trainer, as the app sees it."""

    name: str
    threads: int = 1
    megabytes: int = 0  # memory that it may use; 0 is all
    run: str = ""  # id of the run that it trains
    problem: str = ""  # why it gets no run now, in a sentence


class Cluster(Struct, frozen=True, omit_defaults=True):
    """What the app knows of its cluster."""

    address: str
    trainers: list[TrainerInfo] = []
    waiting: int = 0  # runs in the queue
    problem: str = ""  # why nothing trains, in a sentence

    @property
    def can_train(self) -> bool:
        """Is there a trainer, busy or not?"""
        return bool(self.trainers) and not self.problem

    @property
    def has_free(self) -> bool:
        """Is there a trainer that trains nothing?"""
        return self.can_train and not all(each.run for each in self.trainers)

    @property
    def words(self) -> str:
        """How many trainers there are and how long the queue is, for the visitor."""
        if self.problem:
            return self.problem
        count, busy = len(self.trainers), sum(bool(each.run) for each in self.trainers)
        if not count:
            return "No trainer has joined yet: runs wait until one does."
        trainers = "1 trainer" if count == 1 else f"{count} trainers"
        waits = "1 run waits" if self.waiting == 1 else f"{self.waiting} runs wait"
        return f"{trainers}, {count - busy} free; {waits if self.waiting else 'nobody waits'}."

    @property
    def lines(self) -> list[str]:
        """The trainers one by one, for the operator."""
        return [
            f"  {each.name}: {each.threads} threads, "
            + (f"at most {each.megabytes:,} MB, " if each.megabytes else "")
            + (each.problem or (f"trains {each.run}" if each.run else "free"))
            for each in self.trainers
        ]


def cluster_address(environment: Mapping[str, str] = os.environ) -> str:
    """Of the scheduler, as `$SKETCH_SUM_CLUSTER` names it; "" without a cluster.

    Raises:
        ClusterError: it is no address.
    """
    return check_address(text) if (text := environment.get(VARIABLE, "").strip()) else ""


def check_address(text: str) -> str:
    """An address of a scheduler, or an error that shows what one looks like.

    Raises:
        ClusterError: it is none.
    """
    found = ADDRESS.fullmatch(text)
    if found is None or not 0 < int(found[3]) <= MAX_PORT:
        raise ClusterError(
            f"{text!r} is no address of a scheduler: write tcp://host:8786 or tls://host:8786."
        )
    return text


def security(address: str, environment: Mapping[str, str] = os.environ) -> "Security | None":
    """Certificates for a tls:// address: both sides must have one of the same authority.

    Raises:
        ClusterError: one is not named, or not there.
    """
    from distributed import Security

    if not address.startswith("tls:"):
        return None
    files = {}
    for name, variable in CERTIFICATES.items():
        file = environment.get(variable, "")
        if not file or not Path(file).is_file():
            raise ClusterError(
                f"A tls:// address needs {variable}: the PEM file with the "
                f"{'key' if name == 'key' else 'certificate'}, not {file!r}."
            )
        files[name] = file
    certificate = {"cert": files["cert"], "key": files["key"]}
    roles = {
        f"tls_{role}_{part}": file
        for role in ("client", "scheduler", "worker")
        for part, file in certificate.items()
    }
    return Security(tls_ca_file=files["tls_ca_file"], require_encryption=True, **roles)


def versions() -> dict[str, str]:
    """What must be the same on both sides, so that a recipe and a seed mean the same."""
    import distributed
    import torch

    return {
        "Sketch & Sum": VERSION,
        "torch": torch.__version__.split("+")[0],  # the build for a GPU is the same
        "distributed": distributed.__version__,
    }


def version_words(ours: Mapping[str, str], theirs: Mapping[str, str]) -> str:
    """What differs, in a sentence; "" is nothing. `ours` are the trainer's."""
    names = [name for name in theirs if theirs[name] != ours.get(name)]
    if not names:
        return ""
    mine = ", ".join(f"{name} {ours.get(name, 'of no version')}" for name in names)
    app = ", ".join(f"{name} {theirs[name]}" for name in names)
    return f"This trainer has {mine} and the app has {app}: install the app's version here."


def write_cluster(root: Path, cluster: Cluster) -> None:
    """Tell pages and `status`.

    Raises:
        OSError: the disk is full.
    """
    write_atomic(root / CLUSTER_FILE, msgspec.json.encode(cluster), durable=False)


def read_cluster(root: Path) -> Cluster | None:
    """What the app knows of its cluster; None where there is none, or nobody looks after it."""
    path = root / CLUSTER_FILE
    try:
        if time.time() - path.stat().st_mtime > STALE_SECONDS:
            return None
        return msgspec.json.decode(read_whole(path), type=Cluster)
    except (OSError, msgspec.MsgspecError, RecursionError):
        return None
