"""The schemas and the example of OASIS, which live outside the project, and a judge of what was written."""

import os
from functools import cache
from pathlib import Path
from typing import Any

import pytest

SHARED = Path(os.environ.get("XSTOCK_SHARED", Path(__file__).parents[3].parent / "shared")) / "standards" / "ubl-2.4"
EXAMPLE = SHARED / "xml" / "UBL-DespatchAdvice-2.0-Example.xml"


def needed(path: Path) -> Path:
    """The path, if it is there; in CI a missing one fails."""
    if not path.exists():
        assert os.environ.get("CI") != "true", f"no {path}"
        pytest.skip(f"no {path}; set XSTOCK_SHARED")
    return path


def etree() -> Any:
    """lxml, which validates; in CI a missing one fails."""
    if os.environ.get("CI") == "true":
        import lxml.etree as found

        return found
    return pytest.importorskip("lxml.etree")


@cache
def schema(document: str) -> Any:
    """The schema of a document, ready to validate."""
    return etree().XMLSchema(etree().parse(needed(SHARED / "xsd" / "maindoc" / f"UBL-{document}-2.4.xsd")))


def judge(raw: bytes) -> str:
    """Asserts that a document holds its schema; which document it is."""
    root = etree().fromstring(raw)
    document: str = etree().QName(root).localname
    schema(document).assertValid(root)
    return document
