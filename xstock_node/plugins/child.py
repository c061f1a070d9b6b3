"""The child process that parses foreign files: limits itself first, then loads one plugin and reads one file.

Started as `python -m xstock_node.plugins.child`. One JSON job comes on stdin, one JSON reading leaves on stdout;
whatever the plugin prints goes to stderr.
"""

import os
import resource
import sys
from importlib import import_module
from pathlib import Path

import msgspec

from xstock_node.plugins.adapters import FileReading, ReadHints
from xstock_node.plugins.hookspecs import Registry


class ReadJob(msgspec.Struct, frozen=True, kw_only=True):
    """Which reader of which module reads which file; memory in bytes, processor time in seconds."""

    module: str
    reader: str
    path: str
    hints: ReadHints
    memory: int
    seconds: int


def main() -> None:
    """Read the job, keep the limits, answer."""
    job = msgspec.json.decode(sys.stdin.buffer.read(), type=ReadJob)
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    limit(job.memory, job.seconds)
    reading = _read(job)
    answers.write(msgspec.json.encode(reading))
    answers.close()


def limit(memory: int, seconds: int) -> None:
    """Take from this process all but so much memory (bytes) and processor time, and the writing of files."""
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))


def _read(job: ReadJob) -> FileReading:
    registry = Registry()
    import_module(job.module).xstock_register(registry)
    return registry.file_readers[job.reader].read(Path(job.path), job.hints)


if __name__ == "__main__":
    main()
