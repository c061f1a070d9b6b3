"""`make lock`: what a release is made of, each file by its hash, written into this folder.

requirements.txt is what runs at a node, tools.txt what builds it. `make lock LOCK=--upgrade` takes newer versions.
"""

import hashlib
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "offline"))
from tools import CACHE, LOCK, projects, run

TOOLS = ("cyclonedx-python-lib[json-validation]>=11", "hatchling>=1.27", "packaging>=25", "pip>=25")
HEAD = "# Made by `make lock`; do not edit. Of: {mark}\n"


def wanted(name: str) -> list[str]:
    """What a lock has to fulfil, sorted."""
    if name == "tools.txt":
        return sorted(TOOLS)
    return sorted({one for project in projects() for one in project.requires})


def mark(requirements: Sequence[str]) -> str:
    """By which a lock tells what it was made of."""
    return hashlib.sha256("\n".join(requirements).encode()).hexdigest()


def main() -> None:
    """Write both locks."""
    venv = CACHE / "locker"
    if not (venv / "bin" / "uv").exists():
        run(sys.executable, "-m", "venv", "--clear", venv)
        run(venv / "bin" / "python", "-m", "pip", "install", "--quiet", "uv")
    for name in ("requirements.txt", "tools.txt"):
        requirements = wanted(name)
        with tempfile.TemporaryDirectory() as folder:
            asked = Path(folder) / "wanted.in"
            asked.write_text("\n".join(requirements) + "\n", "utf-8")
            fixed = ("--universal", "--python-version", "3.11", "--generate-hashes", "--no-header", "--no-annotate")
            quiet = ("--quiet", "--no-emit-index-url", "--no-config")
            run(venv / "bin" / "uv", "pip", "compile", asked, "-o", LOCK / name, *fixed, *quiet, *sys.argv[1:])
        path = LOCK / name
        path.write_text(HEAD.format(mark=mark(requirements)) + path.read_text("utf-8"), "utf-8")
        print(path)


if __name__ == "__main__":
    main()
