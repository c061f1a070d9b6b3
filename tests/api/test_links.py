"""A one-time code lets one person in, once, within a day; it is kept nowhere but as a hash."""

import asyncio
from typing import Any

import msgspec
import pytest

from tests.api.conftest import BG, OPERATOR, Desk
from xstock_node.domain.rights import DAY, Role
from xstock_node.protocol import limits
from xstock_node.services.people import PEOPLE


async def add(desk: Desk, name: str, role: str, token: str = OPERATOR) -> None:
    path = "/people" if not await known(desk, name) else "/people/roles"
    assert (await desk.ask("POST", path, token, json={"name": name, "role": role}))[0] == 200


async def known(desk: Desk, name: str) -> bool:
    return any(one["name"] == name for one in (await desk.ask("GET", "/people"))[1])


async def link(desk: Desk, name: str, token: str = OPERATOR, **more: Any) -> tuple[int, Any]:
    return (await desk.ask("POST", "/people/links", token, json={"name": name, **more}))[:2]


async def enter(desk: Desk, code: str, **more: Any) -> tuple[int, Any]:
    """Without any token."""
    options = {"headers": {"Authorization": ""} | more.pop("headers", {})}
    return (await desk.ask("POST", "/people/enter", json={"code": code, **more}, **options))[:2]


async def test_a_code_is_exchanged_once_for_a_token_of_its_scope(desk: Desk) -> None:
    await add(desk, "ana", "logistics")
    status, made = await link(desk, "ana", scope=["see", "stock.see"], days=7)
    assert status == 200 and made["exp"] == desk.office.node.clock.now() + DAY
    typed = made["code"].upper().replace("-", " ")
    status, found = await enter(desk, typed, remark="telephone")
    assert status == 200 and found["name"] == "ana"
    assert found["exp"] == desk.office.node.clock.now() + 7 * DAY
    assert (await desk.ask("GET", "/stock", found["token"]))[0] == 200
    line = {"name": "Tent", "quantity": "1"}
    assert (await desk.ask("POST", "/stock/lines", found["token"], json=line))[0] == 403, "outside the scope"
    status, again = await enter(desk, typed)
    assert status == 403 and again["error"]["code"] == "bad-code"
    acts = [(a.actor, a.verb, a.subject) for a in await desk.office.node.engine.read(lambda tx: tx.acts.last(2))]
    assert acts == [("ana by local port", "user.enter", "ana"), ("token by loopback", "user.link", "ana")]


async def test_two_at_once_get_one_token(desk: Desk) -> None:
    await add(desk, "ana", "viewer")
    code = (await link(desk, "ana"))[1]["code"]
    key = {"Idempotency-Key": "same-key-of-both"}
    statuses = [status for status, _ in await asyncio.gather(*[enter(desk, code, headers=key) for _ in range(4)])]
    assert sorted(statuses) == [200, 403, 403, 403]


async def test_code_and_token_lie_nowhere_in_the_database(desk: Desk) -> None:
    await add(desk, "ana", "viewer")
    key = {"Idempotency-Key": "a-key-of-eight-or-more"}
    made = (await desk.ask("POST", "/people/links", json={"name": "ana"}, headers=key))[1]
    secrets = [made["code"], made["code"].replace("-", "")]
    secrets.append((await enter(desk, made["code"], headers=key))[1]["token"])
    secrets.append((await desk.ask("POST", "/people/tokens", json={"name": "ana"}, headers=key))[1]["token"])
    kept = b"".join(path.read_bytes() for path in desk.office.home.rglob(f"{BG}.db*"))
    assert kept and not [secret for secret in secrets if secret.encode() in kept]


async def test_a_code_ends_after_a_day_with_its_person_and_with_the_next_one(desk: Desk) -> None:
    await add(desk, "ana", "viewer")
    first, second = [(await link(desk, "ana"))[1]["code"] for _ in range(2)]
    assert (await enter(desk, first))[0] == 403
    desk.net.clocks[BG].offset += DAY + 1
    assert (await enter(desk, second))[0] == 403
    third = (await link(desk, "ana"))[1]["code"]
    await desk.ask("POST", "/people/remove", json={"name": "ana"})
    await add(desk, "ana", "viewer")
    assert (await enter(desk, third))[0] == 403


async def test_nobody_gets_in_whose_role_does_not_hold(desk: Desk) -> None:
    await add(desk, "bob", "approver")
    await add(desk, "eva", "stock-owner")
    status, found = await link(desk, "eva")
    assert status == 422 and found["error"]["code"] == "no-grant"
    assert (await link(desk, "nobody"))[0] == 404
    desk.net.clocks[BG].offset += DAY + 1
    code = (await link(desk, "eva"))[1]["code"]

    def ended(tx: Any) -> None:
        person = PEOPLE.get(tx, "eva")
        assert person is not None
        PEOPLE.put(tx, "eva", msgspec.structs.replace(person, grants=()), 0)

    await desk.office.node.engine.write(ended, durable=True)
    assert (await enter(desk, code))[0] == 403


async def test_an_administrator_lets_nobody_in_by_a_code_whose_role_needs_a_second_person(desk: Desk) -> None:
    await add(desk, "bob", "approver")
    adam = await desk.hire("adam", Role.NODE_ADMIN)
    assert (await link(desk, "bob", adam))[0] == 403
    await add(desk, "eva", "viewer", adam)
    code = (await link(desk, "eva", adam))[1]["code"]
    await add(desk, "eva", "stock-owner", adam)
    desk.net.clocks[BG].offset += DAY - 10
    assert (await enter(desk, code))[0] == 403, "made for a viewer"
    viewer = await desk.hire("vic", Role.VIEWER)
    assert (await link(desk, "eva", viewer))[0] == 403


async def test_who_tries_many_codes_is_told_to_wait(desk: Desk) -> None:
    statuses = [(await enter(desk, f"code-{n}"))[0] for n in range(limits.KNOCKS_BURST + 3)]
    assert statuses[: limits.KNOCKS_BURST] == [403] * limits.KNOCKS_BURST and statuses[-1] == 429
    assert (await desk.ask("GET", "/people"))[0] == 200, "nobody else waits"


@pytest.mark.parametrize(("field", "value"), [("scope", ["everything"]), ("scope", ["open"]), ("days", 0)])
async def test_a_code_for_what_there_is_not_is_refused(desk: Desk, field: str, value: object) -> None:
    await add(desk, "ana", "viewer")
    assert (await link(desk, "ana", **{field: value}))[0] in (400, 422)
