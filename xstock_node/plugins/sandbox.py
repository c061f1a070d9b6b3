"""How an isolated plugin's process is started: with bubblewrap where it works, else held by Landlock, else plainly.

Inside bubblewrap the process sees the system's programs, Python, the node's code, its own code and the files that it
may read; nothing of the data folder, no other process, and no network but where its manifest asks for sockets. Landlock
lets it read the same, and see which other processes there are, but not into them.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Final, Literal, NamedTuple

import xstock_node
from xstock_node.plugins import landlock

Mode = Literal["auto", "require", "never"]
SYSTEM: Final = ("/usr", "/bin", "/lib", "/lib32", "/lib64", "/etc/ld.so.cache", "/etc/alternatives", "/etc/localtime")
NETWORK: Final = ("/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf", "/etc/ssl", "/etc/ca-certificates")
PACKAGES: Final = ("site-packages", "dist-packages")
TRIAL_SECONDS: Final = 10
WORKER: Final = "xstock_node.plugins.worker"
CONFINED: Final = "xstock_node.plugins.confined"


class Start(NamedTuple):
    """A command, its environment, and whether bubblewrap or Landlock stands around it."""

    command: list[str]
    environment: Mapping[str, str]
    wrapped: bool


@cache
def bubblewrap() -> str:
    """The program, if it is installed and this machine lets it work; else an empty text."""
    found = shutil.which("bwrap")
    if found is None or sys.platform != "linux":
        return ""
    trial = [found, "--ro-bind", "/", "/", "--unshare-all", "--proc", "/proc", "--dev", "/dev", "true"]
    try:
        done = subprocess.run(trial, capture_output=True, timeout=TRIAL_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return found if done.returncode == 0 else ""


def walls(mode: Mode) -> str:
    """What stands around a plugin's process here: `bubblewrap`, `Landlock`, or nothing."""
    if mode == "never":
        return ""
    return "bubblewrap" if bubblewrap() else "Landlock" if mode == "auto" and landlock.works() else ""


def start(
    origin: Path, readable: Sequence[Path], sockets: bool, home: Path | None, mode: Mode, module: str = WORKER
) -> Start:
    """How to start the worker for the code at `origin`; RuntimeError where bubblewrap is required and does not work."""
    python = [sys.executable, "-P", "-m", module]
    environment = {
        "PATH": "/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "PYTHONPATH": os.pathsep.join(_extra()),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    wrap = bubblewrap() if mode != "never" else ""
    if mode == "require" and not wrap:
        raise RuntimeError(
            "expected bubblewrap, as plugins.bubblewrap says; came none that works; install it (package bubblewrap) "
            "or allow user namespaces"
        )
    seen = [*map(Path, SYSTEM), *(map(Path, NETWORK) if sockets else []), Path(sys.base_prefix), Path(sys.prefix)]
    seen += [Path(path) for path in sys.path if Path(path).name in PACKAGES]
    seen += [Path(xstock_node.__file__).parent, origin]
    inside = home is not None and any(home.resolve().is_relative_to(path.resolve()) for path in seen)
    if not wrap:
        if mode == "never" or inside or not landlock.works():
            return Start(python, environment, False)
        paths = [str(path) for path in (*_without_inner(seen), *readable)]
        held = [sys.executable, "-P", "-m", CONFINED, module, "net" if sockets else "none", *paths]
        return Start(held, environment, True)
    command = [wrap, "--unshare-all", *(["--share-net"] if sockets else []), "--die-with-parent", "--new-session"]
    command += ["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"]  # noqa: S108 - its own, and empty
    for path in _without_inner(seen):
        command += ["--ro-bind-try", str(path), str(path)]
    if home is not None and inside:
        command += ["--tmpfs", str(home.resolve())]
    for path in readable:
        command += ["--ro-bind-try", str(path), str(path)]
    return Start([*command, "--", *python], environment, True)


def _extra() -> list[str]:
    """Places where Python looks for modules here and would not look there."""
    own = (sys.prefix, sys.base_prefix)
    return [path for path in sys.path if path and Path(path).is_dir() and not path.startswith(own)]


def _without_inner(paths: Iterable[Path]) -> list[Path]:
    """The paths, each once; links stay links, so that both ends are there."""
    found: list[Path] = []
    for path in paths:
        for one in (path, path.resolve()):
            if one not in found and one.exists():
                found.append(one)
    return found
