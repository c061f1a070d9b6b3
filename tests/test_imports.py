"""The table of who may import whom, and what pure rooms must not touch (architecture)."""

import ast
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "xstock_node"
NO_WORLD = {"asyncio", "aiohttp", "sqlite3", "sqlite_utils", "os", "pathlib", "time", "random", "secrets", "pluggy"}
ANYTHING = {
    "protocol",
    "domain",
    "storage",
    "transport",
    "plugins",
    "services",
    "api",
    "console",
    "cli",
    "testing",
    "config",
}
ALLOWED = {
    "protocol": (set(), NO_WORLD),
    "domain": ({"protocol"}, NO_WORLD),
    "storage": ({"protocol", "domain"}, {"aiohttp", "pluggy"}),
    "transport": ({"protocol"}, {"sqlite3", "sqlite_utils"}),
    "plugins": ({"protocol", "domain"}, {"aiohttp", "sqlite3", "sqlite_utils"}),
    "services": ({"protocol", "domain", "storage", "transport", "plugins"}, {"jinja2", "click", "argparse"}),
    "api": ({"services", "domain", "protocol", "config", "storage.errors"}, {"sqlite3", "sqlite_utils"}),
    "console": (
        {"services", "domain", "protocol", "config", "api", "plugins.adapters"},
        {"sqlite3", "sqlite_utils", "click", "argparse"},
    ),
    "cli": (ANYTHING, set()),
    "testing": (ANYTHING, set()),
}
ALWAYS = {"trace", "counts", "lean", "i18n", ""}


def imported(path: Path) -> set[str]:
    """Every module that a file imports, wherever in the file."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found.add(node.module or "")
    return found


@pytest.mark.parametrize("layer", sorted(ALLOWED))
def test_a_layer_imports_only_what_the_table_allows(layer: str) -> None:
    ours, forbidden = ALLOWED[layer]
    files = list((PACKAGE / layer).rglob("*.py"))
    assert files, f"no room {layer}"
    for path in files:
        for module in imported(path):
            top, _, rest = module.partition(".")
            assert top not in forbidden, f"{path}: {layer} must not touch {module}"
            if top == "xstock_node":
                room = rest.partition(".")[0]
                fits = room in ours | ALWAYS | {layer} or any(rest.startswith(one) for one in ours if "." in one)
                assert fits, f"{path}: {layer} may not import {module}"


def test_sqlite_is_touched_by_the_storage_engine_alone() -> None:
    for path in PACKAGE.rglob("*.py"):
        if path.is_relative_to(PACKAGE / "storage" / "sqlite"):
            continue
        assert not imported(path) & {"sqlite3", "sqlite_utils"}, f"{path} speaks SQLite"


def is_engine(distribution: Path) -> bool:
    """Whether a distribution of the shelf is a storage engine, which is no plugin."""
    project = tomllib.loads((distribution / "pyproject.toml").read_text("utf-8"))["project"]
    return "xstock_node.storage" in project.get("entry-points", {})


def test_a_plugin_imports_only_the_author_s_interface_and_an_engine_that_of_storage() -> None:
    shelf = {path.parent: is_engine(path.parent) for path in (ROOT / "plugins").glob("*/pyproject.toml")}
    assert set(shelf.values()) == {True, False}
    for distribution, path in ((folder, path) for folder in shelf for path in folder.rglob("*.py")):
        allowed = {"storage", "protocol", "domain"} if shelf[distribution] else {"plugins", "domain"}
        allowed |= {"testing"} if "tests" in path.parts else set()
        for module in imported(path):
            if module.startswith("xstock_node."):
                assert module.split(".")[1] in allowed, f"{path} imports {module}"
                engines_own = module.startswith("xstock_node.storage.sqlite")
                assert not engines_own or "tests" in path.parts, f"{path} imports {module}, another engine's room"


def test_no_database_library_but_sqlite_s_is_touched_by_the_node() -> None:
    for path in PACKAGE.rglob("*.py"):
        if not path.is_relative_to(PACKAGE / "testing"):
            assert "psycopg" not in {module.partition(".")[0] for module in imported(path)}, f"{path} speaks PostgreSQL"


def test_every_layer_has_a_row_in_the_table() -> None:
    rooms = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").exists()}
    assert rooms == set(ALLOWED)
