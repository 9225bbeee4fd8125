"""A cluster for tests: a scheduler, trainers and an app, each a process of its own by fork."""

import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from core.cluster.cluster import Cluster, read_cluster
from core.workers.supervisor import Supervisor
from tests.conftest import wait_for
from tests.support.workers import Start

SCHEDULER = """
import asyncio, logging, os
from distributed import Scheduler
logging.getLogger("distributed").setLevel(logging.CRITICAL)
async def main():
    quiet = {"dashboard": False, "dashboard_address": "127.0.0.1:0"}
    async with Scheduler(protocol="tcp", host=HOST, port=PORT, **quiet) as scheduler:
        await scheduler.finished()
asyncio.run(main())
os._exit(0)
"""
TRAINER = """
from core.cluster import trainer
from core.cluster.cluster import Options
trainer.be_trainer(Options(ADDRESS, NAME, NAME, 2, MEGABYTES))
"""
APP = """
import os
os.environ["SKETCH_SUM_CLUSTER"] = ADDRESS
from core.cluster import handout, members
from core.runs import limits
from dataclasses import replace
limits.LIMITS = replace(limits.LIMITS, shared_seconds=1e6, unwatched_seconds=1e6)  # no hurry
members.UNLISTED_SECONDS = 4.0
"""
OFTEN = "from core.jobs import job; job.AUTOSAVE_SECONDS = 0\n"  # an autosave with each record
# So that a test can act in the middle of a training, however fast the machine is.
SLOWLY = """
import time
from core.jobs import job
real_pack = job.SnapshotPlan.is_due
def is_due(plan, progress, paused):
    time.sleep(0.02)
    return real_pack(plan, progress, paused)
job.SnapshotPlan.is_due = is_due
"""


def fill(code: str, **values: object) -> str:
    """Code with values in place of words in capitals."""
    for name, value in values.items():
        code = code.replace(name.upper(), repr(value))
    return code


def free_port(host: str = "127.0.0.1") -> int:
    with socket.create_server((host, 0)) as server:
        return int(server.getsockname()[1])


class Hall:
    """The processes of one cluster; each is started again when it dies, until it is closed."""

    def __init__(self, start: Start, folder: Path, host: str = "127.0.0.1") -> None:
        self._start, self._folder, self.host = start, folder, host
        self.port = free_port(host)
        self.address = f"tcp://{host}:{self.port}"
        self.trainers: list[Supervisor] = []

    def scheduler(self) -> Supervisor:
        code = fill(SCHEDULER, host=self.host, port=self.port)
        return self._start(self._folder / "scheduler", code)

    def trainer(self, name: str, code: str = "", megabytes: int = 0) -> Supervisor:
        main = fill(TRAINER, address=self.address, name=name, megabytes=megabytes)
        self.trainers.append(self._start(self._folder / name, code + main))
        return self.trainers[-1]

    def app(self, root: Path, code: str = "") -> Supervisor:
        return self._start(root, fill(APP, address=self.address) + code)


def wait_for_cluster(root: Path, good: Callable[[Cluster], object]) -> Cluster:
    """Wait until the app says something of its cluster; what it says."""

    def is_good() -> bool:
        found = read_cluster(root)
        return bool(found and good(found))

    wait_for(is_good, "the cluster")
    found = read_cluster(root)
    assert found
    return found


def trainer_of(root: Path, run_id: str) -> str:
    """The name of the trainer that has a run; "" is none."""
    cluster = read_cluster(root)
    return next((t.name for t in cluster.trainers if t.run == run_id), "") if cluster else ""


@contextmanager
def far_network(name: str) -> Iterator[tuple[str, Callable[[str], None]]]:
    """A network namespace, as another machine: our address on the way to it, and its switch.

    switch("down") cuts the connection, switch("up") mends it. Only root may make one.
    """
    ip = shutil.which("ip")
    ours, theirs = f"{name}-a", f"{name}-b"

    def run(*words: str) -> bool:
        assert ip
        return subprocess.run([ip, *words], capture_output=True).returncode == 0

    if not ip or not run("netns", "add", name):
        pytest.skip("NOT TESTED: no network namespace can be made here, so no network can be cut")
    try:
        for words in (
            f"link add {ours} type veth peer name {theirs} netns {name}",
            f"addr add 10.213.7.1/30 dev {ours}",
            f"link set {ours} up",
            f"-n {name} addr add 10.213.7.2/30 dev {theirs}",
            f"-n {name} link set {theirs} up",
            f"-n {name} link set lo up",
        ):
            assert run(*words.split()), words
        yield "10.213.7.1", lambda state: run("link", "set", ours, state)
    finally:
        with suppress(OSError):
            run("netns", "del", name)


# Run first in a process that is to live there.
ENTER = """
import ctypes, os
space = os.open("/run/netns/" + NAMESPACE, os.O_RDONLY)
assert ctypes.CDLL(None).setns(space, 0x40000000) == 0
"""
