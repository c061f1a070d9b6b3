"""No answer of the local API breaks its OpenAPI document, whatever it is asked."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.contract.asking import Door, ask
from tests.contract.standing import standing
from xstock_node.api.openapi import document


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    """A real node with its loopback port on."""
    with standing(tmp_path) as found:
        yield found


@pytest.mark.heavy
def test_five_thousand_generated_requests_break_neither_the_node_nor_its_document(door: Door) -> None:
    found = ask(document(), door, 5_000)
    assert not found.broken, "\n".join(f"{b.operation} {b.mode}: {b.why}\n{b.curl}" for b in found.broken)
    assert found.requests >= 5_000 and not any(status >= 500 for status in found.statuses)
    assert len(found.answered) >= found.operations * 0.5, sorted(found.answered)


def test_an_answer_that_is_not_as_the_document_says_is_found(door: Door) -> None:
    wrong: dict[str, Any] = {"schema": {"type": "object", "required": ["never"]}}
    said = document()
    said["paths"] = {"/api/1/status": said["paths"]["/api/1/status"]}
    said["paths"]["/api/1/status"]["get"]["responses"]["200"]["content"]["application/json"] = wrong
    found = ask(said, door, 4)
    assert [b.operation for b in found.broken] == ["GET /api/1/status"] and "never" in found.broken[0].why
