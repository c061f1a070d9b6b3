"""A node tells systemd that it is ready, that it answers, and that it stops; elsewhere it tells nobody."""

import asyncio
import os
import socket
from pathlib import Path

import pytest

from xstock_node.cli.notify import tell, told


@pytest.fixture
def manager(tmp_path: Path) -> socket.socket:
    line = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    line.bind(str(tmp_path / "notify"))
    line.settimeout(5)
    return line


async def heard(line: socket.socket) -> str:
    return (await asyncio.to_thread(line.recv, 100)).decode()


async def test_ready_comes_first_and_stopping_last(manager: socket.socket) -> None:
    with manager:
        async with told({"NOTIFY_SOCKET": manager.getsockname()}):
            assert await heard(manager) == "READY=1"
        assert await heard(manager) == "STOPPING=1"


async def test_a_watched_node_answers_in_half_of_the_time_that_it_has(manager: socket.socket) -> None:
    watched = {"NOTIFY_SOCKET": manager.getsockname(), "WATCHDOG_USEC": "20000", "WATCHDOG_PID": str(os.getpid())}
    with manager:
        async with told(watched):
            assert [await heard(manager) for _ in range(4)] == ["READY=1", *["WATCHDOG=1"] * 3]


async def test_another_process_s_watchdog_is_left_alone(manager: socket.socket) -> None:
    watched = {"NOTIFY_SOCKET": manager.getsockname(), "WATCHDOG_USEC": "1000", "WATCHDOG_PID": "1"}
    with manager:
        async with told(watched):
            await asyncio.sleep(0.05)
        assert [await heard(manager) for _ in range(2)] == ["READY=1", "STOPPING=1"]


def test_nobody_is_told_where_nobody_listens(tmp_path: Path) -> None:
    assert not tell("READY=1", {})
    assert not tell("READY=1", {"NOTIFY_SOCKET": "vsock:2:1234"})
    assert not tell("READY=1", {"NOTIFY_SOCKET": str(tmp_path / "gone")})
