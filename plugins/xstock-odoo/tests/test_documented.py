"""The README names every setting, and the manifest names what the settings and the module really have."""

import tomllib
from pathlib import Path

import msgspec
import xstock_odoo
from xstock_odoo.settings import OdooSettings

from xstock_node.plugins import API_LEVEL, Registry

HERE = Path(__file__).parents[1]
MANIFEST = tomllib.loads((Path(xstock_odoo.__file__).parent / "xstock-plugin.toml").read_text("utf-8"))


def test_every_setting_is_in_the_readme() -> None:
    readme = (HERE / "README.md").read_text("utf-8")
    table = "\n".join(line for line in readme.splitlines() if line.startswith("| `"))
    assert not [field.name for field in msgspec.structs.fields(OdooSettings) if f"`{field.name}`" not in table]


def test_the_manifest_is_of_this_plugin() -> None:
    registry = Registry()
    xstock_odoo.xstock_register(registry)
    found = {(adapter["kind"], adapter["name"]) for adapter in MANIFEST["adapter"]}
    registered = {("inventory-source", name) for name in registry.sources}
    assert found == registered | {("inventory-writer", name) for name in registry.writers}
    assert MANIFEST["api"] <= API_LEVEL and ("write-stock" in MANIFEST["may"]) == bool(registry.writers)


def test_the_manifest_names_fields_that_are_there() -> None:
    named = [name.removeprefix("$") for name in (*MANIFEST["hosts"], *MANIFEST["files"]) if name.startswith("$")]
    assert set(named) <= {field.name for field in msgspec.structs.fields(OdooSettings)}
