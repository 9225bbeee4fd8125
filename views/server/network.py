"""At which addresses others in the network open this app: found on the machine, never asked of a
service outside.

One example: a laptop in the Wi-Fi of a lecture hall, with Docker and a VPN, serves on all of its
interfaces. Others reach it by its address in the Wi-Fi, which is said first; the VPN's comes after
it, and Docker's leads nowhere:

    >>> addresses_for_others()
    ['http://192.168.1.23:8501', 'http://10.8.0.2:8501']
"""

import platform
import re
import socket
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, suppress
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path

import psutil
import streamlit as st
from streamlit import config

LOCAL_NAMES = ("localhost", "0.0.0.0", "::")  # in an address, each is the visitor's own machine
BRIDGES = re.compile(r"(docker|br-|veth|virbr|vmnet|vboxnet|lxc|cni|flannel|podman)", re.IGNORECASE)
TUNNELS = re.compile(r"(tun|tap|wg|ppp|utun|zt|tailscale|ipsec)", re.IGNORECASE)
CONTAINER_FILES = ("/.dockerenv", "/run/.containerenv")
# Documentation addresses (RFC 5737, RFC 3849): to "connect" a datagram socket sends nothing, and
# says which of our own addresses the system would use.
OUTSIDE = {socket.AF_INET: "203.0.113.1", socket.AF_INET6: "2001:db8::1"}

OPEN_TO_OTHERS = (
    "Anyone in that network can open it. To keep it to this machine: make demo ADDRESS=localhost"
)
ONLY_HERE = "It was started for this machine alone: start it with `make demo` to let others in."
NO_NETWORK = "This machine is in no network. Connect it to the one that the others are in."
IN_CONTAINER = (
    "The app runs in a container: if that address does not open, use the one of the machine that "
    "runs the container."
)

Address = IPv4Address | IPv6Address


def addresses_for_others() -> list[str]:
    """Where others in the network open this app, the likeliest first: scheme, host and port."""
    return [_url(host) for host in _hosts()]


def why_nobody_else() -> str:
    """Why there is no such address, and what to do about it."""
    return NO_NETWORK if _served_at() in ("", "0.0.0.0", "::") else ONLY_HERE


def is_local(host: str) -> bool:
    """Does a host name or address lead each machine to itself?"""
    name = host.strip("[]").lower()
    if name in LOCAL_NAMES or name.endswith(".localhost"):
        return True
    with suppress(ValueError):
        return ip_address(name).is_loopback
    return False


def is_in_container() -> bool:
    """Is the network that this process sees one inside the machine (Docker, Podman, WSL)?"""
    inside = any(Path(file).exists() for file in CONTAINER_FILES)
    return inside or "microsoft" in platform.release().lower()


@asynccontextmanager
async def announce(_app: st.App) -> AsyncIterator[None]:
    """While the app starts, print where others open it, below Streamlit's own address."""
    addresses = addresses_for_others()
    for address in addresses:
        print(f"  For others in this network: {address}")
    print(f"  {OPEN_TO_OTHERS if addresses else why_nobody_else()}")
    if addresses and is_in_container():
        print(f"  {IN_CONTAINER}")
    print(flush=True)
    yield


def _served_at() -> str:
    """The address that the server listens at; "" is all of the machine's."""
    return str(config.get_option("server.address") or "")


def _hosts() -> list[str]:
    """Hosts that lead others here, the likeliest first."""
    named = str(config.get_option("browser.serverAddress") or "")
    if named and not is_local(named) and config.is_manually_set("browser.serverAddress"):
        return [named]  # the operator knows best
    served = _served_at()
    if served in ("", "::"):
        return _own_addresses()
    if served == "0.0.0.0":
        return [host for host in _own_addresses() if ":" not in host]
    return [] if is_local(served) or served.startswith("unix://") else [served]


def _own_addresses() -> list[str]:
    """This machine's addresses that others may reach; of IPv6 only where that is the likeliest."""
    preferred, stats = set(_outgoing()), psutil.net_if_stats()
    found = sorted(
        (bool(TUNNELS.match(name)), address.version, str(address) not in preferred, str(address))
        for name, entries in psutil.net_if_addrs().items()
        if name in stats and stats[name].isup and not BRIDGES.match(name)
        for address in _addresses(entry.address for entry in entries)
    )
    return [text for _, version, _, text in found if version == 4 or found[0][1] == 6]


def _addresses(texts: Iterable[str]) -> Iterator[Address]:
    """The IP addresses among those of an interface, but for those that lead no further than its
    cable."""
    for text in texts:
        with suppress(ValueError):
            address = ip_address(text)
            if not (address.is_loopback or address.is_link_local or address.is_unspecified):
                yield address


def _outgoing() -> Iterator[str]:
    """The addresses that this machine shows to the outside, if it has a way there."""
    for family, elsewhere in OUTSIDE.items():
        with suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((elsewhere, 9))
            yield str(probe.getsockname()[0])


def _url(host: str) -> str:
    scheme = "https" if config.get_option("server.sslCertFile") else "http"
    port = config.get_option("browser.serverPort")  # which is server.port, unless it is set
    shown = f"[{host}]" if ":" in host else host
    usual = {"http": 80, "https": 443}[scheme]
    return f"{scheme}://{shown}" + ("" if port == usual else f":{port}")
