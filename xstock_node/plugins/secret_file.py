"""The file with a secret of a plugin, which its settings name. Since API level 7."""

import stat
from pathlib import Path
from typing import Final

from xstock_node.plugins.errors import Unauthorised

LARGEST: Final = 8192


def read_secret(folder: Path, name: str) -> str:
    """The one line of the file `name` in the folder of the settings; raises `Unauthorised` with what is wrong."""
    path = folder / name
    try:
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise Unauthorised(f"expected {name} to be readable by its owner alone; chmod 600 it")
        with path.open("rb") as file:
            raw = file.read(LARGEST + 1)
        found = raw.decode("utf-8").strip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise Unauthorised(f"expected a secret in {name}; came {type(error).__name__}; write the file") from None
    if not found or not found.isprintable() or len(raw) > LARGEST:
        raise Unauthorised(f"expected one line in {name}")
    return found
