"""The README names every kind, mark and error, its example is read, and the manifest is of this plugin."""

import re
import tomllib
from pathlib import Path

import epcis_schemas
import xstock_shipment
from ubl_schemas import judge
from xstock_shipment import marks
from xstock_shipment.documents import read_document
from xstock_shipment.epcis import documents as epcis
from xstock_shipment.epcis.words import STEPS

from xstock_node.plugins import API_LEVEL, Registry
from xstock_node.testing.folder_plugin import open_folder
from xstock_node.testing.plugin_checks import check

HERE = Path(__file__).parents[1]
README = (HERE / "README.md").read_text("utf-8")
CODE = "".join(path.read_text("utf-8") for path in Path(xstock_shipment.__file__).parent.rglob("*.py"))


def test_the_example_is_valid_and_read() -> None:
    (example,) = re.findall(r"```xml\n(.*?)```", README, re.S)
    assert judge(example.encode()) == "DespatchAdvice"
    reading = read_document(example.encode())
    assert reading is not None and reading.messages[0].lines[0].quantity == 60


def test_the_example_of_an_event_is_valid_and_read() -> None:
    (example,) = re.findall(r"```json\n(.*?)```", README, re.S)
    (event,) = epcis_schemas.judge(example.encode())
    reading = epcis.read_document(example.encode())
    assert reading is not None and (reading.messages[0].id, reading.messages[0].kind) == (event["eventID"], "receipt")
    assert (reading.messages[0].lines[0].quantity, reading.messages[0].lines[0].lot) == (57, "L7")


def test_the_readme_names_marks_and_errors() -> None:
    rows = [f"| `{kind}` | {step.step} | {step.disposition}" for kind, step in STEPS.items()]
    assert [row for row in rows if row not in README] == []
    assert [one for one in (*marks.DOCUMENT, *marks.ITEM) if f"`#{one}`" not in README] == []
    words = set(re.findall(r'Broken\(\s*"([a-z-]+)"', CODE)) - {"sums", "not-whole"}
    assert len(words) >= 3 and [one for one in words if f"`{one}`" not in README] == []


def test_the_manifest_is_of_this_plugin() -> None:
    manifest = tomllib.loads((Path(xstock_shipment.__file__).parent / "xstock-plugin.toml").read_text("utf-8"))
    registry = Registry()
    xstock_shipment.xstock_register(registry)
    said = [(adapter["kind"], adapter["name"], adapter["title"]) for adapter in manifest["adapter"]]
    assert said == [("message-format", name, one.title) for name, one in registry.formats.items()] and len(said) == 2
    assert manifest["api"] == 4 <= API_LEVEL and manifest["may"] == ["messages"]


async def test_it_holds_the_checks_of_the_authors_kit() -> None:
    found = [one async for one in check(open_folder(HERE))]
    assert [one for one in found if not one.holds or not one.checked] == [] and len(found) >= 5
