"""What an isolated plugin takes from itself before any of its code runs: memory, files, programs, sockets.

Limits of the system hold against anybody. The hook on Python's own calls stops accidents and tells what to do; code
that means ill gets around it, and then reads and destroys what this user can: against that there is bubblewrap, or
Landlock.
"""

import os
import re
import resource
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

from xstock_node.plugins.frames import Begin
from xstock_node.protocol import limits

PROGRAMS: Final = frozenset(
    ("os.fork", "os.forkpty", "os.posix_spawn", "os.exec", "os.system", "os.spawn", "pty.spawn", "subprocess.Popen")
)
SIGNALS: Final = frozenset(("os.kill", "os.killpg", "signal.pthread_kill"))
SOCKETS: Final = frozenset(("socket.connect", "socket.bind", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo"))
CHANGES: Final = frozenset(
    f"os.{name}"
    for name in (
        *("remove", "rename", "truncate", "link", "symlink", "chmod", "chown", "mkdir", "rmdir", "utime"),
        *("setxattr", "removexattr", "chflags"),
    )
)
LISTS: Final = frozenset(("os.listdir", "os.scandir", "os.walk", "os.fwalk", "os.chdir", "glob.glob"))
_OF_A_PROCESS: Final = re.compile(r"/proc/\d+(?:/|$)")
WRITES: Final = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def restrain(begin: Begin) -> None:
    """Take from this process all that its manifest does not ask for."""
    os.nice(10)
    _limit("RLIMIT_AS", begin.memory)
    _limit("RLIMIT_CORE", 0)
    _limit("RLIMIT_FSIZE", 0)
    _limit("RLIMIT_NOFILE", limits.PLUGIN_FILES)
    _limit("RLIMIT_NPROC", _tasks() + limits.PLUGIN_THREADS)
    guard(begin.home, begin.readable, begin.network)


def guard(home: str, readable: Sequence[str], network: bool = False) -> None:
    """Refuse programs, signals and all changes of files, sockets without `network`, what other processes show of
    themselves, and the data folder but for the files `readable`.
    """
    sys.addaudithook(_Guard(network, home, readable))


def _limit(name: str, most: int) -> None:
    kind = getattr(resource, name)
    hard = resource.getrlimit(kind)[1]
    most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(kind, (most, most))


def _tasks() -> int:
    """How many threads this user runs, as far as this process sees: the limit counts all of them."""
    own, found = os.getuid(), 0
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            try:
                if entry.stat().st_uid == own:
                    found += len(os.listdir(f"{entry.path}/task"))  # noqa: PTH208 - of a folder that may go
            except OSError:
                continue  # it ended meanwhile
    return found


class _Guard:
    """The hook. It resolves a path as it is at the moment of the call."""

    def __init__(self, network: bool, home: str, readable: Sequence[str]) -> None:
        self._network, self._home = network, Path(home).resolve() if home else None
        self._readable = frozenset(str(Path(path).resolve()) for path in readable)
        self._own = f"/proc/{os.getpid()}/"

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event in PROGRAMS:
            raise PermissionError(f"a plugin starts no programs ({event})")
        if event in SIGNALS:
            raise PermissionError(f"a plugin sends no signals ({event})")
        if event in SOCKETS and not self._network:
            raise PermissionError(f"a plugin without `network` opens no sockets ({event}); use context.http")
        if event in CHANGES or event.startswith("shutil."):
            raise PermissionError(f"a plugin changes no files ({event}); use context.store")
        if event == "open" and isinstance(arguments[0], str | bytes):
            self._opens(os.fsdecode(arguments[0]), arguments[1], arguments[2])
        elif event == "sqlite3.connect" and isinstance(arguments[0], str | bytes):
            text = os.fsdecode(arguments[0])
            self._look(os.path.realpath(unquote(text.removeprefix("file:").partition("?")[0])))
            self._look(os.path.realpath(text))
        elif event in LISTS and isinstance(arguments[0], str | bytes):
            self._look(os.path.realpath(os.fsdecode(arguments[0])))

    def _opens(self, text: str, mode: str | None, flags: int) -> None:
        path = os.path.realpath(text)
        if flags & WRITES and path != os.devnull:
            raise PermissionError("a plugin changes no files (open for writing); use context.store")
        if os.path.isdir(path):  # noqa: PTH112 - a `Path` here is slow; with an open folder, paths begin elsewhere
            raise PermissionError("a plugin opens no folders")
        if mode is None and not os.path.isabs(text) and not os.path.exists(path):  # noqa: PTH110, PTH117
            raise PermissionError("a plugin opens no paths that begin in another folder")
        self._look(path)

    def _look(self, path: str) -> None:
        if path in self._readable:
            return
        if _OF_A_PROCESS.match(path) and not f"{path}/".startswith(self._own):
            raise PermissionError("a plugin looks at no other process")
        if self._home is not None and Path(path).is_relative_to(self._home):
            raise PermissionError("a plugin reads only the files that its manifest lists in `files`")
