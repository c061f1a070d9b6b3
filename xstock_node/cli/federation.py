"""Nodes of this machine as processes, each with a data folder; and the six of the demo with their own stock."""

import asyncio
import signal
import socket
import sys
import tomllib
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import msgspec

from xstock_node.cli.init import Answers, create
from xstock_node.cli.session import SOCKET, SocketSession
from xstock_node.services.errors import Refusal
from xstock_node.services.mapping_desk import Decision

PACKED = Path(__file__).parent.parent / "exercise"
IN_TREE = Path(__file__).parent.parent.parent / "deploy" / "exercise"
COUNTRIES = ("at", "bg", "hr", "me", "mk", "rs")
EXERCISE = "demo"
START_SECONDS = 25.0
LOG = "serve.log"
T = TypeVar("T")


class Thread(NamedTuple):
    """Calls routes from a thread, so that six nodes are asked at once."""

    session: SocketSession

    async def call(self, name: str, request: Any = None) -> Any:
        """The answer of a route."""
        return await asyncio.to_thread(lambda: asyncio.run(self.session.call(name, request)))


class LocalNode:
    """A node of this machine: its folder, the port it listens on, its socket, and its process while it runs."""

    def __init__(self, home: Path, name: str, port: int) -> None:
        self.home, self.name, self.port = home, name, port
        self.session = Thread(SocketSession(home / SOCKET))
        self.process: asyncio.subprocess.Process | None = None

    def words(self) -> str:
        """The end of what the process wrote."""
        path = self.home / LOG
        return path.read_text("utf-8", "replace")[-500:] if path.exists() else ""


class DemoNode(LocalNode):
    """One national node of the demo: its stock list and what its people confirmed."""

    def __init__(self, home: Path, source: Path, port: int) -> None:
        facts = tomllib.loads((source / "node.toml").read_text("utf-8"))
        self.facts = facts["node"]
        super().__init__(home, self.facts["name"], port)
        self.country: str = self.facts["country"]
        self.share: dict[str, Any] = facts.get("share", {})
        self.stock = source / facts["stock"]
        self.decisions = msgspec.convert(facts.get("confirm", []), list[Decision])

    def answers(self) -> Answers:
        """What `xstock init` would ask this society."""
        organisation, languages = self.facts["organisation"], self.facts["languages"]
        return Answers(
            name=self.name,
            organisation=organisation[languages[0]],
            country=self.country,
            languages=languages,
            url=f"http://127.0.0.1:{self.port}",
            exercise=EXERCISE,
            place=self.facts["place"],
            latitude=self.facts["lat"],
            longitude=self.facts["lon"],
            port=self.port,
            allow_private=True,
            share=self.share,
        )


def found_federation(folder: Path, now: int) -> list[DemoNode]:
    """Make the six data folders and pin each society's identity at the others. `now` is unix seconds."""
    source = PACKED if PACKED.is_dir() else IN_TREE
    ports = free_ports(len(COUNTRIES))
    nodes = [DemoNode(folder / c, source / c, port) for c, port in zip(COUNTRIES, ports, strict=True)]
    for node in nodes:
        create(node.home, node.answers(), now)
    for node in nodes:
        pin(node, [other for other in nodes if other is not node])
    return nodes


async def start_all(nodes: Sequence[LocalNode]) -> None:
    """Start all processes and wait until each answers."""
    for node in nodes:
        with (node.home / LOG).open("ab") as log:
            node.process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "xstock_node",
                "serve",
                "--home",
                str(node.home),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
    await asyncio.gather(*(_wait_for(node) for node in nodes))


async def stop_all(nodes: Sequence[LocalNode]) -> None:
    """Stop all processes; who does not within five seconds is killed."""
    running = [node.process for node in nodes if node.process is not None and node.process.returncode is None]
    for process in running:
        process.terminate()
    for process in running:
        try:
            await asyncio.wait_for(process.wait(), 5)
        except TimeoutError:
            process.kill()
            await process.wait()


async def _wait_for(node: LocalNode) -> None:
    loop = asyncio.get_running_loop()
    until = loop.time() + START_SECONDS
    assert node.process is not None
    while loop.time() < until:
        if node.process.returncode is not None:
            raise Refusal("not-started", f"{node.name} to start", node.words(), f"see {node.home / LOG}")
        try:
            await node.session.call("peer.list")
            return
        except Refusal:
            await asyncio.sleep(0.1)
    expected = f"{node.name} to answer within {START_SECONDS:.0f} s"
    raise Refusal("not-started", expected, node.words() or "silence", f"see {node.home / LOG}")


def pin(node: LocalNode, others: Sequence[LocalNode]) -> None:
    """Write the identities of others into a node's settings."""
    lines = [""]
    for other in others:
        (node.home / "peers" / f"{other.name}.identity").write_bytes((other.home / "identity.note").read_bytes())
        lines += ["[[peer]]", f'name = "{other.name}"', f'identity = "peers/{other.name}.identity"', ""]
    with (node.home / "config.toml").open("a", encoding="utf-8") as file:
        file.write("\n".join(lines))


def free_ports(count: int) -> list[int]:
    """Ports that are free now; all are held until the last is known, so that they differ."""
    holders = [socket.socket() for _ in range(count)]
    try:
        for holder in holders:
            holder.bind(("127.0.0.1", 0))
        return [holder.getsockname()[1] for holder in holders]
    finally:
        for holder in holders:
            holder.close()


async def until_stopped(stopped: asyncio.Event, work: Coroutine[Any, Any, T]) -> T:
    """Do the work, or end it at once when a person presses Ctrl-C; then KeyboardInterrupt."""
    task = asyncio.ensure_future(work)
    waiting = asyncio.ensure_future(stopped.wait())
    try:
        await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiting.cancel()
        if not task.done():
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
    if task.cancelled():
        raise KeyboardInterrupt
    return task.result()


def stop_by_signal() -> asyncio.Event:
    """An event that SIGINT and SIGTERM set from now on."""
    stopped = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stopped.set)
    return stopped
