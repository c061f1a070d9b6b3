"""Bounds on what a plugin is given: what marks its settings, how long it waits for a server, how much it gets."""

import asyncio
import math
from pathlib import Path

import pytest

from xstock_node.plugins import calls, frames
from xstock_node.plugins import settings as under_test
from xstock_node.plugins.adapters import NotCarried, Undeliverable
from xstock_node.plugins.calls import Defect
from xstock_node.plugins.records import Record, back_off
from xstock_node.protocol import limits
from xstock_node.services.plugin_context import MemoryStore, NodeWays
from xstock_node.transport.plugin_http import NoAnswer, PluginHttp


def mark(folder: Path) -> str:
    found = under_test.read(folder, "sql", ["$file"], [])
    assert found is not None
    return found.mark


@pytest.mark.parametrize(
    ("before", "after", "changes"),
    [
        (b"password", b"other", True),
        (b"x" * 70_000, b"y" * 90_000, False),
        (under_test.SQLITE + b"1", under_test.SQLITE + b"2", False),
    ],
    ids=["a small file", "a large file", "a database"],
)
def test_a_password_that_changes_marks_the_settings_and_a_database_that_changes_does_not(
    tmp_path: Path, before: bytes, after: bytes, changes: bool
) -> None:
    (tmp_path / "sql.toml").write_text('file = "held"')
    (tmp_path / "held").write_bytes(before)
    first = mark(tmp_path)
    (tmp_path / "held").write_bytes(after)
    assert (mark(tmp_path) != first) is changes
    (tmp_path / "sql.toml").write_text('file = "elsewhere"')
    assert mark(tmp_path) != first


@pytest.mark.parametrize("seconds", [0.0, -1.0, math.nan])
async def test_a_time_out_that_is_none_is_a_short_one(seconds: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "PLUGIN_HTTP_LEAST", 0.05)
    gone = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()
        gone.set()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    http = PluginHttp([f"127.0.0.1:{port}"])
    async with asyncio.timeout(5):
        with pytest.raises(NoAnswer):
            await http.request("GET", f"http://127.0.0.1:{port}/", {}, b"", seconds)
    await http.close()
    await gone.wait()
    await asyncio.sleep(0)
    server.close()


def test_the_largest_answers_fit_a_frame() -> None:
    for size in (limits.PLUGIN_HTTP_ANSWER, limits.PLUGIN_STORE_READ_BYTES + limits.PLUGIN_STORE_VALUE):
        assert frames.write(frames.Answer(id=1, value=bytes(size)))


async def test_a_stream_of_large_values_is_read_in_parts_and_none_is_lost() -> None:
    store, found, after = MemoryStore(), [], 0
    for number in range(11):
        await store.write(append=[("s", bytes([number]) * 1_000_000)])
    while part := await store.read("s", after):
        assert sum(len(one.value) for one in part) <= limits.PLUGIN_STORE_READ_BYTES
        found += [one.value[0] for one in part]
        after = part[-1].number
    assert found == list(range(11))


async def test_ways_to_hosts_of_long_ago_are_closed() -> None:
    ways = NodeWays(None)  # type: ignore[arg-type]
    for number in range(3 * limits.PLUGIN_WAYS):
        ways.http("made", (f"host-{number}",))
        ways.http("other", ("host",))
    assert len(ways._https) == limits.PLUGIN_WAYS + 1 and ("other", ("host",)) in ways._https
    await ways.close()


@pytest.mark.parametrize("kind", [NotCarried, Undeliverable])
def test_only_a_notifier_may_say_that_a_notice_is_not_for_it(kind: type[Exception]) -> None:
    assert isinstance(calls.raised(kind.__name__, "no", 0.0, "notifier"), kind)
    assert isinstance(calls.raised(kind.__name__, "no", 0.0, "inventory-source"), Defect)


@pytest.mark.parametrize("seconds", [math.inf, math.nan, -5, "soon", None])
def test_a_wait_that_is_no_number_of_seconds_is_none_or_an_hour(seconds: object) -> None:
    assert calls.bounded(seconds) in (0.0, limits.PLUGIN_RETRY_MAX)
    assert back_off(1, seconds) <= limits.PLUGIN_RETRY_MAX  # type: ignore[arg-type]


@pytest.mark.parametrize(("kind", "waits"), [("route", False), ("page", False), ("inventory-source", True)])
def test_who_causes_errors_of_a_route_keeps_out_nobody(kind: str, waits: bool) -> None:
    record = Record(kind, "made")
    for _ in range(3):
        record.went(0.1, Defect("it raised KeyError"), 1000, "mark")
    assert record.errors == 3
    assert (record.objection(1000, "mark") is not None) is waits
