"""Folder drop: lists that somebody's program or person puts into a folder are taken in once they are whole.

A file is whole when its size and time stood still from one look to the next. What was taken goes into `taken`, what a
person has to look at into `held`, beside a text that says why; nothing is thrown away. Links, folders and names that
begin with a dot are left alone.
"""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

from xstock_node.protocol import limits
from xstock_node.services.errors import Refusal
from xstock_node.services.findings import Finding
from xstock_node.services.office import Actor, Drop, Office
from xstock_node.services.stocktake import ImportRequest, import_file
from xstock_node.services.typed import clean

EVERY: Final = 5.0
TAKEN, HELD = "taken", "held"
NODE: Final = Actor("node", "folder drop")
ENDS: Final = (".part", ".tmp", ".crdownload", "~")


class Seen(NamedTuple):
    """How a file stood at the last look."""

    size: int
    changed: int


class Dropping:
    """Looks into the folders."""

    def __init__(self, office: Office) -> None:
        self._office, self._drops = office, office.settings.drops
        self._seen: dict[Path, Seen] = {}
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin, where there is any folder."""
        if self._drops:
            self._task = asyncio.ensure_future(self._run())

    async def stop(self) -> None:
        """End."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def look(self) -> list[str]:
        """One look at all folders; the names of the files that were taken or held."""
        done: list[str] = []
        for drop in self._drops:
            for path in await asyncio.to_thread(self._whole, drop.folder):
                await self._take(drop, path)
                done.append(path.name)
        return done

    async def _run(self) -> None:
        while True:
            try:
                await self.look()
            except Exception as error:  # looked at again at the next turn
                self._office.node.trace.error("not-taken", why=f"{type(error).__name__}: {error}")
            await asyncio.sleep(EVERY)

    def _whole(self, folder: Path) -> list[Path]:
        """The files that stood still since the last look, the oldest first."""
        found: dict[Path, Seen] = {}
        for path in folder.iterdir() if folder.is_dir() else ():
            if path.name.startswith(".") or path.name.endswith(ENDS) or path.is_symlink() or not path.is_file():
                continue
            stat = path.stat()
            found[path] = Seen(stat.st_size, stat.st_mtime_ns)
        whole = [path for path, seen in found.items() if self._seen.get(path) == seen]
        self._seen = {p: s for p, s in self._seen.items() if p.parent != folder} | found
        return sorted(whole, key=lambda path: (found[path].changed, path.name))

    async def _take(self, drop: Drop, path: Path) -> None:
        why = ""
        try:
            if (await asyncio.to_thread(path.stat)).st_size > limits.IMPORT_FILE:
                raise Refusal("too-large", f"a file of at most {limits.IMPORT_FILE} bytes", "more", "split it")
            content = await asyncio.to_thread(path.read_bytes)
            request = ImportRequest(file=path.name, content=content, kind=drop.kind, source=drop.source)  # type: ignore[arg-type]
            result = await import_file(self._office, NODE, request)
            why = result.reading.error_text or "" if result.reading.error else ""
        except Refusal as error:
            why = f"expected {error.expected}; came {error.came}; {error.do}"
        await asyncio.to_thread(self._away, path, clean(why))
        write = self._office.node.trace.warning if why else self._office.node.trace.info
        write("dropped", file=path.name, source=drop.source, state=HELD if why else TAKEN, why=clean(why))
        self._office.changes.tell("stock")

    def _away(self, path: Path, why: str) -> None:
        """Move a file to where it is kept, under the time of its taking."""
        day = datetime.fromtimestamp(self._office.node.clock.now(), UTC).strftime("%Y%m%dT%H%M%SZ")
        folder = path.parent / (HELD if why else TAKEN)
        folder.mkdir(exist_ok=True)
        target, number = folder / f"{day}-{path.name}", 1
        while target.exists():
            number += 1
            target = folder / f"{day}-{number}-{path.name}"
        path.rename(target)
        if why:
            target.with_name(f"{target.name}.why.txt").write_text(why + "\n", "utf-8")
        self._seen.pop(path, None)


def drop_findings(drops: tuple[Drop, ...]) -> list[Finding]:
    """What `doctor` says of the folders: those that are not there, and files that wait for a person."""
    found = []
    for drop in drops:
        check = f"folder of {drop.source}"
        if not drop.folder.is_dir():
            do = f"make {drop.folder}, or mend [[drop]] in config.toml"
            found.append(Finding(check=check, state="error", found="there is no such folder", do=do))
            continue
        held = [p.name for p in (drop.folder / HELD).glob("*") if p.suffixes[-2:] != [".why", ".txt"]]
        if held:
            do = f"read the .why.txt beside each; if it is right: `xstock stock import FILE --source {drop.source}`"
            found.append(Finding(check=check, state="warning", found=f"{len(held)} files are held", do=do))
    return found
