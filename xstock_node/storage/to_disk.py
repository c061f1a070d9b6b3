"""Waiting until what was written is on the disk, not on its way there."""

import os
from pathlib import Path


def synchronise(path: Path) -> None:
    """Let a file, or the names in a folder, reach the disk; raises OSError where that fails."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
