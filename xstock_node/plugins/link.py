"""The node's end of the pipes to one isolated plugin: calls out, answers and questions in, and a watch over it.

A plugin that hangs, floods, grows or dies costs its own calls and its own process, and nothing else.
"""

import asyncio
import os
import signal
import subprocess
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing, suppress
from itertools import count
from typing import Any

from xstock_node.plugins import calls, frames
from xstock_node.plugins.calls import Defect, Method
from xstock_node.plugins.family import family, used_by
from xstock_node.plugins.frames import Answer, Ask, Begin, Call, Cancel, Found, Items, Ready, Result, Said
from xstock_node.plugins.sandbox import Start
from xstock_node.protocol import limits

FRAMES_A_TURN = 32
WATCH_SECONDS = 1.0
WORDS = 8 * 1024

Asked = Callable[[str, bytes], Awaitable[bytes]]
Told = Callable[[str, str], None]


class Link:
    """One process. `asked` answers a plugin's questions (what, value); `told` takes its log lines (level, text)."""

    def __init__(self, asked: Asked, told: Told, now: Callable[[], int]) -> None:
        self._asked, self._told, self._now = asked, told, now
        self._process: asyncio.subprocess.Process | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._waiting: dict[int, asyncio.Queue[Items | Result]] = {}
        self._asks: set[asyncio.Task[None]] = set()
        self._turns = asyncio.Semaphore(limits.PLUGIN_ASKS_AT_ONCE)
        self._number = 0
        self._words = b""
        self._why = ""
        self.found: tuple[Found, ...] = ()

    @property
    def alive(self) -> bool:
        """Whether the process runs and its end has not been decided."""
        return self._process is not None and self._process.returncode is None and not self._why

    async def start(self, how: Start, begin: Begin) -> None:
        """Start the process and wait until the plugin registered; `Defect` where it does not."""
        self._process = await asyncio.create_subprocess_exec(
            *how.command,
            env=dict(how.environment),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
            limit=limits.PLUGIN_FRAME,
        )
        self._spawn(self._overhear())
        self._spawn(self._watch())
        try:
            async with asyncio.timeout(limits.PLUGIN_START):
                self._send(begin)
                ready = await self._next()
        except TimeoutError:
            await self.close(f"it did not load within {limits.PLUGIN_START:.0f} s")
            raise Defect(self._ended()) from None
        except (EOFError, ValueError, OSError) as error:
            await self.close(self._why or _came(error))
            raise Defect(self._ended()) from None
        if not isinstance(ready, Ready) or ready.error:
            await self.close(ready.error if isinstance(ready, Ready) else "it said something before it was ready")
            raise Defect(self._why)
        self.found = ready.adapters
        self._spawn(self._listen())

    async def call(self, kind: str, adapter: str, name: str, method: Method, argument: Any) -> Any:
        """One call, within the method's seconds; raises `Defect`, or what the adapter raised."""
        async with aclosing(self._conversation(kind, adapter, name, method, argument)) as told:
            async for frame in told:
                if isinstance(frame, Result):
                    return calls.unpack(frame.value, method.gives)
                raise Defect("it streamed where one value was expected; tell its author")

    async def stream(
        self, kind: str, adapter: str, name: str, method: Method, argument: Any
    ) -> AsyncGenerator[Any, None]:
        """The values of a stream, as they come."""
        lines = 0
        async with aclosing(self._conversation(kind, adapter, name, method, argument)) as told:
            async for frame in told:
                if isinstance(frame, Result):
                    return
                lines += len(frame.values)
                if lines > limits.PLUGIN_LINES:
                    raise Defect(f"expected at most {limits.PLUGIN_LINES} lines; came more; narrow what it reads")
                for word, raw in frame.values:
                    if word not in calls.ITEMS:
                        raise Defect(f"expected one of {', '.join(calls.ITEMS)}; came {word[:80]}; tell its author")
                    yield calls.unpack(raw, calls.ITEMS[word])

    async def close(self, why: str = "") -> None:
        """End the process and all that it started."""
        self._why = self._why or why or "it was stopped"
        process, self._process = self._process, None
        if process is None:
            return
        await asyncio.to_thread(_end, process.pid)
        for task in (*self._tasks, *self._asks):
            if task is not asyncio.current_task():
                task.cancel()
        assert process.stdin is not None
        process.stdin.close()
        with suppress(TimeoutError):
            async with asyncio.timeout(5):
                await process.wait()
        for queue in self._waiting.values():
            with suppress(asyncio.QueueFull):
                queue.put_nowait(Result(id=0, error="Ended", text=self._why))

    async def _conversation(
        self, kind: str, adapter: str, name: str, method: Method, argument: Any
    ) -> AsyncGenerator[Items | Result, None]:
        self._number += 1
        id_ = self._number
        queue = self._waiting[id_] = asyncio.Queue(limits.PLUGIN_QUEUE)
        packed = b"" if method.takes is None else calls.pack(argument, method.takes)
        ended = False
        try:
            async with asyncio.timeout(method.seconds):
                self._send(Call(id=id_, kind=kind, adapter=adapter, method=name, now=self._now(), argument=packed))
                while not ended:
                    frame = await self._wait(queue)
                    ended = isinstance(frame, Result)
                    if isinstance(frame, Result) and frame.error:
                        raise self._raised(frame)
                    yield frame
        except TimeoutError:
            raise Defect(f"expected {name} to end within {method.seconds:.0f} s; it did not") from None
        finally:
            if not ended and self.alive:
                await self._cut(id_, queue)
            self._waiting.pop(id_, None)

    async def _wait(self, queue: asyncio.Queue[Items | Result]) -> Items | Result:
        """The next frame of a call; one that is silent for too long, or whose process ended, is not waited for."""
        if not self.alive and queue.empty():
            raise Defect(self._ended())
        try:
            async with asyncio.timeout(limits.PLUGIN_SILENCE):
                return await queue.get()
        except TimeoutError:
            raise Defect(f"expected a word within {limits.PLUGIN_SILENCE:.0f} s; came none") from None

    async def _cut(self, id_: int, queue: asyncio.Queue[Items | Result]) -> None:
        """Cut a call short; a process that does not notice within the grace is ended."""
        try:
            self._send(Cancel(id=id_))
            async with asyncio.timeout(limits.PLUGIN_GRACE):
                while not isinstance(await queue.get(), Result):
                    pass
        except (TimeoutError, OSError):
            await self.close("it did not stop when it was cut short, so its process was ended")

    def _raised(self, frame: Result) -> Exception:
        if frame.error == "Ended":
            return Defect(self._ended())
        return calls.raised(frame.error, plain(frame.text), frame.retry_after)

    async def _listen(self) -> None:
        """Hand on what comes, until the process ends or breaks the rules."""
        try:
            for number in count():
                if number % FRAMES_A_TURN == 0:
                    await asyncio.sleep(0)  # frames that are there already are read without letting others work
                frame = await self._next()
                if isinstance(frame, Items | Result):
                    if (queue := self._waiting.get(frame.id)) is not None:
                        await queue.put(frame)
                elif isinstance(frame, Said):
                    self._told(frame.level[:10], plain(frame.text)[:1000])
                elif isinstance(frame, Ask):
                    await self._turns.acquire()
                    task = asyncio.ensure_future(self._reply(frame))
                    self._asks.add(task)
                    task.add_done_callback(self._replied)
        except (EOFError, ValueError, OSError) as error:
            await self.close(_came(error))

    async def _reply(self, ask: Ask) -> None:
        try:
            answer = Answer(id=ask.id, value=await self._asked(ask.what, ask.value))
            self._send(answer)
        except Exception as error:
            word, text, wait = calls.told(error)
            self._send(Answer(id=ask.id, error=word, text=text, retry_after=wait))

    def _replied(self, task: asyncio.Task[None]) -> None:
        self._turns.release()
        self._asks.discard(task)
        if not task.cancelled():
            task.exception()

    async def _next(self) -> frames.Up:
        assert self._process is not None and self._process.stdout is not None
        return await frames.read_up(self._process.stdout)

    def _send(self, frame: frames.Down) -> None:
        if self._process is None or self._process.stdin is None:
            raise Defect(self._ended())
        self._process.stdin.write(frames.write(frame))

    async def _overhear(self) -> None:
        """Keep the last words that it prints."""
        assert self._process is not None and self._process.stderr is not None
        stream = self._process.stderr
        while chunk := await stream.read(64 * 1024):
            self._words = (self._words + chunk)[-WORDS:]

    async def _watch(self) -> None:
        """End a process that took more threads or memory than it may have."""
        assert self._process is not None
        pid = self._process.pid
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            used = await asyncio.to_thread(used_by, pid)
            if used.resident > limits.PLUGIN_RESIDENT:
                await self.close(f"it took {used.resident // limits.MIB} of {limits.PLUGIN_RESIDENT // limits.MIB} MiB")
                return
            if used.threads > limits.PLUGIN_THREADS:
                await self.close(f"it ran {used.threads} threads; {limits.PLUGIN_THREADS} are allowed")
                return

    def _spawn(self, work: Any) -> None:
        self._tasks.append(asyncio.ensure_future(work))

    def _ended(self) -> str:
        last = plain(self._words.decode("utf-8", "replace").strip().rpartition("\n")[2])[:300]
        return f"{self._why or 'its process ended'}{f'; its last words: {last}' if last else ''}"


def look(how: Start, begin: Begin) -> Ready:
    """Load a plugin in a process that ends at once, and wait for it: what it registered, or why it did not."""
    with subprocess.Popen(
        how.command,
        env=dict(how.environment),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        try:
            said, _ = process.communicate(frames.write(begin), limits.PLUGIN_START)
        except subprocess.TimeoutExpired:
            return Ready(error=f"it did not load within {limits.PLUGIN_START:.0f} s")
        finally:
            _end(process.pid)
    try:
        ready = frames.first_up(said)
    except ValueError:
        return Ready(error=f"its process ended with {process.returncode} while it was loaded")
    return ready if isinstance(ready, Ready) else Ready(error="it said something before it was ready")


def plain(text: str) -> str:
    """A text without characters that could steer a terminal or break a line."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def _came(error: BaseException) -> str:
    if isinstance(error, EOFError):
        return "its process ended by itself"
    return f"it broke the frames: {plain(str(error))[:200]}"


def _end(pid: int) -> None:
    """Kill a process, its group and its children, wherever they went."""
    for one in reversed(family(pid)):
        with suppress(ProcessLookupError, PermissionError):
            os.kill(one, signal.SIGKILL)
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
