"""Which addresses may be dialled: a resolver that checks what a name resolves to and pins it for the connection."""

import errno
import ipaddress
import re
import socket
from urllib.parse import urlsplit

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from xstock_node.protocol.errors import ProtocolError

_METADATA = {"169.254.169.254", "fd00:ec2::254", "100.100.100.200"}
# Other letters become ASCII only when the client dials: "①27.0.0.1" would pass as a name and reach 127.0.0.1.
_HOST = re.compile(r"[A-Za-z0-9._-]{1,253}")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def check_address(text: str, allow_private: bool) -> None:
    """Raise unless the address may be dialled. Embedded IPv4 (mapped, NAT64, 6to4) counts as what it embeds."""
    address: Address = ipaddress.ip_address(text.partition("%")[0])
    address = _embedded(address)
    # Python counts ::1 as reserved, and the site-local addresses of old as global.
    reserved = (address.is_reserved and not address.is_loopback) or getattr(address, "is_site_local", False)
    refused = address.is_multicast or address.is_unspecified or reserved or str(address) in _METADATA
    if refused or address.is_link_local or not (address.is_global or allow_private):
        raise ProtocolError(
            "a public address", str(address), "set peers.allow_private for private or loopback addresses"
        )


def check_url(url: str, allow_private: bool) -> None:
    """Raise unless a base URL may be dialled at all: https, or http where private addresses are allowed (xs1 9.8)."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise ProtocolError("a URL", str(error)) from None
    host = parts.hostname or ""
    if parts.scheme not in ("https", "http") or not host or parts.username or parts.query or parts.fragment:
        raise ProtocolError("an https URL without user, query or fragment", url)
    if ":" not in host and not _HOST.fullmatch(host):
        raise ProtocolError("a host of ASCII letters, digits, dots and hyphens", host, "write the name as xn--")
    if parts.scheme == "http" and not allow_private:
        raise ProtocolError("https", url, "set peers.allow_private to dial http on your own network")
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return
    check_address(host, allow_private)


class CheckingResolver(AbstractResolver):
    """Resolves by the system and drops every address that may not be dialled."""

    def __init__(self, allow_private: bool) -> None:
        self._inner = ThreadedResolver()
        self._allow_private = allow_private

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """The addresses of `host` that may be dialled; the connection uses these and asks no more."""
        found = await self._inner.resolve(host, port, family)
        for result in found:
            try:
                check_address(result["host"], self._allow_private)
            except ProtocolError as error:
                raise OSError(errno.EACCES, error.sentence()) from None
        return found

    async def close(self) -> None:
        """Nothing is held."""
        await self._inner.close()


def _embedded(address: Address) -> Address:
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is None and address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        return inner or address
    return address
