"""The README's example is a page, its tables name every page and setting, and the manifest is of this plugin."""

import re
import tomllib
from pathlib import Path

import msgspec
import xstock_network
from xstock_network.about import About, AboutSettings
from xstock_network.wording import Words, languages

from xstock_node.plugins import API_LEVEL, PageAsk, Registry
from xstock_node.testing.folder_plugin import open_folder
from xstock_node.testing.members import LooseMembers
from xstock_node.testing.plugin_checks import check
from xstock_node.testing.plugin_context import plugin_context

HERE = Path(__file__).parents[1]
README = (HERE / "README.md").read_text("utf-8")
WORDS = tomllib.loads((Path(xstock_network.__file__).parent / "words.toml").read_text("utf-8"))


async def test_the_example_is_a_page_in_both_its_languages() -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", README, re.S)
    settings = msgspec.convert(tomllib.loads(example), AboutSettings)
    async with plugin_context(settings) as context:
        context = context._replace(members=LooseMembers())
        first, other = [await About().show(context, PageAsk(query=one)) for one in ({}, {"lang": "ro"})]
    assert (first.title, other.title) == ("Градове по Дунав", "Orașele Dunării")
    assert "под 10" in str(first.tables) and "sub 10" in str(other.tables)
    assert "употребявани дрехи" in str(first.tables) and "haine purtate" in str(other.tables)


def test_the_readme_names_every_page_and_setting() -> None:
    registry = Registry()
    xstock_network.xstock_register(registry)
    for name, page in (registry.pages | registry.routes).items():
        assert f"| `{name}` | `{name}.toml` |" in README
        assert [field for field in page.settings.__struct_fields__ if f"`{field}`" not in README] == []


def test_the_manifest_is_of_this_plugin() -> None:
    manifest = tomllib.loads((Path(xstock_network.__file__).parent / "xstock-plugin.toml").read_text("utf-8"))
    registry = Registry()
    xstock_network.xstock_register(registry)
    *pages, route = manifest["adapter"]
    assert {one["name"]: one["title"] for one in pages} == {n: p.title for n, p in registry.pages.items()}
    assert all(one["public"] for one in pages) and manifest["may"] == ["pages", "public-routes", "members"]
    assert (route["method"], [route["name"]]) == ("GET", list(registry.routes))
    assert f"/plugins/xstock-network/{route['path']}" in README
    assert manifest["api"] == 7 <= API_LEVEL and "it twelve times a minute" in README and pages[1]["a_minute"] == 12


def test_no_language_has_a_word_that_english_has_not() -> None:
    assert {name for one in WORDS.values() for name in one} == set(WORDS["en"])
    assert set(languages()) == {"en", "bg", "ro", "uk", "ru", "kk"}
    assert Words("kk")("application") == WORDS["en"]["application"] and Words("kk")("people") == "Адамдар"


async def test_it_holds_the_checks_of_the_authors_kit() -> None:
    found = [one async for one in check(open_folder(HERE))]
    assert [one for one in found if not one.holds or not one.checked] == [] and len(found) == 11
