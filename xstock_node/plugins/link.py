"""The node's end of the pipes to one isolated plugin: calls out, answers and questions in, and a watch over it.

A plugin that hangs, floods, grows or dies costs its own calls and its own process, and nothing else.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing, suppress
from itertools import count
from typing import Any

from xstock_node.plugins import calls, frames
from xstock_node.plugins.calls import Defect, Method
from xstock_node.plugins.family import end, used_by
from xstock_node.plugins.frames import Answer, Ask, Begin, Call, Cancel, Found, Items, Ready, Result, Said
from xstock_node.plugins.sandbox import Start
from xstock_node.protocol import limits

FRAMES_A_TURN = 32
BYTES_A_TURN = 256 * 1024
STRAYS = 16
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
        self._calls = asyncio.Semaphore(limits.PLUGIN_CALLS_AT_ONCE)
        self._mouth, self._idle = asyncio.Lock(), asyncio.Event()
        self._idle.set()
        self._burial: asyncio.Task[None] | None = None
        self._number = self._strays = 0
        self._words = b""
        self._why = ""
        self.found: tuple[Found, ...] = ()

    @property
    def alive(self) -> bool:
        """Whether the process runs and its end has not been decided."""
        return self._process is not None and self._process.returncode is None and not self._why

    async def start(self, how: Start, begin: Begin) -> None:
        """Start the process and wait until the plugin registered; `Defect` where it does not. Who gives up closes."""
        try:
            self._process = await asyncio.create_subprocess_exec(
                *how.command,
                env=dict(how.environment),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                start_new_session=True,
                limit=limits.PLUGIN_FRAME,
            )
        except OSError as error:
            raise Defect(f"expected a process of its own; came {error}") from None
        self._spawn(self._overhear())
        self._spawn(self._watch())
        try:
            async with asyncio.timeout(limits.PLUGIN_START):
                await self._say(begin)
                ready = frames.up(await self._next())
        except TimeoutError:
            await self.close(f"it did not load within {limits.PLUGIN_START:.0f} s")
            raise Defect(self.ended()) from None
        except (EOFError, ValueError, OSError) as error:
            await self.close(self._why or _came(error))
            raise Defect(self.ended()) from None
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
        lines = size = 0
        async with aclosing(self._conversation(kind, adapter, name, method, argument)) as told:
            async for frame in told:
                if isinstance(frame, Result):
                    return
                lines += len(frame.values)
                if lines > limits.PLUGIN_LINES:
                    raise Defect(f"expected at most {limits.PLUGIN_LINES} lines; came more; narrow what it reads")
                size += sum(len(raw) for _, raw in frame.values)
                if size > limits.PLUGIN_STREAM:
                    raise Defect(f"expected at most {limits.PLUGIN_STREAM} bytes; came more; narrow what it reads")
                for word, raw in frame.values:
                    if word not in calls.ITEMS:
                        raise Defect(f"expected one of {', '.join(calls.ITEMS)}; came {word[:80]}; tell its author")
                    yield calls.unpack(raw, calls.ITEMS[word])

    async def retire(self) -> None:
        """End the process once its calls have ended, or have had their time."""
        with suppress(TimeoutError):
            async with asyncio.timeout(limits.PLUGIN_SNAPSHOT):
                await self._idle.wait()
        await self.close("its settings changed")

    async def close(self, why: str = "") -> None:
        """End the process and all that it started; who comes second waits too, and who leaves stops nothing."""
        self._why = self._why or why or "it was stopped"
        process, self._process = self._process, None
        if process is not None:
            self._burial = asyncio.ensure_future(self._bury(process, asyncio.current_task()))
        if self._burial is not None:
            await asyncio.shield(self._burial)

    async def _bury(self, process: asyncio.subprocess.Process, mourner: asyncio.Task[Any] | None) -> None:
        try:
            await asyncio.to_thread(end, process.pid)
        finally:
            others = {*self._tasks, *self._asks} - {mourner}
            for task in others:
                task.cancel()
            assert process.stdin is not None
            process.stdin.close()
            for queue in self._waiting.values():
                with suppress(asyncio.QueueFull):
                    queue.put_nowait(Result(id=0, error="Ended", text=self._why))
        if others:
            await asyncio.wait(others, timeout=1)
        with suppress(TimeoutError, OSError):
            async with asyncio.timeout(5):
                await asyncio.gather(_dry(process.stdout), _dry(process.stderr), process.wait())

    async def _conversation(
        self, kind: str, adapter: str, name: str, method: Method, argument: Any
    ) -> AsyncGenerator[Items | Result, None]:
        packed = b"" if method.takes is None else calls.pack(argument, method.takes)
        self._number += 1
        id_ = self._number
        queue = self._waiting[id_] = asyncio.Queue(limits.PLUGIN_QUEUE)
        self._idle.clear()
        call = Call(id=id_, kind=kind, adapter=adapter, method=name, now=self._now(), argument=packed)
        try:
            async with self._calls, aclosing(self._told_by(call, queue, method.seconds)) as told:
                async for frame in told:
                    yield frame
        finally:
            self._waiting.pop(id_, None)
            if not self._waiting:
                self._idle.set()

    async def _told_by(
        self, call: Call, queue: asyncio.Queue[Items | Result], seconds: float
    ) -> AsyncGenerator[Items | Result, None]:
        """What a call brings, until it ends; one that nobody waits for any more is cut short."""
        ended = False
        try:
            async with asyncio.timeout(seconds):
                await self._say(call)
                while not ended:
                    frame = await self._wait(queue)
                    ended = isinstance(frame, Result)
                    if isinstance(frame, Result) and frame.error:
                        raise self._raised(frame, call.kind)
                    yield frame
        except TimeoutError:
            raise Defect(f"expected {call.method} to end within {seconds:.0f} s; it did not") from None
        except OSError:
            raise Defect(self.ended()) from None
        finally:
            if not ended and self.alive:
                await self._cut(call.id, queue)

    async def _wait(self, queue: asyncio.Queue[Items | Result]) -> Items | Result:
        """The next frame of a call; one that is silent for too long, or whose process ended, is not waited for."""
        if not self.alive and queue.empty():
            raise Defect(self.ended())
        try:
            async with asyncio.timeout(limits.PLUGIN_SILENCE):
                return await queue.get()
        except TimeoutError:
            raise Defect(f"expected a word within {limits.PLUGIN_SILENCE:.0f} s; came none") from None

    async def _cut(self, id_: int, queue: asyncio.Queue[Items | Result]) -> None:
        """Cut a call short; a process that does not notice within the grace is ended."""
        try:
            async with asyncio.timeout(limits.PLUGIN_GRACE):
                await self._say(Cancel(id=id_))
                while not isinstance(await queue.get(), Result):
                    pass
        except (TimeoutError, OSError):
            await self.close("it did not stop when it was cut short, so its process was ended")

    def _raised(self, frame: Result, kind: str) -> Exception:
        if frame.error == "Ended":
            return Defect(self.ended())
        return calls.raised(frame.error, plain(frame.text[:1000]), frame.retry_after, kind)

    async def _listen(self) -> None:
        """Hand on what comes, until the process ends or breaks the rules; who says much is heard slowly."""
        heard = 0
        try:
            for number in count():
                raw = await self._next()
                heard += len(raw)
                if heard > BYTES_A_TURN or number % FRAMES_A_TURN == 0:
                    await asyncio.sleep(heard / limits.PLUGIN_BYTES_A_SECOND)
                    heard = 0
                await self._hear(frames.up(raw))
        except (EOFError, ValueError, OSError) as error:
            await self.close(_came(error))

    async def _hear(self, frame: frames.Up) -> None:
        if isinstance(frame, Items | Result):
            queue = self._waiting.get(frame.id)
            self._strays = self._strays + 1 if queue is None else 0
            if self._strays > STRAYS:
                raise ValueError("it answered calls that nobody made")
            if queue is not None:
                await queue.put(frame)
        elif isinstance(frame, Said):
            self._told(frame.level[:10], plain(frame.text[:1000]))
        elif isinstance(frame, Ask):
            await self._turns.acquire()
            task = asyncio.ensure_future(self._reply(frame))
            self._asks.add(task)
            task.add_done_callback(self._replied)

    async def _reply(self, ask: Ask) -> None:
        try:
            await self._say(Answer(id=ask.id, value=await self._asked(ask.what, ask.value)))
        except Exception as error:
            word, text, wait = calls.told(error)
            await self._say(Answer(id=ask.id, error=word, text=text, retry_after=wait))

    def _replied(self, task: asyncio.Task[None]) -> None:
        self._turns.release()
        self._asks.discard(task)
        if not task.cancelled():
            task.exception()

    async def _next(self) -> bytes:
        assert self._process is not None and self._process.stdout is not None
        return await frames.read(self._process.stdout)

    async def _say(self, frame: frames.Down) -> None:
        """Tell it something, after what it was told before; a process that does not read is ended."""
        raw = frames.write(frame)
        try:
            async with asyncio.timeout(limits.PLUGIN_DRAIN), self._mouth:
                if self._process is None or self._process.stdin is None:
                    raise Defect(self.ended())
                self._process.stdin.write(raw)
                await self._process.stdin.drain()
        except TimeoutError:
            await self.close(f"it did not read for {limits.PLUGIN_DRAIN:.0f} s what it was told")
            raise Defect(self.ended()) from None

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

    def ended(self) -> str:
        """Why it ended, and its last words."""
        last = plain(self._words.decode("utf-8", "replace").strip().rpartition("\n")[2])[:300]
        return f"{self._why or 'its process ended'}{f'; its last words: {last}' if last else ''}"


def plain(text: str) -> str:
    """A text without characters that could steer a terminal or break a line."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


async def _dry(stream: asyncio.StreamReader | None) -> None:
    """Read what is left, so that the pipe is closed."""
    while stream is not None and await stream.read(256 * 1024):
        pass


def _came(error: BaseException) -> str:
    if isinstance(error, EOFError):
        return "its process ended by itself"
    return f"it broke the frames: {plain(str(error))[:200]}"
