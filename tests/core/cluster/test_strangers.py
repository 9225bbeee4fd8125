"""A cluster with certificates: who has none gets no connection."""

import asyncio
import os
import shutil
import ssl
import subprocess
from pathlib import Path

import pytest
from distributed.core import rpc

from core import PROJECT
from core.cluster.cluster import CERTIFICATES, security
from tests.support.clusters import Hall, fill, wait_for_cluster
from tests.support.workers import add_run, end_of

SCHEDULER = """
import asyncio, logging, os
os.environ |= VARIABLES
from core.cluster.cluster import security
from distributed import Scheduler
logging.getLogger("distributed").setLevel(logging.CRITICAL)
async def main():
    quiet = {"dashboard": False, "dashboard_address": "127.0.0.1:0"}
    quiet |= {"protocol": "tls", "security": security("tls://x:1")}
    async with Scheduler(host="127.0.0.1", port=PORT, **quiet) as scheduler:
        await scheduler.finished()
asyncio.run(main())
os._exit(0)
"""


def make_certificates(folder: Path) -> dict[str, str]:
    """An authority and a certificate, by the script that operators use; the variables for it."""
    if not shutil.which("openssl"):
        pytest.skip("NOT TESTED: there is no openssl, so no certificate can be made")
    subprocess.run(["sh", PROJECT / "deploy/certificates.sh", folder], check=True)
    names = {"tls_ca_file": "ca.pem", "cert": "cert.pem", "key": "key.pem"}
    return {CERTIFICATES[name]: str(folder / file) for name, file in names.items()}


async def ask(address: str, arguments: dict[str, object]) -> object:
    scheduler = rpc(address, connection_args=arguments, timeout=5)
    try:
        return await asyncio.wait_for(scheduler.identity(), 10)
    finally:
        await scheduler.close_rpc()


def test_a_stranger_without_a_certificate_gets_no_connection(start, tmp_path, root):
    """Neither with none, nor with one of another authority; who has one trains."""
    ours, theirs = (make_certificates(tmp_path / name) for name in ("ours", "theirs"))
    hall = Hall(start, tmp_path)
    hall.address = hall.address.replace("tcp", "tls")
    start(tmp_path / "scheduler", fill(SCHEDULER, variables=ours, port=hall.port))
    variables = f"import os\nos.environ |= {ours!r}\n"
    hall.trainer("one", variables)
    hall.app(root, variables)
    run = add_run(root)
    assert end_of(run) == "finished"
    wait_for_cluster(root, lambda cluster: cluster.trainers)
    good = security(hall.address, ours)
    bad = security(hall.address, theirs)
    assert good and bad
    assert asyncio.run(ask(hall.address, good.get_connection_args("client")))
    with pytest.raises((OSError, TimeoutError)):
        asyncio.run(ask(hall.address, bad.get_connection_args("client")))
    naked = ssl.create_default_context()
    naked.check_hostname, naked.verify_mode = False, ssl.CERT_NONE
    with pytest.raises((OSError, TimeoutError)):
        asyncio.run(ask(hall.address, {"ssl_context": naked, "require_encryption": True}))
    with pytest.raises((OSError, TimeoutError, RuntimeError)):
        asyncio.run(ask(hall.address.replace("tls", "tcp"), {}))
    assert os.stat(tmp_path / "ours" / "key.pem").st_mode & 0o077 == 0
