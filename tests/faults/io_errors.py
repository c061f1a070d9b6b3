"""`make io-errors`: the n-th call to the disk fails with EIO, for every n, once or from then on.

A process under the preloaded library forks a writer for each n, which goes on after errors, as a node does. Nothing
may be acknowledged that is not there when the database is opened again on a disk that works.
"""

import asyncio
import ctypes
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.faults.power.cutting import ROOT, build_recorder, fail_syncs
from tests.faults.power.writer import DATABASE, put
from tests.faults.writer_kills import held
from xstock_node.storage.errors import StorageError
from xstock_node.storage.sqlite import SqliteEngine

WRITES = 60
INNER = "inner"


async def _write(path: Path, told: int) -> None:
    """Write, some durable and some not, four at a time; what fails is not told."""
    storage = SqliteEngine(path)

    async def one(number: int) -> None:
        try:
            await storage.write(put(number), durable=number % 3 > 0)
        except StorageError:
            return
        if number % 3:
            os.write(told, b"%d\n" % number)

    for first in range(0, WRITES, 4):
        await asyncio.gather(*(one(number) for number in range(first, first + 4)))
        if first % 16 == 12:
            await asyncio.gather(storage.checkpoint(), return_exceptions=True)
    await storage.close()


def _child(path: Path, told: int, at: int, always: bool) -> None:
    """In the forked process: let the call fail, write, tell how many calls there were."""
    library = ctypes.CDLL(None)
    library.xstock_fail(ctypes.c_long(at), int(always))
    try:
        asyncio.run(_write(path, told))
    except BaseException as error:
        os.write(told, f"ended {type(error).__name__}\n".encode())
    os.write(told, b"calls %d\n" % library.xstock_calls())
    os._exit(0)


def fail_once(folder: Path, at: int, always: bool) -> tuple[set[int], int, bool]:
    """A writer whose `at`-th call fails: what it told as acknowledged, its calls, whether it ended before its time."""
    heard, told = os.pipe()
    child = os.fork()
    if not child:
        os.close(heard)
        _child(folder / DATABASE, told, at, always)
    os.close(told)
    said = b""
    while part := os.read(heard, 65_536):
        said += part
    os.close(heard)
    os.waitpid(child, 0)
    lines = said.decode().split("\n")
    calls = next((int(line.split()[1]) for line in lines if line.startswith("calls")), 0)
    return {int(line) for line in lines if line.isdigit()}, calls, any(line.startswith("ended") for line in lines)


def _inner(folder: Path, step: int) -> None:
    """Every `step`-th n, in the process under the library."""
    counts, broken = Counter[str](), list[str]()
    _, last, _ = fail_once(folder, 0, always=False)
    for at in range(1, last + 1, step):
        for always in (False, True):
            for old in folder.iterdir():
                old.unlink()
            acknowledged, _, ended = fail_once(folder, at, always)
            counts["runs"] += 1
            counts["acknowledged"] += len(acknowledged)
            counts["not acknowledged"] += sum(n % 3 > 0 for n in range(WRITES)) - len(acknowledged)
            counts["could not be opened"] += ended
            try:
                there, beside = asyncio.run(held(folder / DATABASE))
            except StorageError as error:
                broken.append(f"n {at}: cannot be opened again: {error}")
                continue
            broken += [f"n {at}: acknowledged and lost {sorted(acknowledged - there)}"] if acknowledged - there else []
            broken += [f"n {at}: half a write {sorted(there ^ beside)}"] if there != beside else []
    print(json.dumps({"calls": last, **counts, "broken": broken}))


def fail_every(step: int) -> dict[str, object]:
    """Build the library, run the inner process under it; its figures."""
    folder = Path(tempfile.mkdtemp(dir="/dev/shm" if Path("/dev/shm").is_dir() else None))  # noqa: S108
    try:
        library, home = build_recorder(folder), folder / "home"
        home.mkdir()
        environment = {**os.environ, "LD_PRELOAD": str(library), "XSTOCK_RECORD_FOLDER": str(home)}
        command = [sys.executable, "-m", "tests.faults.io_errors", INNER, str(home), str(step)]
        ran = subprocess.run(command, env=environment, cwd=ROOT, check=True, capture_output=True, text=True)
        found: dict[str, object] = json.loads(ran.stdout.splitlines()[-1])
        return found
    finally:
        shutil.rmtree(folder)


def _failed_syncs() -> dict[str, object]:
    """Every synchronisation fails once, its pages never reach the disk, and the power is cut behind it."""
    folder = Path(tempfile.mkdtemp(dir="/dev/shm" if Path("/dev/shm").is_dir() else None))  # noqa: S108
    try:
        found = asyncio.run(fail_syncs(folder, build_recorder(folder), seed=1))
    finally:
        shutil.rmtree(folder)
    return {**found.counts, "broken": found.broken}


def main() -> int:
    """Let every call fail and print the figure."""
    if sys.argv[1:2] == [INNER]:
        _inner(Path(sys.argv[2]), int(sys.argv[3]))
        return 0
    began = time.monotonic()
    found = fail_every(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
    syncs = _failed_syncs()
    holds = not found["broken"] and bool(found["not acknowledged"]) and not syncs["broken"]
    print(json.dumps({"bench": "a synchronisation that fails, and a power cut", **syncs}))
    print(
        json.dumps({"bench": "EIO at every call", **found, "seconds": round(time.monotonic() - began), "holds": holds})
    )
    return int(not holds)


if __name__ == "__main__":
    sys.exit(main())
