"""The child process that parses foreign files: limits itself first, then loads one plugin and reads one file.

Started as `python -m xstock_node.plugins.child`. One JSON job comes on stdin, one JSON reading leaves on stdout;
whatever the plugin prints goes to stderr.
"""

import os
import resource
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import msgspec

from xstock_node.domain.stock import StockLine
from xstock_node.plugins.adapters import FileReading, ReadHints
from xstock_node.plugins.guard import guard
from xstock_node.plugins.hookspecs import Registry


class ReadJob(msgspec.Struct, frozen=True, kw_only=True, tag="read"):
    """Which reader of which module reads which file; memory in bytes, processor time in seconds."""

    module: str
    reader: str
    path: str
    hints: ReadHints
    memory: int
    seconds: int


class WriteJob(msgspec.Struct, frozen=True, kw_only=True, tag="write"):
    """Which reader of which module writes these lines as a file of this suffix; limits as of a `ReadJob`."""

    module: str
    reader: str
    lines: list[StockLine]
    suffix: str
    memory: int
    seconds: int


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """A file that was written."""

    content: bytes


def main() -> None:
    """Read the job, keep the limits, answer."""
    job = msgspec.json.decode(sys.stdin.buffer.read(), type=ReadJob | WriteJob)
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    limit(job.memory, job.seconds)
    guard("", [job.path] if isinstance(job, ReadJob) else [])
    answers.write(msgspec.json.encode(_read(job) if isinstance(job, ReadJob) else _write(job)))
    answers.close()


def limit(memory: int, seconds: int) -> None:
    """Take from this process all but so much memory (bytes) and processor time, and the writing of files."""
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))


def _read(job: ReadJob) -> FileReading:
    reading: FileReading = _reader(job.module, job.reader).read(Path(job.path), job.hints)
    return reading


def _write(job: WriteJob) -> Written:
    return Written(content=_reader(job.module, job.reader).write(job.lines, job.suffix))


def _reader(module: str, name: str) -> Any:
    registry = Registry()
    import_module(module).xstock_register(registry)
    return registry.file_readers[name]


if __name__ == "__main__":
    main()
