"""What a request says of the browser that sent it: the device in words, and where it comes from."""

import ipaddress
from typing import Final

from aiohttp import web

from xstock_node.services.signing_in import Caller

_BROWSERS: Final = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS: Final = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)
_NAME: Final = 64


def caller_of(request: web.Request, attempt: str, question: str = "") -> Caller:
    """Who sent a request; `attempt` and `question` are cookies of its browser."""
    forwarded = request.headers.getall("X-Forwarded-For", [])
    return Caller(
        device_of(request.headers.get("User-Agent", "")),
        address_of(request.remote, forwarded),
        attempt[:_NAME],
        question[:_NAME],
    )


def device_of(agent: str) -> str:
    """A User-Agent as people say it, such as `Firefox on Linux`; its first word where it is no browser's."""
    browser = next((name for mark, name in _BROWSERS if mark in agent), "")
    system = next((name for mark, name in _SYSTEMS if mark in agent), "")
    if not browser:
        return agent.split("/")[0].split(" ")[0][:_NAME]
    return f"{browser} on {system}" if system else browser


def address_of(peer: str | None, forwarded: list[str]) -> str:
    """Where a request comes from: the last address that a proxy on this machine names, else that of the connection.

    An IPv6 address counts by its network of 64 bits, of which one person has all.
    """
    here = _network(peer or "")
    if here in ("127.0.0.1", "::/64", "") and forwarded:
        return _network(forwarded[-1].rpartition(",")[2].strip()) or here
    return here


def _network(text: str) -> str:
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return ""
    return str(ipaddress.ip_network((found, 64), strict=False)) if found.version == 6 else str(found)
