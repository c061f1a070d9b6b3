"""Ten codes on paper: each once, with its name, for twelve hours; who may print them, and what tells of their use."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from tests.services.sign_in_desk import BG, HERE, PASSWORD, Desk, open_desk
from xstock_node.domain.rights import Role
from xstock_node.protocol import limits
from xstock_node.services import duty_codes, duty_desk, links, people, sessions, signing_in
from xstock_node.services.errors import Refusal
from xstock_node.services.office import OPERATOR, Actor
from xstock_node.services.people import PEOPLE, PersonName, PersonRequest
from xstock_node.services.signing_in import Caller
from xstock_node.services.ways import OfWhom

HOUR = 3600


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with open_desk(tmp_path) as found:
        await found.hire("ivo", Role.DUTY_OFFICER)
        yield found


async def printed(desk: Desk, name: str = "ivo", actor: Actor = OPERATOR) -> list[str]:
    return [one.code for one in (await duty_codes.make_codes(desk.office, actor, OfWhom(name=name))).codes]


async def enter(desk: Desk, name: str, code: str, caller: Caller = HERE) -> str:
    return await signing_in.by_code(desk.office, caller, name, code)


async def refused(desk: Desk, name: str, code: str, caller: Caller = HERE) -> str:
    with pytest.raises(Refusal) as found:
        await enter(desk, name, code, caller)
    return found.value.code


async def actor(desk: Desk, name: str, road: str = "loopback", **more: object) -> Actor:
    person = await desk.office.node.engine.read(lambda tx: PEOPLE.get(tx, name))
    assert person is not None
    return people.acting(person, None, desk.clock.time, road, ())._replace(**more)


async def test_a_sheet_has_ten_codes_of_letters_that_nobody_mistakes(desk: Desk) -> None:
    found = await printed(desk)
    assert len(set(found)) == 10 and all(len(code) == 9 and code[4] == "-" for code in found)
    assert not set("".join(found)) & set("ILOU0123456789abcdefghijklmnopqrstuvwxyz")


async def test_each_code_signs_in_once_as_it_is_read_from_paper(desk: Desk) -> None:
    for code in await printed(desk):
        typed = code.lower().replace("-", " ")
        assert await desk.name_of(await enter(desk, "IVO ", typed)) == "ivo"
        assert await refused(desk, "ivo", code) == "bad-sign-in"
        desk.office.door.tries.passed(signing_in._lane("code", "ivo", HERE))
        desk.clock.time += 20


async def test_two_at_once_with_one_code_are_one(desk: Desk) -> None:
    code = (await printed(desk))[0]
    found = await asyncio.gather(*[enter(desk, "ivo", code) for _ in range(3)], return_exceptions=True)
    assert sum(type(one) is str for one in found) == 1


async def test_a_session_by_paper_lasts_twelve_hours_however_much_it_is_used(desk: Desk) -> None:
    secret = await enter(desk, "ivo", (await printed(desk))[0])
    found = await sessions.actor_of(desk.office, secret)
    assert found is not None and found.how == "code" and found.until == desk.clock.time + 12 * HOUR
    assert not found.actor.fresh
    for _ in range(11):
        desk.clock.time += HOUR
        assert await desk.name_of(secret) == "ivo"
    desk.clock.time += HOUR
    assert await desk.name_of(secret) == ""


async def test_a_code_needs_its_name_and_a_new_sheet_ends_the_old_one(desk: Desk) -> None:
    first = await printed(desk)
    assert await refused(desk, "ana", first[0]) == await refused(desk, "nobody", first[0]) == "bad-sign-in"
    second = await printed(desk)
    assert await refused(desk, "ivo", first[1]) == "bad-sign-in" and await enter(desk, "ivo", second[1])


async def test_a_sheet_ends_with_its_person_and_after_a_restore(desk: Desk) -> None:
    codes = await printed(desk)
    await links.end_codes(desk.office, OPERATOR)
    assert await refused(desk, "ivo", codes[0]) == "bad-sign-in"
    codes = await printed(desk)
    await people.remove_person(desk.office, OPERATOR, PersonName(name="ivo"))
    await people.add_person(desk.office, OPERATOR, PersonRequest(name="ivo", role=Role.VIEWER))
    assert await refused(desk, "ivo", codes[0]) == "bad-sign-in"


async def test_use_is_told_in_the_list_of_acts_and_in_the_duty_queue_for_as_long(desk: Desk) -> None:
    codes = await printed(desk)
    await enter(desk, "ivo", codes[3])
    assert [act.detail for act in await desk.acts("user.code")] == ["number 4, 9 left"]
    (seen,) = [one for one in await duty_desk.list_queue(desk.office, OPERATOR) if one.kind == "duty-code"]
    assert seen.detail == "ivo" and seen.calm
    desk.clock.time += 12 * HOUR
    assert not await duty_desk.list_queue(desk.office, OPERATOR)


async def test_an_administrator_prints_none_for_a_duty_officer_and_nobody_by_a_token(desk: Desk) -> None:
    await desk.hire("adam", Role.NODE_ADMIN)
    adam, ivo, ana = [await actor(desk, name) for name in ("adam", "ivo", "ana")]
    refusals = {}
    for name, who in (("ivo", adam), ("ivo", ivo), ("ivo", ana), ("adam", adam)):
        with pytest.raises(Refusal) as found:
            await printed(desk, name, who)
        refusals[who.name, name] = found.value.code
    assert refusals == {
        ("adam", "ivo"): "forbidden",
        ("ivo", "ivo"): "sign-in-again",
        ("ana", "ivo"): "forbidden",
        ("adam", "adam"): "sign-in-again",
    }
    assert len(await printed(desk, "ivo", await actor(desk, "ivo", "console", fresh=True))) == 10


async def test_what_an_administrator_printed_ends_with_a_role_of_two(desk: Desk) -> None:
    await desk.hire("adam", Role.NODE_ADMIN)
    codes = await printed(desk, "ana", await actor(desk, "adam"))
    secret = await enter(desk, "ana", codes[0])
    await people.give_role(desk.office, OPERATOR, PersonRequest(name="ana", role=Role.DUTY_OFFICER))
    assert await desk.name_of(secret) == "" and await refused(desk, "ana", codes[1]) == "bad-sign-in"


async def test_codes_lie_nowhere_in_the_database_and_equal_ones_differ_by_their_sheet(desk: Desk) -> None:
    codes = await printed(desk)
    kept = b"".join(path.read_bytes() for path in desk.office.home.rglob(f"{BG}.db*"))
    assert not [code for code in codes if code.encode() in kept or code.replace("-", "").encode() in kept]
    assert duty_codes.hash_of(bytes(16), "ABCDEFGH") != duty_codes.hash_of(bytes(15) + b"1", "ABCDEFGH")


async def test_guessing_paper_codes_waits_and_leaves_the_password_open(desk: Desk) -> None:
    await printed(desk)
    counter = await desk.with_password("ana")
    for at in range(limits.SIGN_INS_A_NAME["code"][1]):
        assert await refused(desk, "ana", "ABCDEFGH", Caller("", f"192.0.2.{at}")) == "bad-sign-in"
    assert await refused(desk, "ana", "ABCDEFGH", Caller("", "203.0.113.9")) == "too-many"
    code = counter.at(desk.clock.time)
    assert await desk.by_password("ana", PASSWORD, code)


def test_a_sheet_is_shown_once_by_number() -> None:
    view = duty_codes.CodesView(name="ivo", codes=[duty_codes.PaperCode(number=1, code="ABCD-EFGH")], hours=12)
    assert msgspec.json.decode(msgspec.json.encode(view))["codes"] == [{"number": 1, "code": "ABCD-EFGH"}]
