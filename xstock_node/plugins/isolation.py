"""Reading a foreign file in a child process with limits, so that a hostile one can hurt nobody."""

import asyncio
import os
import sys
from pathlib import Path
from typing import NamedTuple

import msgspec

from xstock_node.plugins.adapters import FileReading, ReadHints
from xstock_node.plugins.child import ReadJob
from xstock_node.plugins.host import PluginHost
from xstock_node.protocol import limits


class Ended(NamedTuple):
    """How a child ended: its exit code (negative is a signal), what it answered, its last words."""

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
    reader, module = found
    job = ReadJob(
        module=module,
        reader=reader.name,
        path=os.path.abspath(path),  # noqa: PTH100, ASYNC240 - no disk is asked
        hints=hints,
        memory=limits.READER_MEMORY,
        seconds=limits.READER_SECONDS,
    )
    ended = await _run(job)
    if ended.code == 0 and len(ended.answer) <= limits.READER_OUTPUT:
        try:
            return msgspec.structs.replace(msgspec.json.decode(ended.answer, type=FileReading), file=path.name)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            ended = ended._replace(words=str(error))
    why = ended.words or f"it ended with {ended.code}"
    return _refusal(
        path, "reader_failed", f"expected {reader.name} to read {path.name}; came: {why}; send the file to its author"
    )


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


async def _run(job: ReadJob) -> Ended:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "xstock_node.plugins.child",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        limit=1024 * 1024,
    )
    try:
        async with asyncio.timeout(job.seconds + 5):
            answer, words = await process.communicate(msgspec.json.encode(job))
    except TimeoutError:
        process.kill()
        await process.wait()
        return Ended(-9, b"", f"no answer within {job.seconds} s")
    return Ended(process.returncode or 0, answer, words.decode("utf-8", "replace").strip().rpartition("\n")[2])


def _refusal(path: Path, error: str, text: str) -> FileReading:
    return FileReading(file=path.name, error=error, error_text=text)
