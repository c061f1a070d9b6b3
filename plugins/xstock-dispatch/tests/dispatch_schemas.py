"""The schemas, nomenclatures and samples of EMSI and EDXL-DE 2.0, which live outside the project, and a judge."""

import csv
import json
import os
from functools import cache
from pathlib import Path
from typing import Any

import pytest

SHARED = Path(os.environ.get("XSTOCK_SHARED", Path(__file__).parents[3].parent / "shared")) / "standards"
EMSI = SHARED / "emsi"
SAMPLES = EMSI / "samples"
DE = SHARED / "edxl-de" / "v2.0" / "EDXL-DE-envelope-only.xsd"
NS = {"de": "urn:oasis:names:tc:emergency:EDXL:DE:2.0", "e": "urn:emergency:eda:1.9:emsi"}


def needed(path: Path) -> Path:
    """The path, if it is there; in CI a missing one fails."""
    if not path.exists():
        assert os.environ.get("CI") != "true", f"no {path}"
        pytest.skip(f"no {path}; set XSTOCK_SHARED")
    return path


def _library(name: str) -> Any:
    if os.environ.get("CI") == "true":
        import importlib

        return importlib.import_module(name)
    return pytest.importorskip(name)


@cache
def _xsd(path: Path) -> Any:
    etree = _library("lxml.etree")
    return etree.XMLSchema(etree.parse(needed(path)))


@cache
def _json_schema(name: str) -> Any:
    found = json.loads(needed(EMSI / "json-schema" / f"{name}.schema.json").read_text("utf-8"))
    del found["$id"]
    return _library("jsonschema_rs").validator_for(found, validate_formats=True)


def nomenclature(name: str) -> set[str]:
    """The codes of a list."""
    with needed(EMSI / "nomenclatures" / f"EMSI-{name}.csv").open(encoding="utf-8") as file:
        return {row["code"].strip() for row in csv.DictReader(file)}


def enumerated(part: str, field: str) -> set[str]:
    """The codes that the schema of EMSI allows in a field, as it lists them."""
    found = json.loads(needed(EMSI / "json-schema" / "EMSI.schema.json").read_text("utf-8"))
    said = found["definitions"][part]["properties"][field]
    return set(said.get("items", said)["enum"])


def judge_xml(raw: bytes) -> Any:
    """Asserts that a document holds the schemas of EDXL-DE 2.0 and EMSI; its message."""
    root = _library("lxml.etree").fromstring(raw)
    _xsd(DE).assertValid(root)
    path = "de:content/de:contentObject/de:contentXML/de:embeddedXMLContent/e:emsi"
    (message,) = root.iterfind(path, NS)
    _xsd(EMSI / "xsd" / "EMSI.xsd").assertValid(message)
    return message


def judge_json(raw: bytes) -> Any:
    """The same of JSON, by the schemas of EMSI and of its header."""
    root = json.loads(raw)
    (entry,) = root["edxl"]["content"]
    header = entry["jsonContent"]["embeddedJsonContent"]["message"]
    _json_schema("RC-DE").validate(header)
    _json_schema("EMSI").validate(header["emsi"])
    return header["emsi"]


JUDGES = {"xml": judge_xml, "json": judge_json}
