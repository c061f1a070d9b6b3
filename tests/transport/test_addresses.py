"""Which addresses may be dialled: private ones are refused in every spelling, names by what they resolve to."""

import asyncio
import socket

import pytest
from aiohttp.resolver import ThreadedResolver

from xstock_node.protocol.errors import ProtocolError, Unreachable
from xstock_node.transport.addresses import CheckingResolver, check_address, check_url
from xstock_node.transport.client import Stranger

REFUSED = [
    "127.0.0.1", "127.255.255.254", "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "172.16.0.1",  # noqa: S104
    "172.31.255.255", "192.168.0.1", "169.254.1.1", "169.254.169.254", "100.64.0.1", "100.100.100.200", "192.0.0.1",
    "192.0.2.1", "198.18.0.1", "198.51.100.7", "203.0.113.9", "224.0.0.1", "239.255.255.250", "240.0.0.1",
    "255.255.255.255", "::", "::1", "::ffff:127.0.0.1", "::ffff:7f00:1", "::ffff:10.0.0.1", "::ffff:169.254.169.254",
    "0:0:0:0:0:ffff:c0a8:1", "64:ff9b::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b::10.1.2.3",
    "64:ff9b:1::7f00:1", "2002:7f00:1::", "2002:a00:1::1", "2002:c0a8:101::", "2002:a9fe:a9fe::", "fe80::1",
    "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "fd12:3456::1", "fec0::1", "ff02::1", "2001:db8::1", "100::1",
    "::127.0.0.1", "::10.0.0.1", "2001::7f00:1", "::ffff:0:127.0.0.1",
]  # fmt: skip
TAKEN = ["8.8.8.8", "193.0.6.139", "2a00:1450:4001:801::200e", "::ffff:8.8.8.8", "64:ff9b::808:808"]
NEVER = ["169.254.169.254", "::ffff:169.254.169.254", "fd00:ec2::254", "64:ff9b::a9fe:a9fe", "0.0.0.0", "ff02::1"]  # noqa: S104
ODD_HOSTS = [
    "2130706433",
    "0x7f000001",
    "0177.0.0.1",
    "127.1",
    "0x7f.1",
    "017700000001",
    "localhost",
    "127.0.0.1.",
    "①27.0.0.1",
]


@pytest.mark.parametrize("address", REFUSED)
# xs1 9.8
def test_an_address_that_is_not_public_is_refused(address: str) -> None:
    with pytest.raises(ProtocolError):
        check_address(address, allow_private=False)


@pytest.mark.parametrize("address", TAKEN)
def test_a_public_address_is_taken(address: str) -> None:
    check_address(address, allow_private=False)


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.1", "192.168.1.1", "::1", "fd12:3456::1", "100.64.0.1"])
def test_private_addresses_are_taken_by_explicit_setting(address: str) -> None:
    check_address(address, allow_private=True)


@pytest.mark.parametrize("address", NEVER)
def test_metadata_and_nobodys_addresses_are_refused_even_then(address: str) -> None:
    with pytest.raises(ProtocolError):
        check_address(address, allow_private=True)


@pytest.mark.parametrize(
    "url",
    [
        "http://node.example",
        "ftp://node.example",
        "file:///etc/passwd",
        "https://",
        "https:///x",
        "https://user@node.example",
        "https://user:secret@node.example",
        "https://node.example/?x=1",
        "https://node.example/#x",
        "https://127.0.0.1",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]:8443/x",
        "https://[fe80::1%25eth0]/",
        "//node.example",
        "node.example",
        "",
    ],
)
# xs1 9.8
def test_a_url_that_may_not_be_dialled_is_refused(url: str) -> None:
    with pytest.raises(ProtocolError):
        check_url(url, allow_private=False)


@pytest.mark.parametrize("url", ["https://[::1", "https://[x]", "https://node.example:99999", "https://node.example:x"])
def test_a_malformed_url_is_a_protocol_error_too(url: str) -> None:
    with pytest.raises(ProtocolError):
        check_url(url, allow_private=False)


def test_https_is_taken_and_http_by_explicit_setting() -> None:
    check_url("https://node.example:8443/base", allow_private=False)
    check_url("http://127.0.0.1:8000", allow_private=True)


@pytest.mark.parametrize("host", ODD_HOSTS)
async def test_odd_spellings_of_loopback_are_refused_where_they_resolve(host: str, monkeypatch) -> None:
    resolver = CheckingResolver(allow_private=False)

    async def resolve(*asked: object) -> list[dict[str, object]]:
        return [{"hostname": host, "host": "127.0.0.1", "port": 443, "family": socket.AF_INET, "proto": 0, "flags": 0}]

    monkeypatch.setattr(resolver._inner, "resolve", resolve)
    with pytest.raises(OSError, match="public address"):
        await resolver.resolve(host, 443)
    await resolver.close()


MAPPED = [
    "①27.0.0.1",
    "127。0。0。1",
    "１２７.0.0.1",
    "１27.1",
    "ⓛocalhost",
    "%31%32%37.0.0.1",
    "127.0.0.1%00",
    "127.0.0.1%2f",
]


@pytest.mark.parametrize("host", MAPPED)
def test_a_host_that_is_mapped_to_ascii_only_when_it_is_dialled_is_refused_before(host: str) -> None:
    for allow_private in (False, True):
        with pytest.raises(ProtocolError):
            check_url(f"https://{host}", allow_private)


async def test_no_spelling_of_an_inner_address_is_dialled() -> None:
    """Through the client as it is: over sixty spellings, and a listener that would hear of each."""
    heard: list[object] = []
    listener = await asyncio.start_server(lambda reader, writer: (heard.append(1), writer.close()), "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    literal = [f"[{address}]" if ":" in address else address for address in REFUSED]
    hosts = [*literal, *ODD_HOSTS, *MAPPED, "LOCALHOST", "127.0.0.1.", "0", "[::ffff:127.0.0.1]", "[::1%25lo]"]
    assert len(set(hosts)) >= 60
    stranger = Stranger(allow_private=False)
    for host in hosts:
        with pytest.raises(ProtocolError):
            await stranger.look(f"https://{host}:{port}/.well-known/xstock")
    assert heard == []
    with pytest.raises(ProtocolError):
        await Stranger(allow_private=True).look(f"https://127.0.0.1:{port}/")
    assert heard, "the listener hears"
    listener.close()


async def test_a_dead_resolver_is_unreachable_and_nothing_else(monkeypatch) -> None:
    async def resolve(*asked: object) -> list[dict[str, object]]:
        raise OSError(None, "no name server answers")

    monkeypatch.setattr(ThreadedResolver, "resolve", resolve)
    with pytest.raises(Unreachable, match="no name server"):
        await Stranger(allow_private=False).look("https://node.example/.well-known/xstock")


async def test_a_name_with_one_private_address_among_public_ones_is_refused(monkeypatch) -> None:
    resolver = CheckingResolver(allow_private=False)

    async def resolve(*asked: object) -> list[dict[str, object]]:
        return [{"host": address} for address in ("8.8.8.8", "10.0.0.1")]

    monkeypatch.setattr(resolver._inner, "resolve", resolve)
    with pytest.raises(OSError, match="public address"):
        await resolver.resolve("rebind.example", 443)
