"""A hostile plugin harms itself: the host answers in time, says what it did, and goes on."""

import asyncio
import os
import resource
import time
from pathlib import Path
from typing import Any

import pytest

from tests.plugins.conftest import Bench, Write
from tests.plugins.hostile import Hostile, hostile
from xstock_node.plugins import calls, landlock, sandbox
from xstock_node.plugins.calls import Defect
from xstock_node.plugins.host import PluginHost
from xstock_node.protocol import limits
from xstock_node.services.syncing import staged_of

SECONDS = 3.0
GROWTH = 128 * limits.MIB


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorter times, the same rules."""
    monkeypatch.setattr(limits, "PLUGIN_START", 5.0)
    monkeypatch.setattr(limits, "PLUGIN_GRACE", 0.5)
    monkeypatch.setattr(limits, "PLUGIN_LINES", 5_000)
    monkeypatch.setattr(limits, "PLUGIN_DRAIN", 1.0)
    monkeypatch.setattr(limits, "PLUGIN_STREAM", 32 * limits.MIB)
    for name in ("describe", "snapshot"):
        found = calls.METHODS["inventory-source"][name]._replace(seconds=SECONDS)
        monkeypatch.setitem(calls.METHODS["inventory-source"], name, found)  # type: ignore[arg-type]
    monkeypatch.setitem(  # a leak is found when it is large, whatever else is asked of it
        calls.METHODS["inventory-source"], "fits", calls.METHODS["inventory-source"]["fits"]._replace(seconds=SECONDS)
    )  # type: ignore[arg-type]


async def use(host: PluginHost, name: str) -> str:
    """Describe and read it, as the node does; what went wrong."""
    (adapter,) = host.of_kind("inventory-source")
    try:
        await adapter.plugin.call("inventory-source", name, "describe")
        await staged_of(adapter)
    except Exception as error:
        return str(error)
    return ""


BARE = (
    *("h-kills-the-node", "h-opens-a-socket", "h-reads-the-key", "h-segfaults", "h-fork-bomb", "h-thread-bomb"),
    *("h-destroys-the-key", "h-empties-the-key", "h-goes-by-a-folder", "h-goes-by-a-database", "h-looks-at-the-node"),
)
QUICK = (
    "h-import-missing",
    "h-segfaults",
    "h-leaves",
    "h-wrong-type",
    "h-reads-the-key",
    "h-endless",
    "h-one-key-twice",
    "h-answers-for-a-notifier",
    "h-destroys-the-key",
    "h-answers-what-nobody-asked",
)


def cases() -> list[Any]:
    """Each inside bubblewrap where it works, some behind Landlock, some without; all but a few take seconds."""
    found = [(one, "auto") for one in hostile()]
    found += [(one, mode) for mode in ("Landlock", "never") for one in hostile() if one.name in BARE]
    return [pytest.param(*case, marks=[] if case[0].name in QUICK else [pytest.mark.heavy]) for case in found]


@pytest.mark.parametrize(("one", "mode"), cases(), ids=lambda value: getattr(value, "name", value))
async def test_a_hostile_plugin_is_named_with_its_deed_and_costs_the_node_nothing(
    write: Write, bench: Bench, one: Hostile, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if mode == "Landlock":
        mode = without_bubblewrap(monkeypatch)
    elif mode == "auto":
        assert sandbox.bubblewrap() or os.environ.get("CI") != "true", "bubblewrap is to be installed where CI runs"
    key = bench.home / "keys" / "signing.key"
    key.parent.mkdir()
    key.write_bytes(b"secret")
    server = await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    bench.settings(one.name, f'node = "{os.getpid()}"\nport = "{port}"\nkey = "{key}"')
    host = bench.host(write(one.code, one.manifest, name=one.name), mode=mode)
    assert [s.state for s in host.statuses] == ["loaded"]
    plugin, lag = host.plugins[one.name], asyncio.ensure_future(longest_wait())
    began, before = time.monotonic(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    why = await use(host, one.name)
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * limits.KIB < GROWTH
    assert key.read_bytes() == b"secret"
    assert time.monotonic() - began < 20
    lag.cancel()
    assert await lag < 1.0
    assert one.says in why and (not one.says or why), why
    assert why.isprintable() and len(why) < 1_500
    if one.at == "load":
        status = host.statuses[0]
        assert status.state == "quarantined" and one.says in status.reason and one.name in status.do
    elif one.says:
        (tally,) = plugin.tallies()
        assert tally.errors == 1 and one.says in tally.last_error
        assert [level for _, level, text in bench.ways.said if one.name in text or one.says in text]
    server.close()


async def longest_wait() -> float:
    """How long the event loop let others wait, until it is cancelled."""
    longest = 0.0
    try:
        while True:
            began = time.monotonic()
            await asyncio.sleep(0.01)
            longest = max(longest, time.monotonic() - began - 0.01)
    except asyncio.CancelledError:
        return longest


def without_bubblewrap(monkeypatch: pytest.MonkeyPatch) -> str:
    """The mode in which Landlock holds a plugin, on a machine where bubblewrap does not work."""
    if not landlock.works():
        pytest.skip("the kernel has no Landlock, or it is off")
    monkeypatch.setattr(sandbox, "bubblewrap", lambda: "")
    assert sandbox.walls("auto") == "Landlock"
    return "auto"


@pytest.mark.parametrize("walls", ["bubblewrap", "Landlock"])
async def test_what_python_s_own_guard_does_not_see_the_walls_stop(
    write: Write, bench: Bench, walls: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if walls == "Landlock":
        without_bubblewrap(monkeypatch)
    elif not sandbox.bubblewrap():
        assert os.environ.get("CI") != "true", "bubblewrap is to be installed where CI runs"
        pytest.skip("no bubblewrap here")
    key = bench.home / "signing.key"
    key.write_bytes(b"secret")
    server = await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    source = """
    async def describe(self, context):
        libc = ctypes.CDLL(None, use_errno=True)
        opened = libc.open(context.settings.key.encode(), 0)
        where = b"\\x02\\x00" + int(context.settings.port).to_bytes(2, "big") + b"\\x7f\\x00\\x00\\x01" + bytes(8)
        joined = libc.connect(libc.socket(2, 1, 0), where, 16)
        killed = libc.kill(int(context.settings.node), 0)
        try:
            seen = sorted(os.listdir("/"))
        except PermissionError:
            seen = []
        return Capabilities(system=f"{opened} {joined} {killed} {seen}")
    """
    one = Hostile("h-goes-under-python", "", "", "")
    from tests.plugins.hostile import HEAD, SOURCE, TAIL

    code = HEAD + SOURCE.format(name=one.name) + source + TAIL
    bench.settings(one.name, f'node = "{os.getpid()}"\nport = "{port}"\nkey = "{key}"')
    host = bench.host(write(code, one.manifest, name=one.name))
    found = await host.plugins[one.name].call("inventory-source", one.name, "describe")
    assert found.system.startswith("-1 -1 -1 "), found.system
    assert "'var'" not in found.system and "'opt'" not in found.system
    server.close()


async def test_a_process_that_died_is_started_again_after_a_wait_that_grows(write: Write, bench: Bench) -> None:
    (one,) = (h for h in hostile() if h.name == "h-segfaults")
    bench.settings(one.name)
    host = bench.host(write(one.code, one.manifest, name=one.name))
    plugin = host.plugins[one.name]
    waits = []
    for _ in range(3):
        with pytest.raises(Defect):
            await plugin.call("inventory-source", one.name, "describe")
        (tally,) = plugin.tallies()
        waits.append(tally.next_at - bench.ways.now())
        refused = await use(host, one.name)
        assert "waits" in refused and plugin.tallies()[0].calls == len(waits)
        bench.ways.ahead += waits[-1] * 10
    assert waits[0] < waits[1] < waits[2]


def test_at_least_twenty_kinds_are_tried(tmp_path: Path) -> None:
    assert len({one.name for one in hostile()}) >= 20
