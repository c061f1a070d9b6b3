"""Which addresses may be dialled: a resolver that checks what a name resolves to and pins it for the connection."""

import asyncio
import errno
import ipaddress
import re
import socket
from urllib.parse import urlsplit

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from xstock_node.protocol.errors import ProtocolError
from xstock_node.transport.address_book import AddressBook

PATIENCE = 5.0  # seconds that a name is waited for where its last addresses are known
SILENT_FOR = 60.0  # seconds in which a service of names that failed is not asked for the same name again
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
    """Resolves by the system and drops every address that may not be dialled.

    Where the system cannot tell, or not in time, the last known addresses of the name are taken from the book.
    """

    def __init__(self, allow_private: bool, book: AddressBook | None = None) -> None:
        self._inner: AbstractResolver = ThreadedResolver()
        self._allow_private, self._book = allow_private, book
        self._silent_until: dict[str, float] = {}

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """The addresses of `host` that may be dialled; the connection uses these and asks no more."""
        found = await self._ask(host, port, family)
        for result in found:
            try:
                check_address(result["host"], self._allow_private)
            except ProtocolError as error:
                raise OSError(errno.EACCES, error.sentence()) from None
        return found

    async def _ask(self, host: str, port: int, family: socket.AddressFamily) -> list[ResolveResult]:
        recalled = self._recall(host, port, family)
        loop = asyncio.get_running_loop()
        if recalled and loop.time() < self._silent_until.get(host, 0.0):
            return recalled
        try:
            async with asyncio.timeout(PATIENCE if recalled else None):
                found = await self._inner.resolve(host, port, family)
        except (OSError, TimeoutError):
            if not recalled:
                raise
            self._silent_until[host] = loop.time() + SILENT_FOR
            return recalled
        if self._book is not None:
            self._book.note(host, tuple(dict.fromkeys(result["host"] for result in found)))
        return found

    def _recall(self, host: str, port: int, family: socket.AddressFamily) -> list[ResolveResult]:
        """The last known addresses of a name, in the form in which the system tells them."""
        kinds = {4: socket.AF_INET, 6: socket.AF_INET6}
        found = []
        for address in self._book.recall(host) if self._book is not None else ():
            kind = kinds[ipaddress.ip_address(address.partition("%")[0]).version]
            if family in (kind, socket.AF_UNSPEC):
                flags = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
                found.append(ResolveResult(hostname=host, host=address, port=port, family=kind, proto=0, flags=flags))
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
