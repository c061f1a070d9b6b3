"""Secrets from files that their owner alone can read; never from the environment, which children and crashes show."""

import stat
from pathlib import Path

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
LARGEST = 4096


def read_secret(folder: Path, name: str) -> str:
    """The one line of a file, `name` relative to `folder`. Raises ValueError or OSError that say what is wrong."""
    path = folder / name
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise ValueError(f"others can read {name}: chmod 600 it")
    with path.open("rb") as file:
        raw = file.read(LARGEST + 1)
    secret = raw.decode("utf-8").strip("\r\n")
    if not secret or len(raw) > LARGEST or "\n" in secret:
        raise ValueError(f"expected one line in {name}")
    return secret
