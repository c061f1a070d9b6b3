"""A new plugin, written from the template of its kind: a distribution with manifest, tests and checks that pass."""

import keyword
import re
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from xstock_node.services.errors import Refusal

TEMPLATES: Final = Path(__file__).parent / "templates"
KINDS: Final = tuple(sorted(path.name for path in TEMPLATES.iterdir() if path.is_dir()))
_NAME: Final = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")


def write_new(name: str, kind: str, folder: Path) -> list[Path]:
    """Write the plugin `name` into `folder/name`; the files, in the order in which to read them. Raises `Refusal`."""
    if _NAME.fullmatch(name) is None or len(name) > 40:
        raise Refusal("bad-name", "a name of a-z, 0-9 and '-', at most 40 characters", name, "such as acme-wms", 2)
    if _is_taken(name):
        raise Refusal("bad-name", "a name that nothing has yet", name, "put your organisation before it: acme-wms", 2)
    if kind not in KINDS:
        raise Refusal("bad-kind", f"one of {', '.join(KINDS)}", kind, "choose one", 2)
    root = folder / name
    if root.exists():
        raise Refusal("is-there", "a new folder", f"{root} is there already", "choose another name or folder", 1)
    module = name.replace("-", "_")
    own = TEMPLATES / kind
    files = {
        root / module / "__init__.py": own / "__init__.py.txt",
        root / module / "xstock-plugin.toml": own / "xstock-plugin.toml.txt",
        root / "tests" / f"test_{module}.py": own / "test_plugin.py.txt",
        root / "tests" / "check.toml": own / "check.toml.txt",
        root / "pyproject.toml": TEMPLATES / "pyproject.toml.txt",
        root / "README.md": TEMPLATES / "README.md.txt",
    }
    for path, template in files.items():
        text = template.read_text("utf-8").replace(
            "SETTINGS", _indented((own / "settings.toml.txt").read_text("utf-8"))
        )
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(renamed(text, name), "utf-8")
    return list(files)


def _is_taken(name: str) -> bool:
    """Whether Python, or something that is installed, is called so already."""
    module = name.replace("-", "_")
    taken = {"hand", "stock", "mail", "webhook", "xstock_node"} | sys.stdlib_module_names
    return keyword.iskeyword(module) or module in taken or find_spec(module) is not None


def renamed(text: str, name: str) -> str:
    """A template's text for a plugin of this name."""
    words = [word.capitalize() for word in name.split("-")]
    pairs = {
        "acme-wms": name,
        "acme_wms": name.replace("-", "_"),
        "AcmeWms": "".join(words),
        "Acme WMS": " ".join(words),
    }
    return re.sub("|".join(pairs), lambda found: pairs[found[0]], text)


def _indented(text: str) -> str:
    return "\n".join(f"    {line}".rstrip() for line in text.splitlines()) or "    (nothing to set)"
