"""One process a plugin: a stop wins over a start, a caller that leaves leaves nothing behind, siblings go on."""

import asyncio
import os
from pathlib import Path

import pytest

from tests.plugins.conftest import Bench, Write
from xstock_node.plugins.calls import Defect
from xstock_node.plugins.errors import Unauthorised
from xstock_node.plugins.family import family
from xstock_node.plugins.host import PluginHost
from xstock_node.plugins.plugin import Plugin

CODE = """
import asyncio, time, uuid
import msgspec
from xstock_node.plugins import Capabilities, NotCarried, SnapshotEnd, Unauthorised, hookimpl
{first}
ME = uuid.uuid4().hex

class Settings(msgspec.Struct):
    word: str = ""

class Source:
    title, settings = "made", Settings
    def __init__(self, name): self.name = name
    async def describe(self, context):
        if context.settings.word == "refused": raise Unauthorised("no such password")
        while context.settings.word == "waits" and not await context.store.get("go"): await asyncio.sleep(0.01)
        return Capabilities(system=ME)
    async def snapshot(self, context): yield SnapshotEnd(as_of=context.now(), count=0)
    async def issue(self, context, movement): raise Unauthorised("no")
    async def lookup(self, context, key): raise Unauthorised("asked")
    reserve = release = receive = issue

@hookimpl
def xstock_register(registry):
    for name in ("one", "two"): registry.inventory_source(Source(name))
    registry.inventory_writer(Source("one"))
"""
MANIFEST = 'api = 3\nmay = ["read-stock", "write-stock"]\n' + "".join(
    f'[[adapter]]\nkind = "inventory-{kind}"\nname = "{name}"\n'
    for kind, name in (("source", "one"), ("source", "two"), ("writer", "one"))
)
SLOW = "time.sleep(1)"


@pytest.fixture
def make(write: Write, bench: Bench):  # type: ignore[no-untyped-def]
    def run(first: str = "", **settings: object) -> Plugin:
        bench.settings("one")
        bench.settings("two")
        host = bench.host(write(CODE.format(first=first), MANIFEST, name="made-kept"), **settings)
        return host.plugins["made-kept"]

    return run


async def children(at_least: int = 0) -> list[int]:
    """What this process started and what still runs of it."""
    async with asyncio.timeout(10):
        while len(found := [one for one in family(os.getpid())[1:] if lives(one)]) < at_least:  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.01)
    return found


def lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


async def describe(plugin: Plugin, name: str = "one") -> str:
    return str((await plugin.call("inventory-source", name, "describe")).system)


async def test_a_stop_wins_over_a_start_that_is_under_way(make) -> None:  # type: ignore[no-untyped-def]
    plugin, before = make(SLOW), set(await children())
    asked = asyncio.ensure_future(describe(plugin))
    await children(len(before) + 1)
    plugin.disabled = True
    await plugin.stop()
    with pytest.raises(Defect, match="was stopped"):
        await asked
    assert set(await children()) <= before


async def test_a_caller_that_goes_away_leaves_the_start_to_the_others_and_no_orphan(make) -> None:  # type: ignore[no-untyped-def]
    plugin, before = make(SLOW), set(await children())
    leaves, stays = asyncio.ensure_future(describe(plugin)), asyncio.ensure_future(describe(plugin, "two"))
    await children(len(before) + 1)
    leaves.cancel()
    assert await stays
    assert plugin.record("inventory-source", "one").calls == 0
    await plugin.stop()
    assert set(await children()) <= before


async def test_a_call_that_was_cut_short_counts_neither_as_success_nor_as_error(make, bench: Bench) -> None:  # type: ignore[no-untyped-def]
    plugin = make()
    await describe(plugin, "two")
    plugin.record("inventory-source", "one").in_a_row = 3
    bench.settings("one", 'word = "waits"')
    call = asyncio.ensure_future(describe(plugin))
    await asyncio.sleep(0)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    record = plugin.record("inventory-source", "one")
    assert (record.calls, record.errors, record.in_a_row) == (0, 0, 3)


async def test_new_settings_of_one_adapter_do_not_cut_the_calls_of_another(make, bench: Bench) -> None:  # type: ignore[no-untyped-def]
    plugin = make()
    bench.settings("two", 'word = "waits"')
    running = asyncio.ensure_future(describe(plugin, "two"))
    first = await describe(plugin)
    bench.settings("one", 'word = "new"')
    second = await describe(plugin)
    assert second != first and not running.done()
    await bench.ways.store("made-kept").write(put={"go": b"1"})
    assert await running == first


async def test_what_refused_the_source_is_not_asked_by_the_writer_until_the_settings_change(make, bench: Bench) -> None:  # type: ignore[no-untyped-def]
    plugin = make()
    bench.settings("one", 'word = "refused"')
    with pytest.raises(Unauthorised, match="no such password"):
        await describe(plugin)
    for _ in range(2):
        with pytest.raises(Unauthorised, match="stopped at the first refusal"):
            await plugin.call("inventory-writer", "one", "lookup", "k")
        plugin.forgive(stops=False)
    assert plugin.record("inventory-writer", "one").calls == 0
    bench.settings("one", 'word = "mended"')
    await describe(plugin)  # at once: nothing waits after a refusal but for other settings
    with pytest.raises(Unauthorised, match="asked"):
        await plugin.call("inventory-writer", "one", "lookup", "k")


async def test_an_end_that_is_cut_short_goes_on_and_who_comes_later_waits_for_it(make) -> None:  # type: ignore[no-untyped-def]
    plugin = make()
    await describe(plugin)
    link = await plugin._linked()
    process = link._process
    assert process is not None and process.returncode is None
    first = asyncio.ensure_future(link.close())
    await asyncio.sleep(0)
    first.cancel()
    await link.close()
    assert process.returncode is not None


async def test_bubblewrap_that_is_required_and_missing_is_a_defect(make, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr("xstock_node.plugins.sandbox.bubblewrap", lambda: "")
    with pytest.raises(Defect, match="expected bubblewrap"):
        await describe(make(mode="require"))


async def test_a_process_that_cannot_be_started_is_a_defect(make, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr("xstock_node.plugins.sandbox.bubblewrap", lambda: "")
    monkeypatch.setattr("sys.executable", "/nonexistent/python")
    with pytest.raises(Defect, match="expected a process of its own"):
        await describe(make())


def test_a_plugin_without_a_manifest_is_kept_from_the_data_folder_while_it_is_looked_at(
    write: Write, bench: Bench
) -> None:
    key = bench.home / "signing.key"
    key.write_bytes(b"secret")
    code = f"raise RuntimeError('READ ' + open({str(key)!r}).read())"
    host = PluginHost(["acme"], [write(code, None)], mode="never", home=bench.home)
    (status,) = host.statuses
    assert status.state == "quarantined" and "secret" not in status.reason and "reads only" in status.reason
