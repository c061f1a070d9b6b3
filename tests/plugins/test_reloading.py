"""A plugin that changes is loaded anew; one that does not change is left alone, and a broken one says why."""

from pathlib import Path

from tests.plugins.conftest import Write
from tests.services.sign_in_desk import open_desk
from xstock_node.plugins.host import PluginHost
from xstock_node.plugins.public import PageAsk
from xstock_node.services.office import OPERATOR
from xstock_node.services.plugging import list_plugins
from xstock_node.services.reloading import Reloading, seen

CODE = """
from xstock_node.plugins import Figure, PageData, hookimpl
class Made:
    name, title, settings = "made", "Made", dict
    async def show(self, context, ask):
        return PageData(title="ONE")
@hookimpl
def xstock_register(registry):
    registry.page(Made())
"""
MANIFEST = """
api = 3
may = ["pages"]
[[adapter]]
kind = "page"
name = "made"
title = "Made"
"""


def test_what_is_compiled_is_no_change_and_what_is_edited_is(tmp_path: Path) -> None:
    package = tmp_path / "acme"
    (package / "__pycache__").mkdir(parents=True)
    (package / "__init__.py").write_text("a = 1\n")
    before = seen(package)
    (package / "__pycache__" / "x.py").write_text("")
    (package / "notes.txt").write_text("")
    assert seen(package) == before
    (package / "__init__.py").write_text("a = 12\n")
    assert seen(package) != before
    assert seen(tmp_path / "gone") == {}


async def test_a_plugin_that_changes_is_loaded_anew_and_one_that_breaks_says_why(write: Write, tmp_path: Path) -> None:
    point = write(CODE, MANIFEST, name="made-again")
    code = tmp_path / "code" / "made_again" / "__init__.py"
    home = tmp_path / "home"
    (home / "plugins").mkdir(parents=True)
    (home / "plugins" / "made.toml").write_text("")
    host = PluginHost(["acme"], [point])
    async with open_desk(home, host) as desk:
        plugin, reloading = host.plugins["made-again"], Reloading(desk.office)
        await reloading.start()
        await reloading.stop()

        async def title() -> str:
            return str((await plugin.call("page", "made", "show", PageAsk())).title)

        assert await title() == "ONE" and await reloading.look() == []
        code.write_text(CODE.replace("ONE", "TWO, and longer"))
        assert await reloading.look() == ["made-again"] and await title() == "TWO, and longer"
        code.write_text(CODE + "\nthis is no Python")
        assert await reloading.look() == ["made-again"] and await reloading.look() == []
        (view,) = [one for one in await list_plugins(desk.office, OPERATOR) if one.name == "made-again"]
        assert view.state == "quarantined" and "SyntaxError" in view.reason
        code.write_text(CODE)
        assert await reloading.look() == ["made-again"] and await title() == "ONE"
        await host.stop()
