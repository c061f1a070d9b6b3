"""The schema and the examples of GS1, which live outside the project, and a judge of what was written."""

import json
import os
from functools import cache
from typing import Any

import pytest
from ubl_schemas import SHARED as UBL
from ubl_schemas import needed

SHARED = UBL.parent / "epcis"
EXAMPLES = SHARED / "examples"


@cache
def validator() -> Any:
    """The schema of EPCIS 2.0, ready to validate with its formats."""
    if os.environ.get("CI") == "true":
        import jsonschema_rs as library
    else:
        library = pytest.importorskip("jsonschema_rs")
    schema = json.loads(needed(SHARED / "EPCIS-JSON-Schema.json").read_text("utf-8"))
    del schema["$id"]
    return library.validator_for(schema, validate_formats=True)


def judge(raw: bytes) -> list[Any]:
    """Asserts that a document holds the schema; its events."""
    found = json.loads(raw)
    validator().validate(found)
    assert found["type"] == "EPCISDocument" and found["schemaVersion"] == "2.0"
    events: list[Any] = found["epcisBody"]["eventList"]
    return events
