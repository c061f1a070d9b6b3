"""The README names every kind, type, mark, flag and error, its example is read, and the manifest is of this plugin."""

import re
import tomllib
from pathlib import Path
from typing import get_args

import xstock_edxl
from edxl_neutral import ALL_KINDS
from edxl_schemas import judge
from xstock_edxl import marks
from xstock_edxl.documents import read_document
from xstock_edxl.kinds import KINDS, TYPES
from xstock_edxl.told import Word

from xstock_node.plugins import API_LEVEL, Registry

HERE = Path(__file__).parents[1]
README = (HERE / "README.md").read_text("utf-8")
CODE = "".join(path.read_text("utf-8") for path in Path(xstock_edxl.__file__).parent.glob("*.py"))


def test_the_readme_says_where_every_kind_goes() -> None:
    rows = {
        row[1]: row for row in re.finditer(r"^\| `([a-z-]+)` \| ([A-Za-z]+).* \| ([A-Z][A-Za-z, ]+) \|$", README, re.M)
    }
    assert set(rows) == set(ALL_KINDS)
    for kind, known in KINDS.items():
        if kind != "recall":
            assert (rows[kind][2], rows[kind][3]) == (known.type, known.distribution)
    assert {row[2] for row in rows.values()} == set(TYPES) | {"MessageRecall"}


def test_the_readme_names_marks_flags_and_errors() -> None:
    own = {marks.KIND, marks.ORIGINATING, marks.PRECEDING, marks.RECIPIENT, marks.LIST, marks.ITEM}
    names = {f"#{name}" for name in marks.LINE} | {urn.removeprefix("urn:xstock:rm:1") for urn in own}
    assert not [name for name in names if f"`{name}`" not in README and f"urn:xstock:rm:1{name}`" not in README]
    told = re.findall(r"told\.(?:flag|skip)\(\s*\"([a-z-]+)\"", CODE)
    assert len(told) > 8 and not [word for word in told if f"`{word}`" not in README]
    assert not [word for word in get_args(Word) if word != "not-whole" and f"`{word}`" not in README]


def test_the_example_is_read() -> None:
    (example,) = re.findall(r"```xml\n(.*?)```", README, re.S)
    judge(example.encode())
    reading = read_document(example.encode())
    assert reading is not None and reading.flags == () and reading.skipped == ()
    (message,) = reading.messages
    assert (message.kind, message.status, message.lines[0].quantity) == ("request", "Exercise", 40)


def test_the_manifest_is_of_this_plugin() -> None:
    manifest = tomllib.loads((Path(xstock_edxl.__file__).parent / "xstock-plugin.toml").read_text("utf-8"))
    registry = Registry()
    xstock_edxl.xstock_register(registry)
    adapter, route = manifest["adapter"]
    assert (adapter["kind"], adapter["name"]) == ("message-format", *registry.formats)
    assert (route["kind"], route["name"], route["authentication"]) == ("route", *registry.routes, "token")
    assert manifest["api"] == 4 <= API_LEVEL and manifest["may"] == ["messages", "public-routes"]
    assert f"`plugins/{route['name']}.toml`" in README and f"/plugins/xstock-edxl/{route['path']}" in README
    assert adapter["title"] == registry.formats["edxl-rm"].title
