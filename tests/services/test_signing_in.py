"""Password and changing code, one-time links, and the throttle over all ways in."""

import asyncio
import statistics
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.services.sign_in_desk import BG, HERE, OTHER, PASSWORD, Desk, open_desk
from xstock_node.domain.rights import DAY, Role
from xstock_node.protocol import limits
from xstock_node.services import links, own_ways, people, sessions, signing_in
from xstock_node.services.credentials import CREDENTIALS, Password, ways_of
from xstock_node.services.errors import Refusal
from xstock_node.services.links import LinkRequest
from xstock_node.services.office import OPERATOR
from xstock_node.services.people import PersonRequest
from xstock_node.services.signing_in import Caller

A_NAME = limits.SIGN_INS_A_NAME["password"][1]
ELSEWHERE = Caller("curl", "198.51.100.7")


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with open_desk(tmp_path) as found:
        yield found


async def refusal(desk: Desk, name: str, password: str, code: str, caller: Caller = HERE) -> Refusal:
    with pytest.raises(Refusal) as refused:
        await desk.by_password(name, password, code, caller)
    return refused.value


async def test_a_name_a_password_and_the_code_of_now_sign_in(desk: Desk) -> None:
    counter = await desk.with_password("ana")
    secret = await desk.by_password(" Ana", PASSWORD, counter.at(desk.clock.time))
    found = await sessions.actor_of(desk.office, secret)
    assert found is not None and found.actor.name == "ana" and found.how == "password"
    assert next(act.detail for act in await desk.acts("user.sign-in")) == "password Firefox on Linux"


async def test_a_code_is_good_once_also_for_two_at_once(desk: Desk) -> None:
    counter = await desk.with_password("ana")
    code = counter.at(desk.clock.time)
    tries = [desk.by_password("ana", PASSWORD, code) for _ in range(2)]
    found = await asyncio.gather(*tries, return_exceptions=True)
    assert sorted(type(one) is str for one in found) == [False, True]
    assert (await refusal(desk, "ana", PASSWORD, code)).code == "bad-sign-in"
    desk.clock.time += 90
    assert await desk.by_password("ana", PASSWORD, counter.at(desk.clock.time))


async def test_whatever_is_wrong_the_words_are_the_same(desk: Desk) -> None:
    counter = await desk.with_password("ana")
    await desk.hire("boris", Role.VIEWER)
    code = counter.at(desk.clock.time)
    wrongs = [
        ("ana", "another password", code),
        ("ana", PASSWORD, "000000"),
        ("ana", PASSWORD, ""),
        ("ana", PASSWORD + "x" * 300, code),
        ("ana", "", ""),
        ("boris", PASSWORD, code),
        ("nobody", PASSWORD, code),
        ("\u202eana\x00", PASSWORD + "1", code),
        ("", PASSWORD, code),
    ]
    assert len({str(await refusal(desk, *wrong)) for wrong in wrongs}) == 1


async def test_a_name_that_nobody_has_takes_as_long(desk: Desk) -> None:
    await desk.with_password("ana")
    took: dict[str, list[float]] = {"ana": [], "nobody": []}
    for at in range(8):
        for name, times in took.items():
            begun = time.perf_counter()
            await refusal(desk, name, f"wrong password {at}", "123456", Caller("", f"192.0.2.{at}"))
            times.append(time.perf_counter() - begun)
    known, unknown = (statistics.median(times) for times in took.values())
    assert 0.5 < known / unknown < 2 and min(known, unknown) > 0.005, "both are hashed"


async def test_a_password_of_many_scripts_is_taken_whole(desk: Desk) -> None:
    secret, who = await desk.signed_in("ana")
    import pyotp

    counter = pyotp.TOTP((await own_ways.show_counter(desk.office, who)).secret)
    long = "лозинка ţară қала şifrë " * 8
    code = counter.at(desk.clock.time)
    new = own_ways.NewPassword(password=long, again=long, code=code)
    await own_ways.set_password(desk.office, who, secret, new)
    desk.clock.time += 60
    assert (await refusal(desk, "ana", long[:-1], counter.at(desk.clock.time))).code == "bad-sign-in"
    assert await desk.by_password("ana", long, counter.at(desk.clock.time))


async def test_who_guesses_waits_longer_and_longer_and_no_other_way_is_closed(desk: Desk) -> None:
    counter = await desk.with_password("ana")
    codes = [await refusal(desk, "ana", f"wrong {at}", "1", ELSEWHERE) for at in range(limits.SIGN_IN_FREE + 2)]
    assert [one.code for one in codes] == ["bad-sign-in"] * (limits.SIGN_IN_FREE + 1) + ["too-many"]
    assert await desk.by_password("ana", PASSWORD, counter.at(desk.clock.time)), "she herself, from elsewhere"
    link = await links.make_link(desk.office, OPERATOR, LinkRequest(name="ana"))
    assert await desk.name_of(await signing_in.by_code(desk.office, ELSEWHERE, "", link.code)) == "ana"
    desk.clock.time += 2
    assert (await refusal(desk, "ana", "wrong", "1", ELSEWHERE)).code == "bad-sign-in"
    desk.clock.time += 2
    assert (await refusal(desk, "ana", "wrong", "1", ELSEWHERE)).code == "too-many", "four seconds now"


async def test_a_flood_of_wrong_codes_closes_no_way_that_cannot_be_guessed(desk: Desk) -> None:
    link = await links.make_link(desk.office, OPERATOR, LinkRequest(name="ana"))
    for at in range(200):
        with pytest.raises(Refusal) as refused:
            await signing_in.by_code(desk.office, HERE, "", f"wrong{at}")
        assert refused.value.code == "bad-sign-in"
    assert await desk.name_of(await signing_in.by_code(desk.office, HERE, "", link.code)) == "ana"
    assert next(act.detail for act in await desk.acts("user.sign-in.refused")) == "link, 128 in a row"


async def test_many_places_together_get_few_tries_at_a_name(desk: Desk) -> None:
    await desk.with_password("ana")
    codes = []
    for at in range(A_NAME + 5):
        codes.append((await refusal(desk, "ana", "wrong", "1", Caller("", f"203.0.113.{at}"))).code)
    assert codes.count("bad-sign-in") == A_NAME and codes[-1] == "too-many"
    assert (await refusal(desk, "eva", "wrong", "1")).code == "bad-sign-in", "another name"


async def test_refused_tries_stand_in_the_list_of_acts_and_do_not_fill_it(desk: Desk) -> None:
    await desk.with_password("ana")
    for at in range(9):
        await refusal(desk, "ana", "wrong", "1", Caller("", f"192.0.2.{at}"))
        await refusal(desk, f"<b>{at}</b>", "wrong", "1", Caller("", f"192.0.2.{at}"))
    found = [(act.actor, act.subject, act.detail) for act in reversed(await desk.acts("user.sign-in.refused"))]
    rows = [("nobody by console", name, f"password, {n} in a row") for n in (1, 2, 4, 8) for name in ("ana", "unknown")]
    assert sorted(found) == sorted(rows)


async def test_a_one_time_code_signs_in_once_with_its_scope_and_no_longer_than_said(desk: Desk) -> None:
    link = await links.make_link(desk.office, OPERATOR, LinkRequest(name="ana", days=2, scope=["see"]))
    secret = await signing_in.by_code(desk.office, HERE, "", link.code.upper())
    found = await sessions.actor_of(desk.office, secret)
    assert found is not None and found.how == "link" and found.until == desk.clock.time + 2 * DAY
    assert people.may(found.actor, "see", desk.clock.time) and not people.may(found.actor, "stock", desk.clock.time)
    with pytest.raises(Refusal) as again:
        await signing_in.by_code(desk.office, HERE, "", link.code)
    assert again.value.code == "bad-sign-in"


async def test_a_narrowed_session_sets_up_no_way_in(desk: Desk) -> None:
    link = await links.make_link(desk.office, OPERATOR, LinkRequest(name="ana", scope=["see"]))
    who = await sessions.actor_of(desk.office, await signing_in.by_code(desk.office, HERE, "", link.code))
    assert who is not None
    with pytest.raises(Refusal) as refused:
        await own_ways.show_counter(desk.office, who)
    assert refused.value.code == "sign-in-again"


async def test_ways_in_are_set_up_within_half_an_hour_and_not_by_paper(desk: Desk) -> None:
    secret, who = await desk.signed_in("ana")
    await own_ways.show_counter(desk.office, who)
    desk.clock.time += sessions.FRESH
    later = await sessions.actor_of(desk.office, secret)
    _, paper = await desk.signed_in("ana", sessions.CODE)
    for stale in (later, paper):
        assert stale is not None
        with pytest.raises(Refusal) as refused:
            await own_ways.show_counter(desk.office, stale)
        assert refused.value.code == "sign-in-again"


async def test_a_new_password_ends_the_other_sessions_and_the_old_password(desk: Desk) -> None:
    counter = await desk.with_password("ana")
    other, _ = await desk.signed_in("ana", sessions.PASSKEY)
    secret, who = await desk.signed_in("ana")
    new = own_ways.NewPassword(password=OTHER, again=OTHER, code="")
    with pytest.raises(Refusal):
        await own_ways.set_password(desk.office, who, secret, new)
    code = counter.at(desk.clock.time)
    await own_ways.set_password(
        desk.office, who, secret, own_ways.NewPassword(password=new.password, again=new.again, code=code)
    )
    assert await desk.name_of(secret) == "ana" and await desk.name_of(other) == ""
    desk.clock.time += 60
    assert (await refusal(desk, "ana", PASSWORD, counter.at(desk.clock.time))).code == "bad-sign-in"
    assert await desk.by_password("ana", new.password, counter.at(desk.clock.time))


async def test_a_password_set_on_an_administrators_word_ends_with_a_role_of_two(desk: Desk) -> None:
    counter = await desk.with_password("ana", by="adam")
    desk.clock.time += 60
    secret = await desk.by_password("ana", PASSWORD, counter.at(desk.clock.time))
    await people.give_role(desk.office, OPERATOR, PersonRequest(name="ana", role=Role.DUTY_OFFICER))
    assert await desk.name_of(secret) == ""
    desk.clock.time += 60
    assert (await refusal(desk, "ana", PASSWORD, counter.at(desk.clock.time))).code == "bad-sign-in"


async def test_no_secret_of_a_sign_in_lies_in_the_database(desk: Desk) -> None:
    counter = await desk.with_password("ana")
    secret = await desk.by_password("ana", PASSWORD, counter.at(desk.clock.time))
    kept = b"".join(path.read_bytes() for path in desk.office.home.rglob(f"{BG}.db*"))
    assert kept and secret.encode() not in kept and PASSWORD.encode() not in kept and b"$argon2id$" in kept


async def test_after_a_restore_sessions_and_codes_have_ended(desk: Desk) -> None:
    secret, _ = await desk.signed_in("ana")
    await links.end_codes(desk.office, OPERATOR)
    assert await desk.name_of(secret) == ""


async def test_too_many_at_once_are_told_to_come_again(desk: Desk) -> None:
    tries = [desk.by_password(f"name{at}", "wrong", "1") for at in range(limits.SIGN_IN_AT_ONCE + 3)]
    found = await asyncio.gather(*tries, return_exceptions=True)
    assert sorted(one.code for one in found if isinstance(one, Refusal)) == (
        ["bad-sign-in"] * limits.SIGN_IN_AT_ONCE + ["too-many"] * 3
    )


async def test_a_password_that_is_changed_while_it_is_checked_signs_nobody_in(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    counter = await desk.with_password("ana")
    checked = desk.office.door.slow

    async def slow(*given: Any) -> Any:
        found = await checked(*given)
        await desk.office.node.engine.write(_with_another_password, durable=True)
        return found

    monkeypatch.setattr(desk.office.door, "slow", slow)
    assert (await refusal(desk, "ana", PASSWORD, counter.at(desk.clock.time))).code == "bad-sign-in"


def _with_another_password(tx: Any) -> None:
    ways = ways_of(tx, "ana")
    CREDENTIALS.put(tx, "ana", msgspec.structs.replace(ways, password=Password(hash="another", made=1)), 1)
