"""Where others open the app: the machine's own address that leads to it, or why there is none."""

import asyncio
from types import SimpleNamespace

import pytest
from streamlit import config

from views.server import network
from views.server.network import IN_CONTAINER, NO_NETWORK, ONLY_HERE, OPEN_TO_OTHERS

LOOPBACK = {"lo": ["127.0.0.1", "::1"]}
WIFI = {"wlan0": ["192.168.1.23", "fe80::1%wlan0", "2001:db8:1::23"]}
CABLE = {"eth0": ["10.1.2.3", "02:fc:00:00:00:01"]}
DOCKER = {"docker0": ["172.17.0.1"], "veth12": ["169.254.3.4"], "br-af": ["172.18.0.1"]}
VPN = {"tun0": ["10.8.0.2"]}


@pytest.fixture
def machine(monkeypatch):
    """A machine with these interfaces, which shows `outgoing` to the outside, and options of the
    server."""

    def make(interfaces, outgoing=(), down=(), container=False, **options):
        entries = {
            name: [SimpleNamespace(address=text) for text in texts]
            for name, texts in interfaces.items()
        }
        stats = {name: SimpleNamespace(isup=name not in down) for name in interfaces}
        monkeypatch.setattr(network.psutil, "net_if_addrs", lambda: entries)
        monkeypatch.setattr(network.psutil, "net_if_stats", lambda: stats)
        monkeypatch.setattr(network, "_outgoing", lambda: iter(outgoing))
        monkeypatch.setattr(network, "is_in_container", lambda: container)
        chosen = {"browser.serverPort": 8501, "browser.serverAddress": "localhost"} | {
            name.replace("_", "."): value for name, value in options.items()
        }
        monkeypatch.setattr(config, "get_option", chosen.get)
        monkeypatch.setattr(config, "is_manually_set", lambda name: name in chosen)
        return network.addresses_for_others()

    return make


def test_the_address_in_the_wifi_is_offered(machine):
    assert machine(LOOPBACK | WIFI, ["192.168.1.23"]) == ["http://192.168.1.23:8501"]


def test_docker_leads_nowhere_and_a_vpn_comes_last(machine):
    found = machine(LOOPBACK | DOCKER | VPN | WIFI, ["10.8.0.2"])
    assert found == ["http://192.168.1.23:8501", "http://10.8.0.2:8501"]


def test_of_two_networks_the_one_with_a_way_out_comes_first(machine):
    both = ["http://10.1.2.3:8501", "http://192.168.1.23:8501"]
    assert machine(WIFI | CABLE, ["10.1.2.3"]) == both
    assert machine(WIFI | CABLE, ["192.168.1.23"]) == both[::-1]
    assert machine(WIFI | CABLE, down=["eth0"]) == both[1:]


def test_a_network_without_a_way_out_will_do(machine):
    assert machine(LOOPBACK | CABLE) == ["http://10.1.2.3:8501"]


def test_an_address_of_ipv6_is_offered_where_there_is_no_other(machine):
    only = {"eth0": ["fe80::1%eth0", "fd00::2"]}
    assert machine(LOOPBACK | only) == ["http://[fd00::2]:8501"]
    assert machine(LOOPBACK | only, server_address="0.0.0.0") == []  # which is IPv4 alone


@pytest.mark.parametrize("address", ["localhost", "127.0.0.1", "::1", "unix:///run/app.sock"])
def test_a_server_for_this_machine_alone_offers_nothing(machine, address):
    assert machine(LOOPBACK | WIFI, server_address=address) == []


def test_why_there_is_none(machine):
    machine(LOOPBACK)
    assert network.why_nobody_else() == NO_NETWORK
    machine(LOOPBACK | WIFI, server_address="localhost")
    assert network.why_nobody_else() == ONLY_HERE


def test_the_operator_knows_best(machine):
    named = machine(WIFI, browser_serverAddress="sums.local", browser_serverPort=80)
    assert named == ["http://sums.local"]
    assert machine(WIFI, server_address="10.9.9.9") == ["http://10.9.9.9:8501"]
    secure = machine(WIFI, server_sslCertFile="cert.pem", browser_serverPort=443)
    assert secure == ["https://192.168.1.23"]


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST", "127.0.0.1", "127.8.8.8", "::1", "[::1]", "a.localhost"]
)
def test_an_address_of_every_machine_itself_is_local(host):
    assert network.is_local(host)


@pytest.mark.parametrize("host", ["", "192.168.1.23", "sum.example.org", "localhost.example.org"])
def test_others_are_not(host):
    assert not network.is_local(host)


@pytest.mark.parametrize(
    ("interfaces", "container", "expected"),
    [
        (WIFI, False, ["For others in this network: http://192.168.1.23:8501", OPEN_TO_OTHERS]),
        (CABLE, True, ["For others in this network: http://10.1.2.3:8501", OPEN_TO_OTHERS]),
        (LOOPBACK, False, [NO_NETWORK]),
    ],
)
def test_the_start_prints_where_others_open_it(machine, capsys, interfaces, container, expected):
    machine(interfaces, container=container)

    async def start():
        async with network.announce(None):
            pass

    asyncio.run(start())
    lines = [line.strip() for line in capsys.readouterr().out.splitlines() if line.strip()]
    assert lines == [*expected, *([IN_CONTAINER] if container else [])]
