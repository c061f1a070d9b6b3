"""Reading a foreign file in a child process with limits, so that a hostile one can hurt nobody."""

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import msgspec

from xstock_node.domain.stock import StockLine
from xstock_node.plugins.adapters import FileReading, ReadHints
from xstock_node.plugins.calls import Defect
from xstock_node.plugins.child import ReadJob, WriteJob, Written
from xstock_node.plugins.family import family
from xstock_node.plugins.host import PluginHost
from xstock_node.plugins.sandbox import Start
from xstock_node.protocol import limits

CHUNK = 256 * 1024
WORDS = 8 * 1024
DRY_SECONDS = 5


class Ended(NamedTuple):
    """How a child ended: its exit code (negative is a signal), what it answered, its last words (bounded)."""

    code: int
    answer: bytes
    words: str


async def read_file(host: PluginHost, path: Path, hints: ReadHints) -> FileReading:
    """What a file says, or a reading with `error` set; never an exception for what the file or reader does."""
    refused = _refuse_early(host, path)
    if refused is not None:
        return refused
    found = host.reader_for(path.suffix)
    assert found is not None
    place = path.absolute()  # noqa: ASYNC240 - no disk is asked
    job = ReadJob(
        module=found.plugin.code.module,
        reader=found.name,
        path=str(place),
        hints=hints,
        memory=limits.READER_MEMORY,
        seconds=limits.READER_SECONDS,
    )
    try:
        how = found.plugin.way_to_read(place)
        ended = await run_child("xstock_node.plugins.child", msgspec.json.encode(job), job.seconds, how)
    except (Defect, OSError) as error:
        ended = Ended(-1, b"", str(error))
    if ended.code == 0 and len(ended.answer) <= limits.READER_OUTPUT:
        try:
            return msgspec.structs.replace(msgspec.json.decode(ended.answer, type=FileReading), file=path.name)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            ended = ended._replace(words=str(error))
    why = ended.words or f"it ended with {ended.code}"
    return _refusal(
        path, "reader_failed", f"expected {found.name} to read {path.name}; came: {why}; send the file to its author"
    )


async def write_file(host: PluginHost, suffix: str, lines: Sequence[StockLine]) -> bytes:
    """The lines as a file of this suffix; `Defect` where no plugin writes such, or the one that does fails."""
    found = host.writer_for(suffix)
    if found is None:
        known = ", ".join(host.written()) or "none (no plugin that writes files is loaded)"
        raise Defect(f"expected one of {known}; came {suffix or 'no suffix'}; choose one")
    job = WriteJob(
        module=found.plugin.code.module,
        reader=found.name,
        lines=list(lines),
        suffix=suffix,
        memory=limits.READER_MEMORY,
        seconds=limits.READER_SECONDS,
    )
    try:
        how = found.plugin.way_to_read(None)
        ended = await run_child("xstock_node.plugins.child", msgspec.json.encode(job), job.seconds, how)
    except OSError as error:
        raise Defect(f"expected a process of its own; came {error}") from None
    if ended.code == 0 and len(ended.answer) <= limits.READER_OUTPUT:
        try:
            return msgspec.json.decode(ended.answer, type=Written).content
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            ended = ended._replace(words=str(error))
    why = ended.words or f"it ended with {ended.code}"
    raise Defect(f"expected {found.name} to write a {suffix}; came: {why}; tell its author")


def _refuse_early(host: PluginHost, path: Path) -> FileReading | None:
    if not path.is_file():
        return _refusal(path, "unreadable_file", f"expected a file; came {path.name}, which is none; check the path")
    if host.reader_for(path.suffix) is None:
        known = ", ".join(host.suffixes()) or "none (no plugin that reads files is loaded)"
        return _refusal(
            path,
            "unknown_format",
            f"expected one of {known}; came {path.suffix or 'no suffix'}; save it as one of them",
        )
    size = path.stat().st_size
    if size > limits.IMPORT_FILE:
        return _refusal(path, "too_large", f"expected at most {limits.IMPORT_FILE} bytes; came {size}; split the file")
    return None


async def run_child(module: str, said: bytes, seconds: int, how: Start | None = None) -> Ended:
    """Run a module of this package that limits itself, on what it is told; killed some seconds after its time."""
    process = await asyncio.create_subprocess_exec(
        *(how.command if how else (sys.executable, "-m", module)),
        env=dict(how.environment) if how else None,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
        limit=1024 * 1024,
    )
    try:
        async with asyncio.timeout(seconds + 5):
            return await _conversation(process, said)
    except TimeoutError:
        return Ended(-9, b"", f"no answer within {seconds} s")
    finally:
        await _end(process)


async def _conversation(process: asyncio.subprocess.Process, said: bytes) -> Ended:
    """Hand the job over and hear the answer; whoever says more than the limits allow is not listened to further."""
    assert process.stdin is not None and process.stdout is not None and process.stderr is not None
    last_words = asyncio.ensure_future(_last(process.stderr, WORDS))
    try:
        process.stdin.write(said)
        process.stdin.close()
        answer = await _at_most(process.stdout, limits.READER_OUTPUT + 1)
        if len(answer) > limits.READER_OUTPUT:
            return Ended(-9, b"", f"an answer of more than {limits.READER_OUTPUT} bytes")
        words = await last_words
        code = await process.wait()
    finally:
        last_words.cancel()
    return Ended(code, answer, words.decode("utf-8", "replace").strip().rpartition("\n")[2])


async def _end(process: asyncio.subprocess.Process) -> None:
    """Kill what still runs, and what it started; let its pipes run dry, so that they are closed."""
    assert process.stdout is not None and process.stderr is not None
    if process.returncode is None:
        for one in await asyncio.to_thread(family, process.pid):
            with suppress(ProcessLookupError):
                os.kill(one, signal.SIGKILL)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    with suppress(TimeoutError):
        async with asyncio.timeout(DRY_SECONDS):
            await asyncio.gather(_last(process.stdout, 0), _last(process.stderr, 0), process.wait())


async def _at_most(stream: asyncio.StreamReader, most: int) -> bytes:
    found = bytearray()
    while len(found) < most and (chunk := await stream.read(min(CHUNK, most - len(found)))):
        found += chunk
    return bytes(found)


async def _last(stream: asyncio.StreamReader, most: int) -> bytes:
    """The end of what a stream says; all of it is read, and no more than this kept."""
    found = b""
    while chunk := await stream.read(CHUNK):
        found = (found + chunk)[-most:] if most else b""
    return found


def _refusal(path: Path, error: str, text: str) -> FileReading:
    return FileReading(file=path.name, error=error, error_text=text)
