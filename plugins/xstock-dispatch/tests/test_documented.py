"""The README names every kind, mark, flag and error, its example is read, and the manifest is of this plugin."""

import re
import tomllib
from pathlib import Path
from typing import get_args

import xstock_dispatch
from dispatch_schemas import judge_json
from xstock_dispatch import marks
from xstock_dispatch.documents import read_document
from xstock_dispatch.kinds import KINDS
from xstock_dispatch.told import Word

from xstock_node.plugins import API_LEVEL, Registry

HERE = Path(__file__).parents[1]
README = (HERE / "README.md").read_text("utf-8")
CODE = "".join(path.read_text("utf-8") for path in Path(xstock_dispatch.__file__).parent.glob("*.py"))


def test_the_readme_says_how_every_kind_is_said() -> None:
    rows = re.findall(r"^\| `([a-z-]+)` \| ([A-Z]+) \| ([A-Z]+|-) \| ([A-Z_/]+)", README, re.M)
    known = {(name, kind.type, kind.mission or "-", kind.resource) for name, kind in KINDS.items()}
    assert set(rows) == known


def test_the_readme_names_marks_flags_and_errors() -> None:
    assert not [name for name in marks.LINE | marks.MESSAGE | {"place"} if f"`#{name}`" not in README]
    told = re.findall(r"told\.(?:flag|skip)\(\s*\"([a-z-]+)\"", CODE)
    assert len(told) > 8 and not [word for word in told if f"`{word}`" not in README]
    assert not [word for word in get_args(Word) if word != "not-whole" and f"`{word}`" not in README]


def test_the_example_is_read() -> None:
    (example,) = re.findall(r"```json\n(.*?)```", README, re.S)
    judge_json(example.encode())
    reading = read_document(example.encode())
    assert reading is not None and reading.flags == ("item-presumed: MAT/EQ/OTH/TENT = HSHETENTF16C",)
    (message,) = reading.messages
    assert (message.kind, message.status, message.lines[0].quantity) == ("request", "Exercise", 40)
    assert message.recipients == ("ro.redcross",) and message.language == "ro"


def test_the_manifest_is_of_this_plugin() -> None:
    manifest = tomllib.loads((Path(xstock_dispatch.__file__).parent / "xstock-plugin.toml").read_text("utf-8"))
    registry = Registry()
    xstock_dispatch.xstock_register(registry)
    *formats, route, carrier = manifest["adapter"]
    assert {one["name"]: one["title"] for one in formats} == {one.name: one.title for one in registry.formats.values()}
    assert (route["kind"], route["name"], route["authentication"]) == ("route", *registry.routes, "token")
    assert [carrier["name"]] == [*registry.carriers] and f"`plugins/{carrier['name']}.toml`" in README
    assert manifest["api"] == 7 <= API_LEVEL and manifest["may"] == ["messages", "public-routes"]
    assert f"`plugins/{route['name']}.toml`" in README and f"/plugins/xstock-dispatch/{route['path']}" in README
