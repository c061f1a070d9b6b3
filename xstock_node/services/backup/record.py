"""What a data folder remembers of its back-ups, for `doctor` and the metrics: a small file beside them."""

from pathlib import Path

import msgspec

FOLDER = "backups"
RECORD = "record.json"


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """The last back-up that was made, rehearsed, brought to a peer; times in unix seconds, 0 for never.

    `key_shown`: when the key was last shown to be written down.
    """

    made: int = 0
    file: str = ""
    size: int = 0
    rehearsed: int = 0
    at_peer: int = 0
    peer: str = ""
    key_shown: int = 0


def read_record(home: Path) -> Kept:
    """What is remembered; nothing where the file is missing or damaged."""
    try:
        return msgspec.json.decode((home / FOLDER / RECORD).read_bytes(), type=Kept)
    except (OSError, msgspec.DecodeError):
        return Kept()


def write_record(home: Path, kept: Kept) -> None:
    """Replace what is remembered, at once."""
    folder = home / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    beside = folder / f"{RECORD}.new"
    beside.write_bytes(msgspec.json.encode(kept))
    beside.replace(folder / RECORD)
