"""python -m core trainer ADDRESS: do trainings for an app, on this machine."""

import argparse
import importlib.util
import os
import secrets
import socket

from core.cluster.cluster import MAX_PORT, MISSING, ClusterError, Options, check_address


def add_trainer_options(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("address", metavar="ADDRESS", help="of the scheduler: tcp://host:8786")
    parser.add_argument("--name", default=socket.gethostname(), help="what the app calls it")
    parser.add_argument("--threads", type=_positive, help="to compute with; all cores by default")
    parser.add_argument("--memory-limit", type=_positive, default=0, metavar="MB")
    parser.add_argument("--port", type=_port, default=0, help="that the app connects to")


def run_command(options: argparse.Namespace) -> int:
    """Be a trainer until Ctrl-C.

    Raises:
        ClusterError: no address, or a package is missing.
    """
    if importlib.util.find_spec("distributed") is None:
        raise ClusterError(MISSING)
    from core.cluster.host import run_trainer

    return run_trainer(
        Options(
            check_address(options.address),
            options.name,
            secrets.token_hex(8),
            options.threads or os.cpu_count() or 1,
            options.memory_limit,
            options.port,
        )
    )


def _positive(text: str) -> int:
    """A whole number from 1 up."""
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 10**9:
        raise argparse.ArgumentTypeError(f"must be a whole number from 1 up, not {text!r}")
    return int(text)


def _port(text: str) -> int:
    """A number of a TCP port."""
    port = _positive(text)
    if port > MAX_PORT:
        raise argparse.ArgumentTypeError(f"must be a whole number from 1 to {MAX_PORT}, not {port}")
    return port
