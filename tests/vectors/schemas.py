"""JSON Schemas of everything that crosses the wire as JSON, made from the types: `python -m tests.vectors.schemas`."""

import json
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from xstock_node.api.openapi import portable
from xstock_node.domain.operations_page import page
from xstock_node.domain.step_fields import described
from xstock_node.domain.steps import BODIES
from xstock_node.protocol import charter, gossip, identity, messages, records
from xstock_node.services.case_exchange import CaseList
from xstock_node.services.enrolling import ApplicationBody
from xstock_node.services.enrolment import Invitation

FOLDER = Path(__file__).parents[2] / "protocol" / "schemas"
PAGE = FOLDER.parent / "operations.md"


class Problem(msgspec.Struct, frozen=True):
    """An error as an answer (RFC 9457); `held` with `gap` where it is a number."""

    type: Annotated[str, Meta(pattern=r"^urn:xs1:[a-z-]+$")]
    title: str
    status: Literal[202, 400, 401, 404, 409, 413, 415, 429, 507]
    held: int | msgspec.UnsetType = msgspec.UNSET


TYPES: dict[str, Any] = {
    "record": records.Known,
    "gossip-request": gossip.GossipRequest,
    "gossip-response": gossip.GossipResponse,
    "pull-request": gossip.PullRequest,
    "push-response": gossip.PushResponse,
    "bucket-request": gossip.BucketRequest,
    "bucket-response": gossip.BucketResponse,
    "identity-statement": identity.Statement,
    "charter-terms": charter.Terms,
    "step": messages.Step,
    "side-line": messages.SideLine,
    "application": ApplicationBody,
    "invitation": Invitation,
    "case-list": CaseList,
    "problem": Problem,
}


def schemas() -> dict[str, str]:
    """Every file by its name, as text."""
    found = {}
    for name, kind in TYPES.items():
        schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": name} | msgspec.json.schema(kind)
        found[f"{name}.json"] = _text(schema)
    return found | {"steps.json": _text(_steps())}


def _text(schema: dict[str, Any]) -> str:
    return json.dumps(portable(schema), ensure_ascii=False, indent=1) + "\n"


def _steps() -> dict[str, Any]:
    """The fields of every verb under `$defs/<verb>` (xs1 16.20)."""
    kinds = sorted(set(BODIES.values()), key=lambda kind: kind.__name__)
    _, parts = msgspec.json.schema_components(kinds, ref_template="#/$defs/{name}")
    verbs = {verb: {"$ref": f"#/$defs/{kind.__name__}"} for verb, kind in sorted(BODIES.items())}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "steps",
        "$defs": described(parts) | verbs,
    }


def main() -> None:
    """Write them."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, text in schemas().items():
        (FOLDER / name).write_text(text, "utf-8")
    PAGE.write_text(page(), "utf-8")


if __name__ == "__main__":
    main()
