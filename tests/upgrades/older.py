"""Nodes of released versions: their code comes from the history of this project, into an ignored folder, once."""

import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.processes import NodeProcess

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
CACHE = ROOT / "tmp" / "versions"
PARTS = ("xstock_node", "plugins", "deploy/exercise")
CREATE = """
import json, sys, time
from pathlib import Path
from xstock_node.cli.init import Answers, create
create(Path(sys.argv[1]), Answers(**json.loads(sys.argv[2])), int(time.time()))
"""


class Version(NamedTuple):
    """A released version, its commit, and the packed data folders that it made."""

    name: str
    commit: str
    data: Path


def released() -> list[Version]:
    """All released versions, the oldest first."""
    rows = tomllib.loads((HERE / "versions.toml").read_text("utf-8"))["version"]
    return [Version(row["name"], row["commit"], HERE / row["data"]) for row in rows]


def code_of(version: Version) -> Path:
    """The folder with the code of a version; skips where the history is cut short, fails in CI where it is whole."""
    folder = CACHE / version.name
    if (folder / "xstock_node").is_dir():
        return folder
    packed = _archive(version.commit)
    if packed is None and _git("fetch", "--quiet", "--depth=1", "origin", version.commit) is not None:
        packed = _archive(version.commit)
    if packed is None:
        why = f"the history of this checkout has no {version.commit[:12]} ({version.name}): git fetch --unshallow"
        is_whole = (_git("rev-parse", "--is-shallow-repository") or b"").strip() == b"false"
        pytest.fail(why) if os.environ.get("CI") == "true" and is_whole else pytest.skip(why)
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as scratch:
        with tarfile.open(fileobj=BytesIO(packed)) as tar:
            tar.extractall(scratch, filter="data")
        try:
            Path(scratch).rename(folder)
        except OSError:
            assert (folder / "xstock_node").is_dir(), "another test was first"
        else:
            Path(scratch).mkdir()
    return folder


def environment(code: Path) -> dict[str, str]:
    """In which Python takes that code, and not the folder that it is started in."""
    ours = [code, *(p.parent for p in code.glob("plugins/*/pyproject.toml"))]
    return {"PYTHONPATH": os.pathsep.join(map(str, ours)), "PYTHONSAFEPATH": "1"}


def run_old(code: Path, home: Path, *words: str, fails: int = 0, token: str = "") -> Any:
    """A verb of an older version, as JSON."""
    around = (
        plain_environment()
        | environment(code)
        | {"XSTOCK_HOME": str(home)}
        | ({"XSTOCK_TOKEN": token} if token else {})
    )
    command = [sys.executable, "-m", "xstock_node", *words, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=around, check=False)
    assert done.returncode == fails, (words, done.stdout, done.stderr)
    return json.loads(done.stdout)


def python_of(code: Path, program: str, *words: str) -> str:
    """What a program prints that imports the code of an older version."""
    around = plain_environment() | environment(code)
    command = [sys.executable, "-c", program, *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, env=around, check=True).stdout


class OldNode(NodeProcess):
    """A node that an older version made and runs."""

    def __init__(self, folder: Path, name: str, port: int, code: Path, **answers: Any) -> None:
        self.home, self.name, self.port, self.code = folder / name, name, port, code
        self.process, self._begins = None, 0
        url = f"http://{answers.get('host', '127.0.0.1')}:{port}"
        given = {"name": name, "url": url, "port": port, "allow_private": True, **answers}
        python_of(code, CREATE, str(self.home), json.dumps(given))
        self._go()

    @classmethod
    def over(cls, home: Path, name: str, port: int, code: Path) -> "OldNode":
        """One over a data folder that is there."""
        found = cls.__new__(cls)
        found.home, found.name, found.port, found.code = home, name, port, code
        found.process, found._begins = None, 0
        found._go()
        return found

    def _go(self) -> None:
        self.prefix = ("env", *(f"{name}={value}" for name, value in environment(self.code).items()))


def unpacked(version: Version, folder: Path) -> Path:
    """The data folders of a version, in a folder of their own."""
    with tarfile.open(version.data) as tar:
        tar.extractall(folder, filter="data")
    return folder


def plain_environment() -> dict[str, str]:
    """This environment without settings of a node and of Python."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("XSTOCK_", "PYTHONPATH"))}


def _git(*words: str) -> bytes | None:
    if shutil.which("git") is None:
        return None
    done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, timeout=300, check=False)
    return done.stdout if done.returncode == 0 else None


def _archive(commit: str) -> bytes | None:
    return _git("archive", "--format=tar", commit, *PARTS)
