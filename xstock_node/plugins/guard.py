"""What an isolated plugin takes from itself before any of its code runs: memory, files, programs, sockets.

Limits of the system hold against anybody. The hook on Python's own calls stops accidents and tells what to do; code
that means ill can get around it, which is what bubblewrap is for.
"""

import os
import resource
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from xstock_node.plugins.frames import Begin
from xstock_node.protocol import limits

PROGRAMS: Final = frozenset(
    ("os.fork", "os.forkpty", "os.posix_spawn", "os.exec", "os.system", "os.spawn", "pty.spawn", "subprocess.Popen")
)
SIGNALS: Final = frozenset(("os.kill", "os.killpg", "signal.pthread_kill"))
SOCKETS: Final = frozenset(("socket.connect", "socket.bind", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo"))


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
    """Refuse programs and signals, sockets without `network`, and the data folder but for the files `readable`."""
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
    """The hook: refuses programs, sockets where there is no network, and the node's own folder."""

    def __init__(self, network: bool, home: str, readable: Sequence[str]) -> None:
        self._network, self._home = network, Path(home).resolve() if home else None
        self._readable = frozenset(str(Path(path).resolve()) for path in readable)

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event in PROGRAMS:
            raise PermissionError(f"a plugin starts no programs ({event})")
        if event in SIGNALS:
            raise PermissionError(f"a plugin sends no signals ({event})")
        if event in SOCKETS and not self._network:
            raise PermissionError(f"a plugin without `network` opens no sockets ({event}); use context.http")
        if event == "open" and self._home and isinstance(arguments[0], str | bytes):
            self._look(os.path.realpath(os.fsdecode(arguments[0])))

    def _look(self, path: str) -> None:
        if path in self._readable or self._home is None or path.startswith("/proc/self/"):
            return
        if Path(path).is_relative_to(self._home):
            raise PermissionError("a plugin reads only the files that its manifest lists in `files`")
