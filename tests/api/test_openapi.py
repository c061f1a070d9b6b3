"""OpenAPI is made from the routes, committed, and does not drift."""

import json
from pathlib import Path

from xstock_node.api.openapi import document
from xstock_node.api.routes import PREFIX, ROUTES
from xstock_node.domain.rights import ALL, OPEN

FILE = Path(__file__).parents[2] / "deploy" / "openapi.json"


def test_the_committed_document_is_that_of_the_routes() -> None:
    assert json.loads(FILE.read_text("utf-8")) == json.loads(json.dumps(document())), (
        "run xstock api openapi > deploy/openapi.json"
    )


def test_every_route_stands_in_it_once_with_a_right_that_some_role_has() -> None:
    paths = document()["paths"]
    assert sum(len(methods) for methods in paths.values()) == len(ROUTES)
    for route in ROUTES:
        assert paths[PREFIX + route.path][route.method.lower()]["operationId"] == route.name
        assert route.right in ALL | {OPEN}, f"nobody may {route.right}"
