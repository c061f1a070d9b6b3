"""Others that do part of the same work, measured in the same run: installed by name into an ignored folder."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parent.parent.parent.parent / ".bench"
HYPERCORE = ("hypercore@11", "corestore@7")
DATASETTE = "datasette>=0.65,<1"


def node_modules() -> Path | None:
    """A folder with Hypercore, installed when it is not there; None where npm cannot."""
    modules = FOLDER / "node_modules"
    if (modules / "hypercore").is_dir():
        return modules
    if shutil.which("npm") is None:
        return None
    FOLDER.mkdir(exist_ok=True)
    command = ["npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--prefix", str(FOLDER), *HYPERCORE]
    done = subprocess.run(command, capture_output=True, check=False)
    return modules if done.returncode == 0 else None


def datasette() -> Path | None:
    """The program datasette in an environment of its own; None where pip cannot."""
    program = FOLDER / "venv" / "bin" / "datasette"
    if program.exists():
        return program
    FOLDER.mkdir(exist_ok=True)
    made = subprocess.run([sys.executable, "-m", "venv", str(FOLDER / "venv")], capture_output=True, check=False)
    pip = [str(FOLDER / "venv" / "bin" / "python"), "-m", "pip", "install", "--quiet", DATASETTE]
    installed = made.returncode == 0 and subprocess.run(pip, capture_output=True, check=False).returncode == 0
    return program if installed else None


def plain_environment() -> dict[str, str]:
    """The environment without what belongs to our own."""
    return {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
