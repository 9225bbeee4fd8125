"""The services of deploy/: their files name what there is, and they run as processes."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import yaml

from core import PROJECT
from core.cluster.cluster import CERTIFICATES, VARIABLE
from core.recipes.presets import PRESETS
from core.runs.queue import create_run
from core.workers.status import read_status
from tests.conftest import wait_for
from tests.support.workers import end_of

COMPOSE = yaml.safe_load((PROJECT / "deploy/compose.yml").read_text("utf-8"))
KUBERNETES = list(yaml.safe_load_all((PROJECT / "deploy/kubernetes.yml").read_text("utf-8")))
KNOWN = {VARIABLE, *CERTIFICATES.values(), "SKETCH_SUM_DATA", "SKETCH_SUM_RUNS"}
PROGRAMS = {"dask": [str(Path(sys.executable).parent / "dask")], "python": [sys.executable]}


def containers() -> dict[str, dict[str, Any]]:
    found = [
        each["spec"]["template"]["spec"] for each in KUBERNETES if each["kind"] == "Deployment"
    ]
    return {spec["containers"][0]["name"]: spec["containers"][0] for spec in found}


def commands() -> list[list[str]]:
    services = [*COMPOSE["services"].values(), *containers().values()]
    return [each["command"] for each in services if "command" in each]


def test_both_files_have_the_same_services():
    assert set(COMPOSE["services"]) == set(containers()) == {"scheduler", "trainer", "app"}


def test_each_variable_is_one_that_the_code_reads():
    named = {name for each in COMPOSE["services"].values() for name in each.get("environment", {})}
    named |= {entry["name"] for each in containers().values() for entry in each.get("env", [])}
    assert named <= KNOWN


def test_each_time_limit_is_one_that_timeout_understands():
    files = ("Dockerfile", "deploy/compose.yml", "deploy/kubernetes.yml", "deploy/*.service")
    texts = [file.read_text("utf-8") for name in files for file in PROJECT.glob(name)]
    limits = re.findall(r"timeout (\w+) \S*python", "\n".join(texts))
    assert len(limits) >= 3
    for limit in limits:
        subprocess.run(["timeout", limit, "true"], check=True)


def test_the_home_of_the_service_is_not_hidden_from_it():
    unit = (PROJECT / "deploy/sketch-sum.service").read_text("utf-8")
    assert "ProtectHome=yes" in unit
    (home,) = re.findall(r"^Environment=HOME=(.+)$", unit, re.MULTILINE)
    assert not home.startswith(("/home", "/root", "/run/user"))


def test_only_the_app_is_asked_how_it_is_at_the_app_s_port():
    for service in COMPOSE["services"].values():
        is_app = "views" in " ".join(service["command"])
        assert service.get("healthcheck", {}).get("disable", False) != is_app


def test_any_user_id_may_write_to_the_folder_of_the_container_s_data():
    assert "install -d -m 1777 /data" in (PROJECT / "Dockerfile").read_text("utf-8")


def test_each_service_that_is_named_in_an_address_is_there():
    text = (PROJECT / "deploy/compose.yml").read_text("utf-8")
    text += (PROJECT / "deploy/kubernetes.yml").read_text("utf-8")
    assert set(re.findall(r"(?:tcp|tls)://([\w-]+):8786", text)) == {"scheduler"}
    assert {each["metadata"]["name"] for each in KUBERNETES if each["kind"] == "Service"} == {
        *("app", "scheduler"),
    }


@pytest.mark.parametrize("command", commands(), ids=" ".join)
def test_each_option_is_one_that_its_program_has(command):
    program, *words = command
    if program == "sh":
        return
    end = next((n for n, word in enumerate(words) if word.startswith("-") and n), len(words))
    stem = [*PROGRAMS[program], *[word for word in words[:end] if "://" not in word]]
    said = subprocess.run([*stem, "--help"], cwd=PROJECT, capture_output=True, text=True)
    for word in words[end:]:
        if word.startswith("--"):
            assert word.partition("=")[0] in said.stdout, said.stderr


@contextmanager
def network(names: list[str]) -> Iterator[None]:
    """A network namespace for each name, joined by a bridge, where the names lead to each other."""
    ip = shutil.which("ip")

    def run(words: str) -> bool:
        return subprocess.run([str(ip), *words.split()], capture_output=True).returncode == 0

    run("link del sshall")  # of a test that was killed
    if not ip or not run("link add sshall type bridge"):
        pytest.skip("NOT TESTED: no network can be made here, so the services cannot meet")
    hosts = "".join(f"10.213.8.{n} {name}\n" for n, name in enumerate(names, start=1))
    try:
        assert run("link set sshall up")
        for number, name in enumerate(names, start=1):
            Path("/etc/netns", f"ss-{name}").mkdir(parents=True, exist_ok=True)
            Path("/etc/netns", f"ss-{name}", "hosts").write_text(f"127.0.0.1 localhost\n{hosts}")
            for words in (
                f"netns add ss-{name}",
                f"link add ss{number} type veth peer name eth0 netns ss-{name}",
                f"link set ss{number} master sshall up",
                f"-n ss-{name} addr add 10.213.8.{number}/24 dev eth0",
                f"-n ss-{name} link set eth0 up",
                f"-n ss-{name} link set lo up",
            ):
                assert run(words), words
        yield
    finally:
        for name in names:
            run(f"netns del ss-{name}")
            shutil.rmtree(f"/etc/netns/ss-{name}", ignore_errors=True)
        run("link del sshall")


@contextmanager
def service(name: str, command: list[str], **variables: str) -> Iterator[None]:
    """A service's command as a process in its namespace, with its variables and folders of ours."""
    own = COMPOSE["services"][name].get("environment", {})
    enter = ["ip", "netns", "exec", f"ss-{name}", *PROGRAMS[command[0]], *command[1:]]
    started = subprocess.Popen(
        enter, cwd=PROJECT, stdin=subprocess.PIPE, env=os.environ | own | variables
    )
    try:
        yield
    finally:
        started.terminate()
        with suppress(subprocess.TimeoutExpired):
            started.wait(20)
        started.kill()
        started.communicate()


@pytest.mark.posix  # network namespaces
def test_the_services_of_the_compose_file_train_a_run(root, mnist):
    """As processes in networks of their own; of the app it is the worker, which a page starts."""
    services = COMPOSE["services"]
    data = os.environ.get("SKETCH_SUM_DATA", str(PROJECT / "data"))
    folders = {"SKETCH_SUM_DATA": data, "SKETCH_SUM_RUNS": str(root)}
    worker = ["python", "-m", "core.workers.worker", str(root)]
    with network(list(services)), ExitStack() as running:
        running.enter_context(service("scheduler", services["scheduler"]["command"]))
        running.enter_context(service("trainer", services["trainer"]["command"], **folders))
        running.enter_context(service("app", worker, **folders))
        recipe = PRESETS["quick"].recipe.change({"width": 4, "batch_size": 2048, "epochs": 3})
        run = create_run(root, "quick", recipe)
        listed = f"at most 1,800 MB, trains {run.id}"  # within a second
        wait_for(lambda: "".join(read_status(root).trainers).endswith(listed), "its trainer")
        assert end_of(run) == "finished"
