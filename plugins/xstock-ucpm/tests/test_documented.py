"""The README names every form, its example is what a form says, and the manifest is of this plugin."""

import json
import re
import tomllib
from pathlib import Path

import xstock_ucpm
from ucpm_facts import facts
from xstock_ucpm.request import AssistanceRequest
from xstock_ucpm.transport import FIELDS

from xstock_node.plugins import API_LEVEL, Registry
from xstock_node.testing.folder_plugin import open_folder
from xstock_node.testing.plugin_checks import check
from xstock_node.testing.plugin_context import plugin_context

HERE = Path(__file__).parents[1]
README = (HERE / "README.md").read_text("utf-8")


async def test_the_example_is_how_a_form_begins() -> None:
    (example,) = re.findall(r"```json\n(.*?)```", README, re.S)
    async with plugin_context(None) as context:
        said = json.loads((await AssistanceRequest().make(context, facts())).data)
    shown = json.loads(example)
    assert {name: said[name] for name in shown} == shown and len(shown) == 5


def test_the_readme_names_every_form_and_what_the_transport_form_asks() -> None:
    registry = Registry()
    xstock_ucpm.xstock_register(registry)
    assert [name for name in registry.forms if f"| `{name}` |" not in README] == []
    told = README.lower()
    assert [one.name for one in FIELDS if one.name.split("_")[0] not in told] == []


def test_the_manifest_is_of_this_plugin() -> None:
    manifest = tomllib.loads((Path(xstock_ucpm.__file__).parent / "xstock-plugin.toml").read_text("utf-8"))
    registry = Registry()
    xstock_ucpm.xstock_register(registry)
    assert {one["name"]: one["title"] for one in manifest["adapter"]} == {n: f.title for n, f in registry.forms.items()}
    assert manifest["api"] == 5 <= API_LEVEL and manifest["may"] == ["forms"]


async def test_it_holds_the_checks_of_the_authors_kit() -> None:
    found = [one async for one in check(open_folder(HERE))]
    assert [one for one in found if not one.holds or not one.checked] == [] and len(found) == 15
