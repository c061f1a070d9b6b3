"""Recording a process, cutting its power at every place, and looking whether something acknowledged is lost."""

import os
import shutil
import sqlite3
import subprocess
import sys
from collections import Counter
from pathlib import Path
from random import Random
from typing import NamedTuple

from tests.faults.power.disk import Disk, Entry, read_recording
from tests.faults.power.writer import ACKNOWLEDGED, DATABASE, content
from xstock_node.storage.errors import StorageError
from xstock_node.storage.sqlite import SqliteEngine
from xstock_node.storage.sqlite.snapshot import faults_of

SOURCE = Path(__file__).with_name("recorder.c")
ROOT = Path(__file__).parent.parent.parent.parent
WRITES = 120
INTEGRITY_EVERY = 50  # cuts: SQLite's own check takes as long as all the rest


class Found(NamedTuple):
    """How many cuts, what was counted, and what was lost that must not be."""

    cuts: int
    counts: Counter[str]
    broken: list[str]


def build_recorder(folder: Path) -> Path:
    """The library, built by the machine's C compiler."""
    target = folder / "recorder.so"
    command = ["gcc", "-shared", "-fPIC", "-O2", "-o", str(target), str(SOURCE), "-ldl", "-lpthread"]
    subprocess.run(command, check=True, capture_output=True)
    return target


def record(folder: Path, library: Path, seed: int, normal: bool = False, fail_sync: int = 0) -> list[Entry]:
    """Run the writer under the library; its calls. With `fail_sync` that synchronisation of a file fails."""
    home, tape = folder / f"recorded-{seed}", folder / f"tape-{seed}"
    home.mkdir()
    environment = {
        **os.environ,
        "LD_PRELOAD": str(library),
        "XSTOCK_RECORD_FOLDER": str(home),
        "XSTOCK_RECORD_FILE": str(tape),
        "XSTOCK_FAIL_SYNC": str(fail_sync),
    }
    command = [sys.executable, "-m", "tests.faults.power.writer", str(home), str(seed), str(WRITES)]
    subprocess.run([*command, *(["normal"] if normal else [])], env=environment, cwd=ROOT, check=True)
    entries = read_recording(tape)
    shutil.rmtree(home)
    tape.unlink()
    return entries


async def cut_many(
    folder: Path, library: Path, cuts: int, seed: int, normal: bool = False, lies: bool = False, stop_at: int = 1
) -> Found:
    """So many cuts of one recording, at places spread over it; ends early after `stop_at` losses."""
    entries = record(folder, library, seed, normal)
    random, counts, broken = Random(seed), Counter[str](), list[str]()
    places = sorted(random.choices(range(1, len(entries) + 1), k=cuts))
    disk, acknowledged, at, done = Disk(lies), set[int](), 0, 0
    for place in places:
        for entry in entries[at:place]:
            if entry.file == ACKNOWLEDGED and entry.kind == "W":
                acknowledged |= {int(number) for number in entry.data.split()}
            elif entry.file != f"{DATABASE}-shm":
                disk.take(entry)
        at, done = place, done + 1
        counts["pending calls"] += disk.pending()
        counts["cuts with something pending"] += bool(disk.pending())
        why = await _look(folder / "left", disk.left(random), acknowledged, done % INTEGRITY_EVERY == 0, counts)
        broken += [f"seed {seed} place {place}: {why}"] if why else []
        if len(broken) >= stop_at:
            break
    counts["recorded calls"] = len(entries)
    counts["acknowledged writes"] = len(acknowledged)
    return Found(done, counts, broken)


def _lay_out(folder: Path, files: dict[str, bytes]) -> None:
    folder.mkdir(exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    for name, raw in files.items():
        if raw:
            (folder / name).write_bytes(raw)


async def fail_syncs(folder: Path, library: Path, seed: int, step: int = 1) -> Found:
    """Let every `step`-th synchronisation fail, each in a recording of its own, and cut the power behind it."""
    random, counts, broken = Random(seed), Counter[str](), list[str]()
    last = sum(entry.kind == "S" for entry in record(folder, library, seed))
    for number in range(1, last + 1, step):
        entries = record(folder, library, seed, fail_sync=number)
        failed = next((at for at, entry in enumerate(entries) if entry.kind == "F"), len(entries))
        for place in sorted({len(entries), *(random.randint(failed, len(entries)) for _ in range(8))}):
            disk, acknowledged = Disk(), set[int]()
            for entry in entries[:place]:
                if entry.file == ACKNOWLEDGED and entry.kind == "W":
                    acknowledged |= {int(one) for one in entry.data.split()}
                elif entry.file not in (ACKNOWLEDGED, f"{DATABASE}-shm"):
                    disk.take(entry)
            counts["cuts"] += 1
            counts["acknowledged after the failure"] += len(acknowledged)
            why = await _look(folder / "left", disk.left(random), acknowledged, False, counts)
            broken += [f"sync {number} failed, cut at {place}: {why}"] if why else []
    counts["failed synchronisations"] = len(range(1, last + 1, step))
    return Found(counts["cuts"], counts, broken)


async def _look(
    folder: Path, files: dict[str, bytes], acknowledged: set[int], thoroughly: bool, counts: Counter[str]
) -> str:
    """Open what a cut left and say what is wrong with it; empty where nothing is."""
    _lay_out(folder, files)
    try:
        storage = SqliteEngine(folder / DATABASE, threads=False)
        notes = await storage.read(lambda tx: {note.subject: note.raw for note in tx.journal.since(0, 1_000_000)})
        kept = await storage.read(lambda tx: {k: tx.plugins.get("power", k) for k in tx.plugins.keys("power", "")})
        await storage.close()
        faults = faults_of(folder / DATABASE) if thoroughly else []
    except (StorageError, sqlite3.Error) as error:
        return f"it cannot be opened: {error}"
    there = {int(subject.split()[1]) for subject, raw in notes.items() if raw == content(int(subject.split()[1]))}
    beside = {int(key.split()[1]) for key, raw in kept.items() if raw == content(int(key.split()[1]))}
    counts["writes found"] += len(there)
    counts["integrity checks"] += thoroughly
    if lost := acknowledged - there:
        return f"acknowledged and lost: {sorted(lost)[:5]}"
    if there != beside or len(notes) != len(there):
        return f"half a write: {sorted(there ^ beside)[:5]}"
    return f"SQLite finds {faults[0]}" if faults else ""
