"""What the makers of releases share: the places, the locked tools, and how a distribution is built from its sources."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
DIST = ROOT / "dist"
CACHE = ROOT / "build" / "deploy"
LOCK = ROOT / "deploy" / "lock"
VENDOR = ROOT / "xstock_node" / "console" / "static" / "vendor"
EXTRAS = {"xstock-node": ("codes", "documents", "fast", "plan"), "xstock-sql": ("postgres",)}
"""What a release brings beside the bare distributions."""


class Project(NamedTuple):
    """One distribution of this repository."""

    folder: Path
    name: str
    requires: tuple[str, ...]


class Pin(NamedTuple):
    """One line of a lock: a version, the marker under which it is wanted, the hashes of its files."""

    name: str
    version: str
    marker: str
    hashes: tuple[str, ...]


def version(root: Path = ROOT) -> str:
    """The version of the node."""
    found = re.search(r'^__version__ = "(.+)"$', (root / "xstock_node" / "__init__.py").read_text("utf-8"), re.M)
    assert found is not None
    return found[1]


def projects(root: Path = ROOT) -> list[Project]:
    """The node first, then its plugins by name, with what they and their extras of a release need of others."""
    found = []
    for folder in (root, *sorted(path.parent for path in root.glob("plugins/*/pyproject.toml"))):
        table = tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))["project"]
        wanted = list(table["dependencies"])
        for extra in EXTRAS.get(table["name"], ()):
            wanted += table["optional-dependencies"][extra]
        found.append(Project(folder, table["name"], tuple(one for one in wanted if one != "xstock-node")))
    return found


def read_lock(path: Path) -> list[Pin]:
    """The pins of a lock; ValueError for a line that is none, or has no hash."""
    text = re.sub(r"^#.*$", "", path.read_text("utf-8"), flags=re.M).replace("\\\n", " ")
    found = []
    for line in filter(None, map(str.strip, text.splitlines())):
        said, *hashes = re.split(r"\s+--hash=", line)
        pinned, _, marker = said.partition(";")
        name, equal, number = pinned.strip().partition("==")
        if not equal or not hashes:
            raise ValueError(f"expected NAME==VERSION with hashes in {path.name}; came {line[:80]}")
        found.append(Pin(name, number, marker.strip(), tuple(hashes)))
    return found


def digest(path: Path) -> str:
    """The SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def run(*command: str | Path, cwd: Path | None = None, more: Mapping[str, str] | None = None) -> str:
    """What a command says; its last words and a `SystemExit` where it fails."""
    done = subprocess.run(
        [*map(str, command)], cwd=cwd, env={**os.environ, **(more or {})}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.stderr.write(done.stdout[-4000:] + done.stderr[-4000:])
        raise SystemExit(f"{Path(command[0]).name} ended with {done.returncode}: {' '.join(map(str, command))[:200]}")
    return done.stdout


def tools() -> Path:
    """A Python that has the tools of `deploy/lock/tools.txt`, each at its locked version."""
    lock = LOCK / "tools.txt"
    folder = CACHE / f"tools-{sys.version_info.major}.{sys.version_info.minor}-{digest(lock)[:12]}"
    python = folder / "bin" / "python"
    if not (folder / "done").exists():
        run(sys.executable, "-m", "venv", "--clear", folder)
        run(python, "-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes", "-r", lock)
        (folder / "done").touch()
    return python


def epoch(root: Path = ROOT) -> str:
    """The moment that is written into what is built: SOURCE_DATE_EPOCH, else that of the last commit."""
    given = os.environ.get("SOURCE_DATE_EPOCH")
    return given or run("git", "log", "-1", "--format=%ct", cwd=root).strip()


def export(to: Path) -> Path:
    """The sources of the last commit, and the console's assets as they were built: nothing else gets into a release."""
    shutil.rmtree(to, ignore_errors=True)
    to.mkdir(parents=True)
    with subprocess.Popen(["git", "archive", "HEAD"], cwd=ROOT, stdout=subprocess.PIPE) as archive:
        subprocess.run(["tar", "-x", "--no-same-permissions", "-C", to], stdin=archive.stdout, check=True)
    if archive.returncode:
        raise SystemExit("expected a checkout; came none that git can read")
    if VENDOR.is_dir():
        shutil.copytree(VENDOR, to / VENDOR.relative_to(ROOT))
    return to


def build(project: Path, out: Path, python: Path, when: str, *kinds: str) -> None:
    """Build a distribution's wheel or sdist, or both, into `out`."""
    wanted = [word for kind in kinds for word in ("-t", kind)]
    run(python, "-m", "hatchling", "build", "-d", out, *wanted, cwd=project, more={"SOURCE_DATE_EPOCH": when})
