"""Sessions: how they begin, whom they belong to, and everything that ends them."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from xstock_node.domain.rights import Grant, Role
from xstock_node.plugins.host import PluginHost
from xstock_node.services import people, sessions
from xstock_node.services.credentials import SESSIONS, Session
from xstock_node.services.errors import Refusal
from xstock_node.services.office import OPERATOR, Office, OfficeSettings
from xstock_node.services.people import PEOPLE, Person, PersonName, PersonRequest
from xstock_node.testing import SimNet

BG = "redcross.bg"
HOUR = 3600


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[tuple[Office, SimNet]]:
    net = SimNet(tmp_path)
    await net.start(BG, [])
    office = Office(net.nodes[BG], OfficeSettings(country="BG"), PluginHost([]), tmp_path)
    ana = Person(name="ana", grants=(Grant(role=Role.VIEWER),))
    await office.node.engine.write(lambda tx: PEOPLE.put(tx, "ana", ana, 1), durable=True)
    yield office, net
    await net.stop_all()


async def kept(office: Office) -> list[Session]:
    return await office.node.engine.read(SESSIONS.list)


async def test_a_session_is_its_person_with_the_rights_of_this_hour(desk: tuple[Office, SimNet]) -> None:
    office, _ = desk
    secret = await sessions.begin(office, "ana", sessions.PASSKEY, "Firefox on Linux")
    found = await sessions.actor_of(office, secret)
    assert found is not None and found.actor.name == "ana" and found.actor.road == "console" and found.how == "passkey"
    assert not people.may(found.actor, "people", office.node.clock.now())
    await people.give_role(office, OPERATOR, PersonRequest(name="ana", role=Role.NODE_ADMIN))
    later = await sessions.actor_of(office, secret)
    assert later is not None and people.may(later.actor, "people", office.node.clock.now())


async def test_the_secret_is_kept_nowhere_and_never_twice_the_same(desk: tuple[Office, SimNet]) -> None:
    office, _ = desk
    first, second = [await sessions.begin(office, "ana", sessions.PASSKEY, "") for _ in range(2)]
    assert first != second and len(first) == len("xc_") + 64
    assert first not in repr(await kept(office)) and await sessions.actor_of(office, first[:-1] + "x") is None


async def test_a_session_unused_for_twelve_hours_ends(desk: tuple[Office, SimNet]) -> None:
    office, net = desk
    secret = await sessions.begin(office, "ana", sessions.PASSKEY, "")
    for _ in range(4):
        net.clocks[BG].offset += 11 * HOUR
        assert await sessions.actor_of(office, secret) is not None
    net.clocks[BG].offset += 12 * HOUR
    assert await sessions.actor_of(office, secret) is None


async def test_a_session_in_daily_use_ends_after_thirty_days(desk: tuple[Office, SimNet]) -> None:
    office, net = desk
    secret = await sessions.begin(office, "ana", sessions.PASSKEY, "")
    for _ in range(30 * 24 // 10 - 1):
        net.clocks[BG].offset += 10 * HOUR
        assert await sessions.actor_of(office, secret) is not None
    net.clocks[BG].offset += 10 * HOUR
    assert await sessions.actor_of(office, secret) is None


async def test_use_is_noted_at_most_once_a_minute(desk: tuple[Office, SimNet]) -> None:
    office, net = desk
    secret = await sessions.begin(office, "ana", sessions.PASSKEY, "")
    (before,) = await kept(office)
    net.clocks[BG].offset += 30
    await sessions.actor_of(office, secret)
    assert (await kept(office)) == [before]
    net.clocks[BG].offset += 30
    await sessions.actor_of(office, secret)
    assert (await kept(office))[0].seen >= before.seen + 60


async def test_a_clock_that_goes_back_some_hours_signs_nobody_out(desk: tuple[Office, SimNet]) -> None:
    office, net = desk
    secret = await sessions.begin(office, "ana", sessions.CODE, "")
    net.clocks[BG].offset += -3 * HOUR
    assert await sessions.actor_of(office, secret) is not None
    net.clocks[BG].offset += -48 * HOUR
    assert await sessions.actor_of(office, secret) is None


async def test_who_is_removed_is_signed_out_and_stays_so_under_the_same_name(desk: tuple[Office, SimNet]) -> None:
    office, _ = desk
    secret = await sessions.begin(office, "ana", sessions.PASSKEY, "")
    await people.remove_person(office, OPERATOR, PersonName(name="ana"))
    await people.add_person(office, OPERATOR, PersonRequest(name="ana", role=Role.DUTY_OFFICER))
    assert await sessions.actor_of(office, secret) is None and not await kept(office)


async def test_a_session_on_an_administrators_word_ends_with_a_role_that_a_second_person_confirms(
    desk: tuple[Office, SimNet],
) -> None:
    office, _ = desk
    lent = await sessions.begin(office, "ana", sessions.LINK, "", by="boris")
    own = await sessions.begin(office, "ana", sessions.LINK, "")
    await people.give_role(office, OPERATOR, PersonRequest(name="ana", role=Role.DUTY_OFFICER))
    assert await sessions.actor_of(office, lent) is None
    assert await sessions.actor_of(office, own) is not None


async def test_preferences_are_the_persons_and_outlive_a_session(desk: tuple[Office, SimNet]) -> None:
    office, _ = desk
    secret = await sessions.begin(office, "ana", sessions.PASSKEY, "")
    await sessions.prefer(office, secret, language="sr-Latn", theme="night")
    await sessions.prefer(office, secret, zone="Europe/Sofia")
    await sessions.end(office, secret)
    assert await sessions.actor_of(office, secret) is None
    again = await sessions.actor_of(office, await sessions.begin(office, "ana", sessions.PASSKEY, ""))
    assert again is not None and (again.language, again.theme, again.zone) == ("sr-Latn", "night", "Europe/Sofia")


@pytest.mark.parametrize(
    "bad", [{"zone": "../etc/passwd"}, {"zone": "No/Where"}, {"theme": "<b>"}, {"language": "a b"}]
)
async def test_preferences_that_there_are_not_are_refused(desk: tuple[Office, SimNet], bad: dict[str, str]) -> None:
    office, _ = desk
    secret = await sessions.begin(office, "ana", sessions.PASSKEY, "")
    with pytest.raises(Refusal):
        await sessions.prefer(office, secret, **bad)


async def test_the_oldest_of_too_many_sessions_makes_room(desk: tuple[Office, SimNet]) -> None:
    office, net = desk
    first = await sessions.begin(office, "ana", sessions.PASSKEY, "")
    for _ in range(sessions.A_PERSON):
        net.clocks[BG].offset += 1
        await sessions.begin(office, "ana", sessions.PASSKEY, "")
    assert len(await kept(office)) == sessions.A_PERSON and await sessions.actor_of(office, first) is None
