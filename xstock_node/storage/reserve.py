"""A file that holds room on the disk, given back when the disk is nearly full, so that what matters is still written.

When little is left, replicas of others wait; when nearly nothing is, the reserve is given back, and what is durable
goes on in its room: what we sign and acknowledge, the closing of operations. Once there is room again it is made anew.
"""

import os
import shutil
from pathlib import Path

SIZE = 16 << 20
LOOK_EVERY = 1.0  # seconds between two looks at the room on the disk


class Reserve:
    """The file `path` of `size` bytes. Replicas `must_wait` while less than its size is free beside it."""

    def __init__(self, path: Path, size: int = SIZE) -> None:
        self._path, self._size = path, size
        self._looked = -LOOK_EVERY
        self.must_wait = False
        self.look(0.0)

    @property
    def is_held(self) -> bool:
        """Whether the room is still held."""
        return self._path.exists()

    def give(self) -> None:
        """The disk is full: give the room back."""
        self.must_wait = True
        self._path.unlink(missing_ok=True)

    def look(self, now: float) -> None:
        """Look at the room on the disk, once a second by `now`, a steady clock: give the reserve back, or take it."""
        if now - self._looked < LOOK_EVERY:
            return
        self._looked, free = now, shutil.disk_usage(self._path.parent).free
        if not self.is_held and free >= 3 * self._size:
            self._take()
        self.must_wait = free < self._size or not self.is_held
        if free < self._size // 4:
            self.give()

    def _take(self) -> None:
        try:
            with self._path.open("wb") as file:
                os.posix_fallocate(file.fileno(), 0, self._size)
        except OSError:
            self._path.unlink(missing_ok=True)
