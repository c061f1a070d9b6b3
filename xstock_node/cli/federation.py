"""Six data folders, six processes: the federation of the demo, each node with the exercise stock of its country."""

import asyncio
import socket
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

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


class Thread(NamedTuple):
    """Calls routes from a thread, so that six nodes are asked at once."""

    session: SocketSession

    async def call(self, name: str, request: Any = None) -> Any:
        """The answer of a route."""
        return await asyncio.to_thread(lambda: asyncio.run(self.session.call(name, request)))


class DemoNode:
    """One national node: its folder, its stock list, what its people confirmed, and its process."""

    def __init__(self, home: Path, source: Path, port: int) -> None:
        facts = tomllib.loads((source / "node.toml").read_text("utf-8"))
        self.facts, self.home, self.port = facts["node"], home, port
        self.name: str = self.facts["name"]
        self.country: str = self.facts["country"]
        self.share: dict[str, Any] = facts.get("share", {})
        self.stock = source / facts["stock"]
        self.decisions = msgspec.convert(facts.get("confirm", []), list[Decision])
        self.session = Thread(SocketSession(home / SOCKET))
        self.process: asyncio.subprocess.Process | None = None

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
    ports = _free_ports(len(COUNTRIES))
    nodes = [DemoNode(folder / c, source / c, port) for c, port in zip(COUNTRIES, ports, strict=True)]
    for node in nodes:
        create(node.home, node.answers(), now)
    for node in nodes:
        _pin(node, [other for other in nodes if other is not node])
    return nodes


async def start_all(nodes: Sequence[DemoNode]) -> None:
    """Start all processes and wait until each answers."""
    for node in nodes:
        with (node.home / "serve.log").open("ab") as log:
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


async def stop_all(nodes: Sequence[DemoNode]) -> None:
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


async def _wait_for(node: DemoNode) -> None:
    loop = asyncio.get_running_loop()
    until = loop.time() + START_SECONDS
    assert node.process is not None
    while loop.time() < until:
        if node.process.returncode is not None:
            words = (node.home / "serve.log").read_text("utf-8", "replace")[-500:]
            raise Refusal("demo", f"{node.name} to start", words, f"see {node.home / 'serve.log'}")
        try:
            await node.session.call("peer.list")
            return
        except Refusal:
            await asyncio.sleep(0.1)
    raise Refusal(
        "demo", f"{node.name} to answer within {START_SECONDS:.0f} s", "silence", f"see {node.home / 'serve.log'}"
    )


def _pin(node: DemoNode, others: Sequence[DemoNode]) -> None:
    lines = [""]
    for other in others:
        (node.home / "peers" / f"{other.name}.identity").write_bytes((other.home / "identity.note").read_bytes())
        lines += ["[[peer]]", f'name = "{other.name}"', f'identity = "peers/{other.name}.identity"', ""]
    with (node.home / "config.toml").open("a", encoding="utf-8") as file:
        file.write("\n".join(lines))


def _free_ports(count: int) -> list[int]:
    """Ports that are free now; all are held until the last is known, so that they differ."""
    holders = [socket.socket() for _ in range(count)]
    try:
        for holder in holders:
            holder.bind(("127.0.0.1", 0))
        return [holder.getsockname()[1] for holder in holders]
    finally:
        for holder in holders:
            holder.close()
