"""The OpenAPI 3.1 document, made from the routes and their types."""

from inspect import cleandoc
from typing import Any

import msgspec

from xstock_node import __version__
from xstock_node.api.files import CONTENT
from xstock_node.api.problems import ProblemDocument
from xstock_node.api.route import Route
from xstock_node.api.routes import PREFIX, ROUTES
from xstock_node.domain.rights import OPEN
from xstock_node.services import once

REF = "#/components/schemas/{name}"
KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "The same key and body within a day are answered as the first time, and done once.",
    "schema": {"type": "string", "pattern": f"^{once.KEY}$"},
}
FILE = {"type": "string", "format": "binary"}
PAGE = [
    {"name": "limit", "in": "query", "required": False, "schema": {"type": "integer", "minimum": 1, "maximum": 500}},
    {"name": "skip", "in": "query", "required": False, "schema": {"type": "integer", "minimum": 0, "maximum": 100000}},
]


def document() -> dict[str, Any]:
    """The whole document."""
    kinds = [kind for route in ROUTES for kind in (route.request, route.response) if kind is not None]
    _, schemas = msgspec.json.schema_components([*kinds, ProblemDocument], ref_template=REF)
    found: dict[str, Any] = {}
    for route in ROUTES:
        found.setdefault(PREFIX + route.path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "X-Stock node, local API",
            "version": __version__,
            "description": "For the people and programs of one node. Errors are problem documents (RFC 9457).",
        },
        "servers": [{"url": "http://127.0.0.1"}],
        "security": [{"token": []}],
        "paths": found,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": portable(schemas),
        },
    }


def _operation(route: Route) -> dict[str, Any]:
    content = {"application/json": {"schema": portable(_schema(route.response))}}
    if route.raw and route.method == "GET":
        content = {media: {"schema": FILE} for media in route.media}
    found: dict[str, Any] = {
        "operationId": route.name,
        "summary": route.summary,
        "x-right": route.right,
        "responses": {
            "200": {"description": "Done", "content": content},
            "default": {
                "description": "A problem: what was expected, what came, what to do",
                "content": {"application/problem+json": {"schema": _schema(ProblemDocument)}},
            },
        },
    }
    if route.right == OPEN:
        found["security"] = []
    key = [] if route.secret else [KEY]
    if route.method == "GET":
        if not route.raw:
            found["responses"]["304"] = {"description": "Not changed since the ETag of If-None-Match"}
        fields = _query(route) if route.request is not None else []
        paged = PAGE if is_paged(route) else []
        found["parameters"] = [*fields, *paged]
    else:
        found["parameters"] = key
        if route.raw:
            found["parameters"] = [field for field in _query(route) if field["name"] != CONTENT] + key
            found["requestBody"] = {"required": True, "content": {"application/octet-stream": {"schema": FILE}}}
        elif route.request is not None:
            schema = portable(_schema(route.request))
            found["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    return found


def is_paged(route: Route) -> bool:
    """Whether a route answers with a list, of which `limit` and `skip` cut out a part."""
    return route.method == "GET" and getattr(route.response, "__origin__", None) is list


def _query(route: Route) -> list[dict[str, Any]]:
    """The fields of a request as parameters of the query."""
    info = msgspec.json.schema_components([route.request], ref_template=REF)[1]
    schema = info[route.request.__name__]
    wanted = schema.get("required", [])
    return [
        {"name": name, "in": "query", "required": name in wanted, "schema": portable(found)}
        for name, found in schema["properties"].items()
    ]


def _schema(kind: Any) -> dict[str, Any]:
    (found,), _ = msgspec.json.schema_components([kind], ref_template=REF)
    return found


def portable(found: Any) -> Any:
    """A JSON Schema as every reader of it takes it, the same by every msgspec: a pattern ends in `$`, not in Python's
    `not before a last newline`, a description has no indent of the source, and names of a map are held to no type of
    their own, which msgspec 0.22 leaves out.
    """
    if isinstance(found, list):
        return [portable(part) for part in found]
    if not isinstance(found, dict):
        return found
    kept = {key: part for key, part in found.items() if key != "propertyNames" or "$ref" not in part}
    return {key: _text(key, part) if isinstance(part, str) else portable(part) for key, part in kept.items()}


def _text(key: str, text: str) -> str:
    if key == "pattern":
        return text.replace(r"(?!\n)$", "$")
    return cleandoc(text) if key == "description" else text
