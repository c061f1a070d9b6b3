"""What a hub is made of: its processes, the line in front of them, and the logs that it holds."""

import asyncio
import shutil
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.processes import NodeProcess, free_port, pause
from xstock_node.cli.init import Answers, create
from xstock_node.services.errors import Refusal
from xstock_node.testing.nodes import make_identity
from xstock_node.testing.postgres import Postgres

HUB = "hub.bench.example"
SECRET = "database.conninfo"  # noqa: S105 - the name of a file


class HubProcess(NodeProcess):
    """One process of a hub: a data folder with the keys and settings of all, and ports of its own."""

    health: int

    @classmethod
    def first(cls, folder: Path, url: str, server: Postgres) -> "HubProcess":
        """The first process: a new node whose storage is the server."""
        found = cls.__new__(cls)
        found.home, found.name, found.port = folder / HUB, HUB, free_port()
        found.process, found._begins, found.health = None, 0, free_port()
        answers = Answers(name=HUB, url=url, port=found.port, allow_private=True, country="BG")
        create(found.home, answers, int(time.time()))
        secret = found.home / SECRET
        secret.touch(mode=0o600)
        secret.write_text(server.conninfo(), "utf-8")
        found.add("[storage]", 'engine = "postgresql"', f'connection_file = "{SECRET}"')
        return found

    def twin(self, name: str) -> "HubProcess":
        """Another process of the same node."""
        found = HubProcess.__new__(HubProcess)
        found.home, found.name, found.port = self.home.parent / name, self.name, free_port()
        found.process, found._begins, found.health = None, 0, free_port()
        shutil.copytree(self.home, found.home)
        settings = found.home / "config.toml"
        text = settings.read_text("utf-8").replace(f"port = {self.port}", f"port = {found.port}")
        settings.write_text(text, "utf-8")
        return found

    def add(self, *lines: str) -> None:
        """More settings."""
        with (self.home / "config.toml").open("a", encoding="utf-8") as file:
            file.write("\n".join(["", *lines]) + "\n")

    def pin_made(self, names: Sequence[str], urls: dict[str, str] | None = None) -> None:
        """Pin nodes whose keys are made from their names; those with an address are called."""
        for name in names:
            url = (urls or {}).get(name, "")
            (self.home / "peers" / f"{name}.identity").write_bytes(make_identity(name, url)[0].raw)
            dial = () if url else ("dial = false",)
            self.add("[[peer]]", f'name = "{name}"', f'identity = "peers/{name}.identity"', *dial)

    def role(self) -> str:
        """`leads` or `stands by`; empty while it does not answer."""
        try:
            view = self.call("status")
        except Refusal:
            return ""
        return view.process if view.process == "stands by" or view.running else ""

    def wait_for(self, role: str, seconds: float = 60.0) -> float:
        """Wait until it has a role; how long that took."""
        began = time.monotonic()
        while self.role() != role:
            assert self.process is not None and self.process.poll() is None, self.words()
            assert time.monotonic() - began < seconds, f"not {role!r} in {seconds} s: {self.words()}"
            pause(0.05)
        return time.monotonic() - began


class Front:
    """A proxy in front of the processes: an address that stays, whichever of them is behind it."""

    def __init__(self) -> None:
        self.port = free_port()
        self.behind = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Listen, in a thread of its own."""
        self._thread.start()
        made = asyncio.run_coroutine_threadsafe(asyncio.start_server(self._carry, "127.0.0.1", self.port), self._loop)
        self._server = made.result(10)

    def stop(self) -> None:
        """Close it."""
        self._loop.call_soon_threadsafe(self._server.close)
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _end(self) -> None:
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there, here = await asyncio.open_connection("127.0.0.1", self.behind)
        except OSError:
            writer.close()
            return
        await asyncio.gather(_copy(reader, here), _copy(there, writer), return_exceptions=True)


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


@contextmanager
def front() -> Iterator[Front]:
    """A proxy that is there inside the block."""
    found = Front()
    found.start()
    try:
        yield found
    finally:
        found.stop()
