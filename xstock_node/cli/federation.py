"""Nodes of this machine as processes, each with a data folder; and the six of the demo with their own stock."""

import asyncio
import secrets
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
PORTS, TRIES = range(15_000, 32_000), 40
SETTINGS = """
[local_port]
port = {port}

[plugins]
allow = ["xstock-spreadsheet", "xstock-cap"]

[approvals]
percent = 100
value = 1000000000
"""
"""A console on this machine; warnings are read; one person, who is alone in an exercise, signs for a society."""
T = TypeVar("T")


class Thread(NamedTuple):
    """Calls routes from a thread, so that six nodes are asked at once."""

    session: SocketSession

    async def call(self, name: str, request: Any = None) -> Any:
        """The answer of a route."""
        return await asyncio.to_thread(lambda: asyncio.run(self.session.call(name, request)))


class StockList(NamedTuple):
    """A store's own list as a file, and what a person confirmed about its lines."""

    name: str
    content: bytes
    decisions: list[Decision]


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
    """One national node of the demo: what it is, its stock list, and what its people confirmed of it.

    `catalogue` are items of its own, as a file of `xstock catalogue import`; `console` the port of its console.
    """

    def __init__(self, home: Path, answers: Answers, stock: StockList, console: int, catalogue: bytes = b"") -> None:
        super().__init__(home, answers.name, answers.port)
        self.country, self.answers, self.stock = answers.country, answers, stock
        self.catalogue, self.console = catalogue, console

    @property
    def address(self) -> str:
        """Where its console is."""
        return f"http://localhost:{self.console}"


class Ports(NamedTuple):
    """Where a node listens to its peers, and to the browsers of this machine."""

    peers: int
    console: int


def own_nodes(folder: Path, ports: Sequence[Ports]) -> list[DemoNode]:
    """The six of our own data."""
    return [_own_node(folder / c, own_data() / c, port) for c, port in zip(COUNTRIES, ports, strict=True)]


def own_data() -> Path:
    """The folder of our own data."""
    return PACKED if PACKED.is_dir() else IN_TREE


def found_federation(nodes: Sequence[DemoNode], now: int) -> None:
    """Make the data folders and pin each society's identity at the others. `now` is unix seconds."""
    for node in nodes:
        create(node.home, node.answers, now)
        with (node.home / "config.toml").open("a", encoding="utf-8") as file:
            file.write(SETTINGS.format(port=node.console))
    for node in nodes:
        pin(node, [other for other in nodes if other is not node])


def ports_for(count: int) -> list[Ports]:
    """Ports that are free now, two for each node."""
    free = free_ports(2 * count)
    return [Ports(peers, console) for peers, console in zip(free[:count], free[count:], strict=True)]


def place_of(country: str) -> tuple[float, float] | None:
    """Where the society of a country is in our own data: latitude and longitude, None for another country."""
    file = own_data() / country.lower() / "node.toml"
    if not file.is_file():
        return None
    facts = tomllib.loads(file.read_text("utf-8"))["node"]
    return facts["lat"], facts["lon"]


def _own_node(home: Path, source: Path, ports: Ports) -> DemoNode:
    facts = tomllib.loads((source / "node.toml").read_text("utf-8"))
    node, file = facts["node"], source / facts["stock"]
    answers = Answers(
        name=node["name"],
        organisation=node["organisation"][node["languages"][0]],
        country=node["country"],
        languages=node["languages"],
        url=f"http://127.0.0.1:{ports.peers}",
        exercise=EXERCISE,
        place=node["place"],
        latitude=node["lat"],
        longitude=node["lon"],
        port=ports.peers,
        allow_private=True,
        share=facts.get("share", {}),
    )
    decisions = msgspec.convert(facts.get("confirm", []), list[Decision])
    return DemoNode(home, answers, StockList(file.name, file.read_bytes(), decisions), ports.console)


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
    """Ports that are free now; all are held until the last is known, so that they differ.

    They lie below those that systems give to calls going out: a node is told its port long before it listens there.
    """
    holders = [_held() for _ in range(count)]
    try:
        return [holder.getsockname()[1] for holder in holders]
    finally:
        for holder in holders:
            holder.close()


def _held() -> socket.socket:
    for port in [PORTS.start + secrets.randbelow(len(PORTS)) for _ in range(TRIES)] + [0]:
        holder = socket.socket()
        try:
            holder.bind(("127.0.0.1", port))
            return holder
        except OSError:
            holder.close()
    raise Refusal("no-port", "a free port on this machine", "none", "end other programs")


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
