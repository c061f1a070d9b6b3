"""Nodes of this machine as processes: one that does not start is told with what it wrote."""

import asyncio
from pathlib import Path

import pytest

from xstock_node.cli.federation import LocalNode, free_ports, start_all, stop_all, until_stopped
from xstock_node.services.errors import Refusal


async def test_a_node_that_does_not_start_is_told_in_its_own_words(tmp_path: Path) -> None:
    node = LocalNode(tmp_path, "ns.bg.example", free_ports(1)[0])
    with pytest.raises(Refusal) as refused:
        await start_all([node])
    assert refused.value.code == "not-started" and node.name in refused.value.expected
    assert "config.toml" in refused.value.came
    assert node.process is not None and node.process.returncode == 3
    await stop_all([node])


async def test_ctrl_c_ends_the_work_after_its_own_end() -> None:
    stopped, told = asyncio.Event(), []

    async def work() -> None:
        try:
            stopped.set()
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            told.append("cleaned up")

    with pytest.raises(KeyboardInterrupt):
        await until_stopped(stopped, work())
    assert told == ["cleaned up"]


async def test_work_that_ends_or_fails_by_itself_says_so() -> None:
    async def fine() -> int:
        return 7

    async def wrong() -> int:
        raise Refusal("exercise", "an answer")

    assert await until_stopped(asyncio.Event(), fine()) == 7
    with pytest.raises(Refusal):
        await until_stopped(asyncio.Event(), wrong())
