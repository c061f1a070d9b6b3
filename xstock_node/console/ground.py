"""What the map is drawn on: the operator's own `map.geojson` in the data folder, else the outlines that were built."""

from functools import lru_cache
from pathlib import Path
from typing import Final, NamedTuple

from xstock_node.console.pictures.outlines import MOST_BYTES, BadOutlines, Outlines, parse
from xstock_node.console.static_files import FOLDER

OWN: Final = "map.geojson"
BUILT: Final = FOLDER / "vendor" / "outlines.json"


class Ground(NamedTuple):
    """Outlines, the file they are from (None: there are none), and why the operator's own cannot be used."""

    outlines: Outlines
    file: Path | None = None
    problem: str = ""

    @property
    def is_own(self) -> bool:
        """Whether they are the operator's own."""
        return self.file is not None and self.file.name == OWN


def ground(home: Path) -> Ground:
    """The outlines for a data folder, read anew only when their file changed."""
    own = _read(home / OWN)
    if own is not None and not own.problem:
        return own
    built = _read(BUILT) or Ground(Outlines())
    return built._replace(problem=own.problem) if own else built


def _read(path: Path) -> Ground | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return _parsed(path, found.st_mtime_ns, found.st_size)


@lru_cache(maxsize=4)
def _parsed(path: Path, changed: int, size: int) -> Ground:
    try:
        if size > MOST_BYTES:
            raise BadOutlines(f"expected at most {MOST_BYTES} bytes, got {size}; simplify the outlines")
        return Ground(parse(path.read_bytes()), path)
    except (OSError, BadOutlines) as error:
        return Ground(Outlines(), None, f"{path.name}: {error}")
