"""The process of an isolated plugin: `python -m xstock_node.plugins.worker`, frames on stdin and stdout.

It limits itself, loads one plugin, says what the plugin registered, and then answers calls until its input ends.
Whatever the plugin prints goes to stderr.
"""

import asyncio
import logging
import os
import time
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
import pluggy

from xstock_node.plugins import calls, frames
from xstock_node.plugins.context import Context, Entry, HttpAnswer
from xstock_node.plugins.desks import DESKS, Far
from xstock_node.plugins.frames import Answer, Ask, Begin, Call, Cancel, Items, Ready, Result, Said
from xstock_node.plugins.guard import restrain
from xstock_node.plugins.hookspecs import PROJECT, Hooks, Registry
from xstock_node.plugins.registered import adapter_of, found_in

BATCH, BATCH_SECONDS = 100, 5.0


def main() -> None:
    """Take the pipes away from the plugin, load it, and serve."""
    said, heard = os.fdopen(os.dup(0), "rb", buffering=0), os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    asyncio.run(_serve(said, heard))
    os._exit(0)  # threads that a plugin left behind hold up nobody


async def _serve(said: BinaryIO, heard: BinaryIO) -> None:
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=2 * 1024 * 1024)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), said)
    transport, protocol = await loop.connect_write_pipe(lambda: asyncio.streams.FlowControlMixin(loop), heard)
    writer = asyncio.StreamWriter(transport, protocol, None, loop)
    begin = await frames.read_down(reader)
    assert isinstance(begin, Begin)
    registry = Registry()
    try:
        restrain(begin)
        load(begin.module, begin.name, registry)
        ready = Ready(adapters=tuple(found_in(registry)))
    except BaseException as error:  # a plugin may raise anything, also SystemExit
        ready = Ready(error=f"{type(error).__name__}: {error}"[:1000])
    writer.write(frames.write(ready))
    await writer.drain()
    if not ready.error:
        await Worker(begin, registry, reader, writer).run()


def load(module: str, name: str, registry: Registry) -> None:
    """Import a plugin and let it register; whatever it raises comes through."""
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(Hooks)
    manager.register(import_module(module), name)
    manager.check_pending()
    manager.hook.xstock_register(registry=registry)


class Worker:
    """Calls of the node to the adapters, and questions of the adapters to the node."""

    def __init__(
        self, begin: Begin, registry: Registry, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._begin, self._registry, self._reader, self._writer = begin, registry, reader, writer
        self._running: dict[int, asyncio.Task[None]] = {}
        self._asked: dict[int, asyncio.Future[Answer]] = {}
        self._number, self._ahead = 0, 0.0
        self._log = logging.getLogger(f"xstock.plugin.{begin.name}")
        self._log.setLevel(logging.INFO)
        self._log.addHandler(_Teller(self))

    async def run(self) -> None:
        """Serve until the node closes its end."""
        while True:
            try:
                frame = await frames.read_down(self._reader)
            except (EOFError, asyncio.IncompleteReadError):
                return
            if isinstance(frame, Call):
                self._ahead = frame.now - time.time()
                task = asyncio.ensure_future(self._answer(frame))
                self._running[frame.id] = task
                task.add_done_callback(lambda _, id_=frame.id: self._running.pop(id_, None))  # type: ignore[misc]
            elif isinstance(frame, Cancel):
                if task_found := self._running.get(frame.id):
                    task_found.cancel()
            elif isinstance(frame, Answer) and (asked := self._asked.pop(frame.id, None)) and not asked.done():
                asked.set_result(frame)

    def tell(self, frame: frames.Up) -> None:
        """Send a frame as soon as there is room."""
        self._writer.write(frames.write(frame))

    async def ask(self, what: str, value: bytes) -> bytes:
        """Ask the node for something; raises what it answers with."""
        self._number += 1
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._asked[self._number] = future
        self.tell(Ask(id=self._number, what=what, value=value))
        await self._writer.drain()
        answer = await future
        if answer.error:
            raise calls.raised(answer.error, answer.text, answer.retry_after)
        return answer.value

    async def _answer(self, call: Call) -> None:
        try:
            value = await self._do(call)
            self.tell(Result(id=call.id, value=value))
        except asyncio.CancelledError:
            self.tell(Result(id=call.id, error="Cancelled", text="it was cut short"))
        except BaseException as error:  # a plugin may raise anything
            word, text, wait = calls.told(error)
            self.tell(Result(id=call.id, error=word, text=text, retry_after=wait))
        await self._writer.drain()

    async def _do(self, call: Call) -> bytes:
        method = calls.METHODS[call.kind][call.method]
        adapter = adapter_of(self._registry, call.kind, call.adapter)
        context = self._context(adapter, call.adapter)
        if call.method == calls.FITS:
            return calls.pack(None, None)
        argument = () if method.takes is None else (calls.unpack(call.argument, method.takes),)
        act = getattr(adapter, call.method)
        if call.kind == "notifier":
            value = await act(*argument, context)
        elif method.stream:
            await self._stream(call.id, act(context, *argument))
            return b""
        else:
            value = await act(context, *argument)
        return calls.pack(value, method.gives)

    async def _stream(self, id_: int, values: Any) -> None:
        batch: list[tuple[str, bytes]] = []
        sent = time.monotonic()
        async for value in values:
            name = type(value).__name__
            batch.append((name, calls.pack(value, calls.ITEMS.get(name, int))))
            if len(batch) >= BATCH or time.monotonic() - sent > BATCH_SECONDS:
                self.tell(Items(id=id_, values=batch))
                await self._writer.drain()
                batch, sent = [], time.monotonic()
        if batch:
            self.tell(Items(id=id_, values=batch))

    def _context(self, adapter: Any, name: str) -> Context:
        raw = self._begin.settings.get(name, {})
        kind = getattr(adapter, "settings", None)
        try:
            settings = msgspec.convert(raw, kind) if kind is not None else None
        except msgspec.ValidationError as error:
            raise calls.BadSettings(f"plugins/{name}.toml: {error}") from None
        now = lambda: int(time.time() + self._ahead)  # noqa: E731 - the node's clock, not this process's
        far: dict[str, Any] = {name: Far(name, self.ask) for name in DESKS}
        return Context(settings, Path(self._begin.folder), _Store(self), _Http(self), now, self._log, **far)


class _Http:
    """`Http` by way of the node."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker

    async def request(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, body: bytes = b"", timeout: float = 30
    ) -> HttpAnswer:
        ask = frames.HttpAsk(method=method, url=url, headers=dict(headers or {}), body=body, timeout=timeout)
        raw = await self._worker.ask("http", msgspec.msgpack.encode(ask))
        answer: HttpAnswer = msgspec.msgpack.decode(raw, type=HttpAnswer)
        return answer


class _Store:
    """`Store` by way of the node."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker

    async def get(self, key: str) -> bytes | None:
        raw = await self._worker.ask("get", msgspec.msgpack.encode(key))
        value: bytes | None = msgspec.msgpack.decode(raw, type=bytes | None)
        return value

    async def keys(self, prefix: str = "") -> list[str]:
        raw = await self._worker.ask("keys", msgspec.msgpack.encode(prefix))
        return msgspec.msgpack.decode(raw, type=list[str])

    async def read(self, stream: str, after: int = 0, most: int = 100) -> list[Entry]:
        ask = frames.ReadAsk(stream=stream, after=after, most=most)
        raw = await self._worker.ask("read", msgspec.msgpack.encode(ask))
        return msgspec.msgpack.decode(raw, type=list[Entry])

    async def write(
        self, put: Mapping[str, bytes | None] | None = None, append: Sequence[tuple[str, bytes]] = ()
    ) -> None:
        ask = frames.WriteAsk(put=dict(put or {}), append=list(append))
        await self._worker.ask("write", msgspec.msgpack.encode(ask))


class _Teller(logging.Handler):
    """Hands the plugin's log to the node."""

    def __init__(self, worker: Worker) -> None:
        super().__init__()
        self._worker = worker

    def emit(self, record: logging.LogRecord) -> None:
        self._worker.tell(Said(level=record.levelname.lower(), text=self.format(record)[:1000]))


if __name__ == "__main__":
    main()
