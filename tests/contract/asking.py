"""Requests that schemathesis makes of the OpenAPI document, sent to a real node; what its answers break is collected.

Half of the requests fit the document and half do not. A request with a field that takes an id is sent a second time
with one that the node really holds, so that more than "there is no such thing" is answered. Each is sent by the
operator and by a person who may little.
"""

import time
from collections import Counter
from collections.abc import Mapping
from random import Random
from typing import Any, NamedTuple

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
SLOW = 30.0


class Broken(NamedTuple):
    """An answer that broke the document."""

    operation: str
    mode: str
    why: str
    curl: str


class Asked(NamedTuple):
    """How many requests were sent, what they were answered by status, and what broke."""

    requests: int
    statuses: Counter[int]
    operations: int
    answered: frozenset[str]
    seconds: float
    broken: list[Broken]


class Door(NamedTuple):
    """Where the API is, whose tokens are shown, and the real ids by the name of the field that takes them.

    A name like `people name` holds for the routes below `/people` alone, where a field of that name takes others.
    """

    url: str
    tokens: tuple[str, ...]
    ids: Mapping[str, list[str]]


def ask(document: dict[str, Any], door: Door, count: int, number: int = 1) -> Asked:
    """Send at least `count` requests, about as many to each operation; `number` is the seed."""
    began, schema = time.monotonic(), schemathesis.openapi.from_dict(document)
    operations = [found.ok() for found in schema.get_all_operations()]
    statuses, well, broken, draw = Counter[int](), set[str](), dict[tuple[str, str], Broken](), Random(number)
    session = requests.Session()

    def one(case: Case, mode: str) -> None:
        for token in door.tokens:
            send(case, mode, token)
        if put_real_ids([case.query, case.body], of_route(door.ids, case.path), draw):
            case.headers.pop("Idempotency-Key", None)  # the key of the first one, which asked for something else
            send(case, mode, door.tokens[0])

    def send(case: Case, mode: str, token: str) -> None:
        shown = {"Authorization": f"Bearer {token}"}
        response = case.call(base_url=door.url, session=session, headers=shown, timeout=SLOW)
        statuses[response.status_code] += 1
        if response.status_code == 200:
            well.add(case.operation.label)
        try:
            case.validate_response(response, checks=CHECKS)
        except (Failure, FailureGroup) as failure:
            why = "; ".join(str(f) for f in getattr(failure, "exceptions", [failure]))
            key = (case.operation.label, f"{response.status_code} {why[:120]}")
            broken.setdefault(
                key, Broken(case.operation.label, mode, f"{response.status_code} {why}", case.as_curl_command())
            )

    while (missing := count - statuses.total()) > 0:
        number += 1
        for operation in operations:
            for mode in MODES:
                _play(operation, mode, max(4, missing // 400), number, one)
    return Asked(
        sum(statuses.values()), statuses, len(operations), frozenset(well), time.monotonic() - began, [*broken.values()]
    )


def _play(operation: Any, mode: GenerationMode, count: int, number: int, one: Any) -> None:
    @seed(number)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(operation.as_strategy(generation_mode=mode))
    def run(case: Case) -> None:
        one(case, str(mode))

    run()


def of_route(ids: Mapping[str, list[str]], path: str) -> dict[str, list[str]]:
    """The real ids by field, those that are meant for the routes of a path before the others."""
    area = path.removeprefix("/api/1/").split("/")[0]
    own = {name.removeprefix(f"{area} "): held for name, held in ids.items() if name.startswith(f"{area} ")}
    return {**ids, **own}


def put_real_ids(place: Any, ids: Mapping[str, list[str]], draw: Random) -> bool:
    """In the place of what was made up for a field that takes an id, one that the node holds; whether there was one."""
    if isinstance(place, list):
        return sum(put_real_ids(part, ids, draw) for part in place) > 0
    if not isinstance(place, dict):
        return False
    changed = False
    for name, value in place.items():
        if ids.get(name):
            real = draw.choice(ids[name])
            place[name], changed = [real] if isinstance(value, list) else real, True
        else:
            changed |= put_real_ids(value, ids, draw)
    return changed
