"""The lines of a real exercise, alone and with real sockets: they carry, they are slow, they are cut and come back."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from xstock_node.testing.exercise import real_lines
from xstock_node.testing.exercise.real_lines import Lines

BG, HR, AT = "ns.bg.example", "ns.hr.example", "ns.at.example"
DELAY = 0.05


class Called:
    """A line to a node that answers every word with itself, and how it is called."""

    def __init__(self, lines: Lines, port: int) -> None:
        self.lines, self.port = lines, port

    async def ask(self, caller: str) -> str:
        """What comes back of a signed request; nothing where the line is cut."""
        reader, writer = await self.open(caller)
        try:
            return (await reader.read(1000)).decode()
        except ConnectionResetError:
            return ""
        finally:
            writer.close()

    async def open(self, caller: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection over which a caller has sent a request."""
        reader, writer = await asyncio.open_connection(self.lines.host, self.port)
        key = f'Signature-Input: xs1=();keyid="{caller}#00000000"\r\n' if caller else ""
        writer.write(f"GET / HTTP/1.1\r\n{key}\r\n".encode())
        return reader, writer


@pytest.fixture
async def called() -> AsyncIterator[Called]:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while piece := await reader.read(1000):
            writer.write(piece)
        writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    lines = Lines()
    try:
        yield Called(lines, await lines.lay(BG, server.sockets[0].getsockname()[1]))
    finally:
        await lines.close()
        server.close()


async def test_a_line_carries_both_ways_and_counts(called: Called) -> None:
    assert HR in await called.ask(HR)
    assert called.lines.carried[HR] == called.lines.carried[BG] > 0


@pytest.mark.parametrize("slow", [BG, HR])
async def test_a_line_is_slow_for_the_called_and_for_the_caller(
    called: Called, slow: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(real_lines, "SLOW_SECONDS", DELAY)
    called.lines.slow.add(slow)
    began = time.monotonic()
    assert await called.ask(HR)
    assert time.monotonic() - began >= 2 * DELAY


async def test_few_bytes_a_second_pass_a_slow_line(called: Called, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(real_lines, "SLOW_SECONDS", 0.0)
    monkeypatch.setattr(real_lines, "SLOW_BYTES", 500)
    called.lines.slow.add(BG)
    began = time.monotonic()
    came = await called.ask(HR)
    assert time.monotonic() - began >= 2 * len(came) / 500


async def test_other_lines_stay_fast(called: Called, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(real_lines, "SLOW_SECONDS", 60.0)
    called.lines.slow.add(AT)
    async with asyncio.timeout(10):
        assert await called.ask(HR)


@pytest.mark.parametrize("down", [BG, HR])
async def test_a_cut_line_carries_nothing_for_whoever_is_cut_off_and_comes_back(called: Called, down: str) -> None:
    called.lines.cut(down)
    assert await called.ask(HR) == ""
    assert called.lines.refused == {down: 1}
    called.lines.heal(down)
    assert HR in await called.ask(HR)


async def test_a_cut_ends_what_is_under_way(called: Called) -> None:
    reader, writer = await called.open(HR)
    assert await reader.read(1000)
    called.lines.cut(HR)
    with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
        await reader.readexactly(1)
    writer.close()


async def test_the_cut_of_one_leaves_the_lines_of_others(called: Called) -> None:
    called.lines.cut(AT)
    assert HR in await called.ask(HR)


async def test_who_does_not_sign_may_be_anybody_and_waits_while_a_node_is_cut_off(called: Called) -> None:
    assert await called.ask("")
    called.lines.cut(AT)
    assert await called.ask("") == ""
