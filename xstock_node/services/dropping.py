"""Folder drop: lists that somebody's program or person puts into a folder are taken in once they are whole.

A file is whole when its size and time stood still from one look to the next. It is claimed under a hidden name before
it is read, so that whoever writes the next list makes a new file. What was taken goes into `taken`, what a person has
to look at into `held`, beside a text that says why; nothing is thrown away. Links, folders and names that begin with a
dot are left alone, and one file that cannot be dealt with keeps no other from being taken.
"""

import asyncio
import hashlib
import os
import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

from xstock_node.protocol import limits
from xstock_node.services.errors import Refusal
from xstock_node.services.looked import Finding
from xstock_node.services.office import Actor, Drop, Office
from xstock_node.services.stocktake import ImportRequest, import_file
from xstock_node.services.typed import clean

EVERY: Final = 5.0
TAKEN, HELD = "taken", "held"
CLAIMED: Final = ".taking-"
NODE: Final = Actor("node", "folder drop")
ENDS: Final = (".part", ".filepart", ".tmp", ".crdownload", "~")
LITTER: Final = frozenset(("thumbs.db", "desktop.ini"))
OPENED: Final = "~$"  # what a spreadsheet program lays beside a list while somebody has it open
NAME_BYTES: Final = 200
"""So many bytes of a file's name are kept, its end: with what is put before it a file system takes at most 255."""


class Seen(NamedTuple):
    """How a file stood at a look."""

    size: int
    changed: int

    @classmethod
    def of(cls, found: os.stat_result) -> "Seen":
        """From what the system says of it."""
        return cls(found.st_size, found.st_mtime_ns)


class StillWritten(Exception):
    """The file changed while it was read: it is looked at again."""


class Dropping:
    """Looks into the folders."""

    def __init__(self, office: Office) -> None:
        self._office, self._drops = office, office.settings.drops
        self._mark = claim_mark(office.node.identity.name)
        self._seen: dict[Path, Seen] = {}
        self._done: dict[Path, Seen] = {}
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
            try:
                whole = await asyncio.to_thread(self._whole, drop.folder)
            except OSError as error:
                self._failed(drop.folder, error)
                continue
            for path, seen in whole:
                try:
                    await self._take(drop, path, seen)
                except StillWritten:
                    continue
                except Exception as error:
                    self._failed(path, error)
                else:
                    done.append(shown(path))
        return done

    async def _run(self) -> None:
        while True:
            try:
                await self.look()
            except Exception as error:  # looked at again at the next turn
                self._failed(Path(), error)
            await asyncio.sleep(EVERY)

    def _failed(self, path: Path, error: Exception) -> None:
        why = clean(f"{type(error).__name__}: {error}")
        self._office.node.trace.error("not-taken", file=shown(path), why=why)

    def _whole(self, folder: Path) -> list[tuple[Path, Seen]]:
        """The files that stood still since the last look, the oldest first; what an ended process claimed is back."""
        found: dict[Path, Seen] = {}
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            try:
                about = path.lstat()
                if not stat.S_ISREG(about.st_mode) or _is_no_list(path.name):
                    continue
                if path.name.startswith(self._mark) and len(path.name) > len(self._mark):
                    self._put_back(path, path.with_name(path.name.removeprefix(self._mark)))
                elif not path.name.startswith("."):
                    found[path] = Seen.of(about)
            except OSError as error:  # gone again, or not ours to move
                self._failed(path, error)
        self._done = {p: s for p, s in self._done.items() if p.parent != folder or found.get(p) == s}
        whole = [p for p, seen in found.items() if self._seen.get(p) == seen and p not in self._done]
        self._seen = {p: s for p, s in self._seen.items() if p.parent != folder} | found
        return [(p, found[p]) for p in sorted(whole, key=lambda p: (found[p].changed, p.name))]

    async def _take(self, drop: Drop, path: Path, seen: Seen) -> None:
        """Claim, import and file one list; one that cannot be moved is done with until somebody changes it.

        Raises what is not the list's fault, after giving it its name back: it is tried again.
        """
        try:
            claimed = await asyncio.to_thread(self._claim, path)
        except OSError:
            self._done[path] = seen
            raise
        try:
            why = await self._import(drop, path, claimed, seen)
            if Seen.of(await asyncio.to_thread(claimed.lstat)) != seen:
                raise StillWritten
            try:
                await asyncio.to_thread(self._away, claimed, path, why)
            except OSError:
                self._done[path] = seen
                raise
        finally:
            self._put_back(claimed, path)
        write = self._office.node.trace.warning if why else self._office.node.trace.info
        write("dropped", file=shown(path), source=drop.source, state=HELD if why else TAKEN, why=why)
        self._office.changes.tell("stock")

    async def _import(self, drop: Drop, path: Path, claimed: Path, seen: Seen) -> str:
        """Import a claimed list; why a person has to look at it, or nothing where it was taken."""
        try:
            content = await asyncio.to_thread(_content, claimed, seen)
        except Refusal as error:
            return f"expected {error.expected}; came {error.came}; {error.do}"
        except OSError as error:
            return clean(
                f"expected a file that can be read; came {error.strerror}; check its rights and put it here again"
            )
        kind, name = drop.kind, shown(path)
        request = ImportRequest(file=name, content=content, kind=kind, source=drop.source, unattended=True)  # type: ignore[arg-type]
        try:
            reading = (await import_file(self._office, NODE, request)).reading
        except Refusal as error:
            return clean(f"expected {error.expected}; came {error.came}; {error.do}")
        return clean(reading.error_text or reading.error) if reading.error else ""

    def _claim(self, path: Path) -> Path:
        """The file under a hidden name in its folder, where nobody who writes the list anew writes into it."""
        claimed = path.with_name(self._mark + _end_of(path.name))
        if os.path.lexists(claimed):
            raise FileExistsError(f"{shown(claimed)} is in the way")
        path.rename(claimed)
        self._seen.pop(path, None)
        return claimed

    def _put_back(self, claimed: Path, path: Path) -> None:
        """Give a file that was not filed its name back; where a newer one has it by now, the older is held."""
        if not os.path.lexists(claimed):
            return
        if os.path.lexists(path):
            self._away(
                claimed, path, "expected the newest list; came one of the same name meanwhile; take the newer one"
            )
        else:
            claimed.rename(path)

    def _away(self, claimed: Path, path: Path, why: str) -> None:
        """Move a file to where it is kept, under the time of its taking."""
        day = datetime.fromtimestamp(self._office.node.clock.now(), UTC).strftime("%Y%m%dT%H%M%SZ")
        folder = path.parent / (HELD if why else TAKEN)
        folder.mkdir(exist_ok=True)
        name = _end_of(path.name)
        target, number = folder / f"{day}-{name}", 1
        while os.path.lexists(target):
            number += 1
            target = folder / f"{day}-{number}-{name}"
        claimed.rename(target)
        if why:
            target.with_name(f"{target.name}.why.txt").write_text(why + "\n", "utf-8")


def _is_no_list(name: str) -> bool:
    """Whether a file is half written, or what programs lay into folders beside lists."""
    return name.endswith(ENDS) or name.startswith(OPENED) or name.lower() in LITTER


def claim_mark(node: str) -> str:
    """How the hidden names begin under which a node claims files: another node on the same folder has another."""
    return f"{CLAIMED}{hashlib.sha256(node.encode()).hexdigest()[:8]}-"


def shown(path: Path) -> str:
    """A file's name as a text: bytes that are no UTF-8 become U+FFFD, hidden characters are left out."""
    return clean(os.fsencode(path.name).decode("utf-8", "replace"))


def _end_of(name: str) -> str:
    return os.fsdecode(os.fsencode(name)[-NAME_BYTES:])


def _content(path: Path, seen: Seen) -> bytes:
    """All bytes of a regular file that stands as it was seen; no link or pipe put in its place is followed."""
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
        about = os.fstat(file.fileno())
        if not stat.S_ISREG(about.st_mode) or Seen.of(about) != seen:
            raise StillWritten
        if about.st_size > limits.IMPORT_FILE:
            raise Refusal("too-large", f"a file of at most {limits.IMPORT_FILE} bytes", "more", "split it")
        content = file.read(limits.IMPORT_FILE + 1)
        if len(content) != about.st_size or Seen.of(os.fstat(file.fileno())) != seen:
            raise StillWritten
    return content


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
