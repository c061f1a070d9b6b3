"""The page for authors: its samples are those of the templates, its steps work, and it leaves nothing out."""

import os
import re
import site
import subprocess
import sys
import time
import venv
from pathlib import Path

import msgspec
import pytest

from xstock_node.plugins import errors
from xstock_node.plugins.adapters import NotCarried, Undeliverable
from xstock_node.plugins.context import Context
from xstock_node.plugins.hookspecs import Registry
from xstock_node.plugins.manifest import AdapterEntry, Manifest
from xstock_node.plugins.settings import HostSettings
from xstock_node.testing.new_plugin import KINDS, TEMPLATES

ROOT = Path(__file__).parent.parent.parent
PAGE = (ROOT / "plugins" / "README.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def test_every_sample_stands_in_the_template_that_a_new_plugin_is_written_from() -> None:
    code = (TEMPLATES / "inventory" / "__init__.py.txt").read_text("utf-8")
    assert len(blocks("python")) >= 4
    for sample in blocks("python"):
        assert sample in code, sample


def test_every_kind_field_error_and_way_to_register_is_on_the_page() -> None:
    raised = [name for name, kind in vars(errors).items() if isinstance(kind, type) and name != "AdapterError"]
    words = [
        *KINDS,
        *(f.name for kind in (Manifest, AdapterEntry, HostSettings) for f in msgspec.structs.fields(kind)),
        *raised,
        Undeliverable.__name__,
        NotCarried.__name__,
        *(f"registry.{name}(" for name, held in vars(Registry).items() if callable(held) and not name.startswith("_")),
        *Context._fields,
    ]
    for word in words:
        assert f"`{word}" in PAGE or f"[[{word}]]" in PAGE, f"{word} is not in plugins/README.md"


@pytest.mark.heavy
def test_who_follows_the_page_from_nothing_has_a_plugin_with_green_checks(tmp_path: Path) -> None:
    """In a new environment that sees the node as installed; every line of the page is typed as it stands."""
    home = tmp_path / "venv"
    venv.create(home, with_pip=True)
    (packages,) = home.glob("lib/python*/site-packages")
    (packages / "node.pth").write_text(f"import site; site.addsitedir({site.getsitepackages()[0]!r})\n", "utf-8")
    (home / "bin" / "xstock").write_text(f"#!{home}/bin/python\nfrom xstock_node.cli.main import run\nrun()\n", "utf-8")
    (home / "bin" / "xstock").chmod(0o755)
    (lines,) = blocks("sh")
    began = time.monotonic()
    typed = "set -eux\n" + lines.replace("pytest", "python -m pytest")
    environment = {**os.environ, "PATH": f"{home}/bin:{os.environ['PATH']}", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    environment.pop("PYTHONPATH", None)
    done = subprocess.run(
        ["bash", "-c", typed], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=300
    )
    print(f"{time.monotonic() - began:.1f} s with {sys.version.split()[0]}")
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert "11 of 11 checks hold" in done.stdout and "passed" in done.stdout and "FAILS" not in done.stdout
