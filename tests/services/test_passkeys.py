"""Passkeys: made and shown by a software authenticator, and every way in which an answer does not hold."""

import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.services.authenticator import PRESENT, Authenticator, raw_of, web64
from tests.services.sign_in_desk import HERE, Desk, open_desk
from xstock_node.domain.rights import Role
from xstock_node.protocol import limits
from xstock_node.services import own_ways, people, sessions, signing_in
from xstock_node.services.errors import Refusal
from xstock_node.services.office import OPERATOR
from xstock_node.services.passkeys import Place
from xstock_node.services.people import PersonName, PersonRequest
from xstock_node.services.session_desk import show_ways
from xstock_node.services.ways import OfWhom

PLACE = Place("https://console.redcross.example")


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with open_desk(tmp_path) as found:
        yield found


async def make(desk: Desk, name: str = "ana", place: Place = PLACE, by: str = "", **wrong: Any) -> Authenticator:
    _, who = await desk.signed_in(name, by=by)
    key = Authenticator(place.origin, place.host)
    for field, value in wrong.items():
        setattr(key, field, value)
    asked = await own_ways.ask_for_new_passkey(desk.office, who, place)
    await own_ways.keep_passkey(desk.office, who, place, asked.token, key.make(asked.options), "telephone")
    return key


async def show(desk: Desk, key: Authenticator, place: Place = PLACE) -> str:
    asked = signing_in.ask_for_passkey(desk.office, HERE, place)
    return await signing_in.by_passkey(desk.office, HERE, place, asked.token, key.show(asked.options))


async def refused(desk: Desk, token: str, answer: bytes, place: Place = PLACE) -> str:
    with pytest.raises(Refusal) as found:
        await signing_in.by_passkey(desk.office, HERE, place, token, answer)
    desk.clock.time += 300 if found.value.code == "too-many" else 0
    return found.value.code


@pytest.mark.parametrize("origin", [PLACE.origin, "http://localhost:8440", "https://console.redcross.example:8443"])
async def test_a_passkey_is_made_and_signs_in(desk: Desk, origin: str) -> None:
    place = Place(origin)
    key = await make(desk, place=place)
    found = await sessions.actor_of(desk.office, await show(desk, key, place))
    assert found is not None and found.actor.name == "ana" and found.how == "passkey" and found.actor.fresh
    (line,) = (await show_ways(desk.office, OPERATOR, OfWhom(name="ana"))).passkeys
    assert line.label == "telephone" and line.used


async def test_the_question_asks_for_a_passkey_that_is_found_without_a_name_and_for_the_person(desk: Desk) -> None:
    await make(desk)
    _, who = await desk.signed_in("ana")
    asked = json.loads((await own_ways.ask_for_new_passkey(desk.office, who, PLACE)).options)
    assert asked["rp"] == {"id": "console.redcross.example", "name": "redcross.bg"}
    assert asked["authenticatorSelection"]["residentKey"] == "required"
    assert asked["authenticatorSelection"]["userVerification"] == "required"
    assert len(asked["excludeCredentials"]) == 1 and len(raw_of(asked["challenge"])) == 32
    assert b"ana" not in raw_of(asked["user"]["id"])
    shown = json.loads(signing_in.ask_for_passkey(desk.office, HERE, PLACE).options)
    assert shown["userVerification"] == "required" and not shown.get("allowCredentials")


async def test_several_passkeys_of_several_people_sign_in_their_own(desk: Desk) -> None:
    await desk.hire("ivo", Role.VIEWER)
    keys = [(await make(desk, name), name) for name in ("ana", "ivo", "ana")]
    for key, name in keys:
        assert await desk.name_of(await show(desk, key)) == name


@pytest.mark.parametrize(
    "wrong",
    [
        {"origin": "https://console.redcross.example.evil.test"},
        {"origin": "http://console.redcross.example"},
        {"host": "redcross.example"},
        {"flags": PRESENT},
        {"flags": 0},
        {"id": b""},
        {"id": b"x" * 1024},
    ],
)
async def test_a_passkey_of_elsewhere_or_without_its_person_is_not_kept(desk: Desk, wrong: dict[str, Any]) -> None:
    with pytest.raises(Refusal) as found:
        await make(desk, **wrong)
    assert found.value.code == "bad-passkey"
    assert not (await show_ways(desk.office, OPERATOR, OfWhom(name="ana"))).passkeys


@pytest.mark.parametrize(
    "wrong",
    [
        {"origin": "https://evil.test"},
        {"host": "evil.test"},
        {"flags": PRESENT},
        {"count": 0},
        {"id": b"another passkey"},
    ],
)
async def test_an_answer_of_elsewhere_a_copy_or_without_its_person_signs_nobody_in(
    desk: Desk, wrong: dict[str, Any]
) -> None:
    key = await make(desk)
    for _ in range(3):
        await show(desk, key)
    for field, value in wrong.items():
        setattr(key, field, value)
    asked = signing_in.ask_for_passkey(desk.office, HERE, PLACE)
    assert await refused(desk, asked.token, key.show(asked.options)) == "bad-sign-in"


async def test_an_answer_holds_for_its_question_once_and_for_five_minutes(desk: Desk) -> None:
    key = await make(desk)
    first, second = [signing_in.ask_for_passkey(desk.office, HERE, PLACE) for _ in range(2)]
    answer = key.show(first.options)
    assert await refused(desk, second.token, answer) == "bad-sign-in", "of another question"
    assert await signing_in.by_passkey(desk.office, HERE, PLACE, first.token, answer)
    assert await refused(desk, first.token, answer) == "bad-sign-in", "again"
    key.count = -1  # as passkeys that are kept in several places: they do not count
    third = signing_in.ask_for_passkey(desk.office, HERE, PLACE)
    late = key.show(third.options)
    desk.clock.time += limits.SIGN_IN_SECONDS
    assert await refused(desk, third.token, late) == "bad-sign-in", "too late"


async def test_an_answer_comes_from_the_browser_that_was_asked(desk: Desk) -> None:
    key = await make(desk)
    asked = signing_in.ask_for_passkey(desk.office, HERE._replace(attempt="a"), PLACE)
    answer = key.show(asked.options)
    for other in (HERE, HERE._replace(attempt="b")):
        with pytest.raises(Refusal):
            await signing_in.by_passkey(desk.office, other, PLACE, asked.token, answer)
    assert await signing_in.by_passkey(desk.office, HERE._replace(attempt="a"), PLACE, asked.token, answer)


async def test_a_passkey_that_does_not_count_is_no_way_to_answer_twice(desk: Desk) -> None:
    key = await make(desk)
    key.count = -1
    asked = signing_in.ask_for_passkey(desk.office, HERE, PLACE)
    answer = key.show(asked.options)
    assert await signing_in.by_passkey(desk.office, HERE, PLACE, asked.token, answer)
    assert await refused(desk, asked.token, answer) == "bad-sign-in"


async def test_a_question_to_make_one_is_of_its_session_and_no_question_to_show_one(desk: Desk) -> None:
    key = await make(desk)
    _, who = await desk.signed_in("ana")
    _, other = await desk.signed_in("ana")
    asked = await own_ways.ask_for_new_passkey(desk.office, who, PLACE)
    new = Authenticator(PLACE.origin, PLACE.host)
    with pytest.raises(Refusal):
        await own_ways.keep_passkey(desk.office, other, PLACE, asked.token, new.make(asked.options), "")
    assert await refused(desk, asked.token, key.show(asked.options)) == "bad-sign-in"


async def test_the_passkey_of_another_is_not_made_ones_own(desk: Desk) -> None:
    key = await make(desk)
    await desk.hire("ivo", Role.VIEWER)
    _, ivo = await desk.signed_in("ivo")
    asked = await own_ways.ask_for_new_passkey(desk.office, ivo, PLACE)
    with pytest.raises(Refusal):
        await own_ways.keep_passkey(desk.office, ivo, PLACE, asked.token, key.make(asked.options), "")
    assert await desk.name_of(await show(desk, key)) == "ana"


def _with(answer: bytes, **parts: object) -> bytes:
    said = json.loads(answer)
    said["response"] |= parts
    return json.dumps(said).encode()


BREAKS: dict[str, Callable[[bytes], bytes]] = {
    "nothing": lambda _: b"",
    "no JSON": lambda answer: answer[:-1],
    "a list": lambda _: b"[]",
    "deep": lambda _: b"[" * 8000,
    "no response": lambda answer: json.dumps({"id": json.loads(answer)["id"]}).encode(),
    "another type": lambda answer: answer.replace(b"public-key", b"password"),
    "an id that is none": lambda answer: json.dumps(json.loads(answer) | {"id": "%%%"}).encode(),
    "another signature": lambda answer: _with(answer, signature=web64(b"\x30\x06\x02\x01\x01\x02\x01\x01")),
    "short data": lambda answer: _with(answer, authenticatorData=web64(b"x" * 10)),
    "hostile CBOR": lambda answer: _with(answer, authenticatorData=web64(b"\x00" * 32 + b"\xc5" + b"\xff" * 200)),
    "numbers": lambda answer: _with(answer, signature=5, clientDataJSON=None),
    "too long": lambda answer: answer + b" " * limits.PASSKEY_ANSWER,
    "not UTF-8": lambda answer: answer.replace(b"public-key", b"public\xffkey"),
}


@pytest.mark.parametrize("how", BREAKS)
async def test_a_broken_answer_signs_nobody_in_and_breaks_nothing(desk: Desk, how: str) -> None:
    key = await make(desk)
    asked = signing_in.ask_for_passkey(desk.office, HERE, PLACE)
    assert await refused(desk, asked.token, BREAKS[how](key.show(asked.options))) == "bad-sign-in"
    assert await desk.name_of(await show(desk, key)) == "ana"


@pytest.mark.parametrize("token", ["", "x", ".", "99999999999.", f"1800000100.{'0' * 32}", "١٨٠٠٠٠٠١٠٠." + "0" * 32])
async def test_a_token_that_was_never_handed_out_asks_nothing(desk: Desk, token: str) -> None:
    key = await make(desk)
    asked = signing_in.ask_for_passkey(desk.office, HERE, PLACE)
    assert await refused(desk, token, key.show(asked.options)) == "bad-sign-in"


async def test_a_lost_telephone_is_taken_away_with_its_sessions(desk: Desk) -> None:
    lost, kept = await make(desk), await make(desk)
    by_lost, by_kept = await show(desk, lost), await show(desk, kept)
    who = await sessions.actor_of(desk.office, by_kept)
    assert who is not None
    first = (await show_ways(desk.office, who.actor, OfWhom())).passkeys[0]
    await own_ways.end_passkey(desk.office, who, by_kept, first.id)
    assert await desk.name_of(by_lost) == "" and await desk.name_of(by_kept) == "ana"
    with pytest.raises(Refusal):
        await show(desk, lost)
    assert await desk.name_of(await show(desk, kept)) == "ana"


async def test_a_passkey_ends_with_its_person_and_on_lent_words_with_a_role_of_two(desk: Desk) -> None:
    key, lent = await make(desk), await make(desk, by="adam")
    await people.give_role(desk.office, OPERATOR, PersonRequest(name="ana", role=Role.STOCK_OWNER))
    assert await desk.name_of(await show(desk, key)) == "ana"
    with pytest.raises(Refusal):
        await show(desk, lent)
    await people.remove_person(desk.office, OPERATOR, PersonName(name="ana"))
    await people.add_person(desk.office, OPERATOR, PersonRequest(name="ana", role=Role.VIEWER))
    with pytest.raises(Refusal):
        await show(desk, key)


@pytest.mark.parametrize("origin", ["http://127.0.0.1:8440", "https://192.0.2.1", "https://[::1]", "http://a.example"])
async def test_where_no_passkey_can_be_bound_this_is_said(desk: Desk, origin: str) -> None:
    with pytest.raises(Refusal) as found:
        await make(desk, place=Place(origin))
    assert found.value.code == "no-passkeys"
