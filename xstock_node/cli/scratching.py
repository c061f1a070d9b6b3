"""A scratch folder in the data folder, closed to others, for one process at a time.

What a killed process left, which may be a plain copy of the database, is removed by the next one.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from xstock_node.services.backup.archive import SCRATCH
from xstock_node.services.errors import Refusal

LOCK = f"{SCRATCH}lock"


@contextmanager
def scratch_in(home: Path) -> Iterator[Path]:
    """A new folder of mode 0700 in `home`, removed at the end."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = os.open(home / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        do = "wait until it is done"
        raise Refusal("busy", f"one back-up or restore at a time in {home}", "another one", do, 5) from None
    try:
        for stale in home.glob(f"{SCRATCH}[!l]*"):
            shutil.rmtree(stale, ignore_errors=True)
        with tempfile.TemporaryDirectory(dir=home, prefix=f"{SCRATCH}x") as folder:
            yield Path(folder)
    finally:
        os.close(lock)
