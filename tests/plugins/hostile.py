"""The hostile plugins of `hostile.toml`, written out as their authors would have."""

import textwrap
import tomllib
from pathlib import Path
from typing import NamedTuple

HEAD = """
import asyncio, ctypes, gc, os, socket, sqlite3, subprocess, threading, time
from decimal import Decimal
import msgspec
from xstock_node.domain.stock import StockLine
from xstock_node.plugins import Capabilities, NotCarried, RejectedLine, SnapshotEnd, SourceLine, frames, hookimpl

class Settings(msgspec.Struct):
    node: str = "1"
    port: str = "9"
    key: str = "/nonexistent"

def line(key):
    none = {"location": None, "lot": None, "expiry": None}
    thing = StockLine(item_code=key, item_name="Tent", quantity=Decimal(1), unit="pcs", **none)
    return SourceLine(key=key, line=thing)

def shout(frame, seconds):
    (worker,) = (one for one in gc.get_objects() if type(one).__name__ == "Worker")
    raw, until = frames.write(frame), time.monotonic() + seconds
    number = worker._writer.transport.get_extra_info("pipe").fileno()
    os.set_blocking(number, True)
    while time.monotonic() < until:
        rest = memoryview(raw)
        while rest: rest = rest[os.write(number, rest):]
"""
SOURCE = """
class Source:
    name, title, settings = "{name}", "hostile", Settings
    async def describe(self, context): return Capabilities(system="none")
    async def snapshot(self, context): yield SnapshotEnd(as_of=context.now(), count=0)
"""
TAIL = """
@hookimpl
def xstock_register(registry): registry.inventory_source(Source())
"""
MANIFEST = """
api = 3
network = "none"
may = ["read-stock"]
[[adapter]]
kind = "inventory-source"
name = "{name}"
"""


class Hostile(NamedTuple):
    """One of them: its code, where it shows what it is, and what the node says of it."""

    name: str
    at: str
    says: str
    code: str

    @property
    def manifest(self) -> str:
        return MANIFEST.format(name=self.name)


def hostile() -> list[Hostile]:
    """All of them."""
    found = tomllib.loads(Path(__file__).with_name("hostile.toml").read_text("utf-8"))["plugin"]
    return [Hostile(one["name"], one["at"], one["says"], _code(one)) for one in found]


def _code(one: dict[str, str]) -> str:
    source = SOURCE.format(name=one["name"]) + textwrap.indent(one.get("source", ""), "    ")
    tail = TAIL
    if "def register(" in one.get("code", ""):
        tail = one["code"] + "\n@hookimpl\ndef xstock_register(registry): register(registry)\n"
        return HEAD + source + tail
    return HEAD + one.get("code", "") + "\n" + source + tail
