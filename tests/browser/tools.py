"""The tools of the browser tests: Chromium, Node.js, what npm installed; skipped with a reason where one is missing."""

import os
import shutil
from pathlib import Path
from typing import NamedTuple

import pytest

HERE = Path(__file__).parent
NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
INSTALLED = HERE / "node_modules" / "playwright-core" / "package.json"
VENDOR = HERE.parent.parent / "xstock_node" / "console" / "static" / "vendor"


class Tools(NamedTuple):
    """The programs that drive a browser, by path."""

    node: str
    chromium: str


def tools() -> Tools:
    """What is installed; in CI a missing tool fails."""
    node, chromium = shutil.which("node"), next(filter(None, map(shutil.which, NAMES)), None)
    if node is None or chromium is None:
        missing("Node.js and Chromium are wanted; on Debian: apt-get install nodejs npm chromium")
    if not INSTALLED.exists():
        missing("the driver of the browser is not installed; type `make browser`, which needs npm")
    assert node and chromium
    return Tools(node, chromium)


def vendor() -> Path:
    """The folder of built assets; in CI a missing one fails."""
    if not (VENDOR / "manifest.json").exists():
        missing("the assets of the console are not built; type `make assets`, which needs npm")
    return VENDOR


def missing(words: str) -> None:
    """Fail in CI, where everything has to be there; skip elsewhere."""
    if os.environ.get("CI") == "true":
        pytest.fail(words)
    pytest.skip(words)
