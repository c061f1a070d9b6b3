"""A process and its descendants, as the system lists them: which they are, what they use, and their end."""

import os
import signal
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

_PAGE: Final = os.sysconf("SC_PAGE_SIZE")


class Used(NamedTuple):
    """Threads, and resident memory in bytes."""

    threads: int
    resident: int


def family(pid: int) -> list[int]:
    """A process and all that descend from it, parents first; only itself where the system does not tell."""
    children: dict[int, list[int]] = {}
    for name in _listed("/proc"):
        if name.isdigit():
            after = _text(f"/proc/{name}/stat").rpartition(")")[2].split()
            if len(after) > 1:
                children.setdefault(int(after[1]), []).append(int(name))
    found = [pid]
    for one in found:
        found += children.get(one, [])
    return found


def used_by(pid: int) -> Used:
    """What a process and its descendants use together; 0 for those that ended."""
    threads = resident = 0
    for one in family(pid):
        threads += len(_listed(f"/proc/{one}/task"))
        pages = _text(f"/proc/{one}/statm").split()
        resident += int(pages[1]) * _PAGE if len(pages) > 1 else 0
    return Used(threads, resident)


def end(pid: int) -> None:
    """Kill a process, its group and its children, wherever they went."""
    for one in reversed(family(pid)):
        with suppress(ProcessLookupError, PermissionError):
            os.kill(one, signal.SIGKILL)
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def _listed(path: str) -> list[str]:
    try:
        return os.listdir(path)  # noqa: PTH208 - of a folder that lives for moments
    except OSError:
        return []


def _text(path: str) -> str:
    try:
        return Path(path).read_text("ascii")
    except (OSError, UnicodeDecodeError):
        return ""
