"""The README names every setting and shows settings that are taken; the manifest is that of the module."""

import re
import tomllib
from pathlib import Path

import msgspec
import pytest
import xstock_cap

from xstock_node.plugins import API_LEVEL, Registry
from xstock_node.plugins.settings import HostSettings

HERE = Path(__file__).parents[1]
README = (HERE / "README.md").read_text("utf-8")
MANIFEST = tomllib.loads((Path(xstock_cap.__file__).parent / "xstock-plugin.toml").read_text("utf-8"))
REGISTRY = Registry()
xstock_cap.xstock_register(REGISTRY)


def test_the_manifest_is_of_this_plugin() -> None:
    found = {(one["kind"], one["name"]) for one in MANIFEST["adapter"]}
    assert found == {("message-format", name) for name in REGISTRY.formats} | {
        *(("alert-source", name) for name in REGISTRY.alert_sources),
        *(("route", name) for name in REGISTRY.routes),
    }
    assert MANIFEST["api"] == 6 <= API_LEVEL


def test_the_manifest_names_fields_that_are_there() -> None:
    fields = {field.name for one in REGISTRY.alert_sources.values() for field in msgspec.structs.fields(one.settings)}
    assert {name.removeprefix("$") for name in MANIFEST["hosts"] if name.startswith("$")} <= fields


@pytest.mark.parametrize("name", sorted(REGISTRY.alert_sources))
def test_every_setting_is_in_the_readme_and_its_example_is_taken(name: str) -> None:
    settings = REGISTRY.alert_sources[name].settings
    table = [line for line in README.splitlines() if line.startswith(f"| `{name}` |")]
    for field in msgspec.structs.fields(settings):
        assert any(f"| `{field.name}` |" in line for line in table), field.name
    shown = re.search(rf"`plugins/{name}.toml`:\n\n```toml\n(.*?)```", README, re.DOTALL)
    assert shown is not None
    values = tomllib.loads(shown[1])
    msgspec.convert(values.pop("host", {}), HostSettings)
    msgspec.convert(values, settings)


def test_every_address_that_is_the_default_is_listed() -> None:
    for source in REGISTRY.alert_sources.values():
        for field in msgspec.structs.fields(source.settings):
            if field.name == "url" and field.default is not msgspec.NODEFAULT:
                assert field.default.split("/")[2] in MANIFEST["hosts"]
