"""Accounts elsewhere as a way in: whom one belongs to, whose answer it is, and what ends with it."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest

from tests.services.sign_in_desk import HERE, Desk, open_desk
from xstock_node.domain.rights import Role
from xstock_node.plugins import Context, Declined, Registry, Unavailable
from xstock_node.plugins.host import PluginHost
from xstock_node.plugins.identity import Account, Answer, Described, Question, Way
from xstock_node.protocol import limits
from xstock_node.services import accounts, credentials, people, sessions
from xstock_node.services.errors import Refusal
from xstock_node.services.office import OPERATOR
from xstock_node.services.people import PersonName
from xstock_node.services.signing_in import Caller

BACK = "http://localhost:8080/sign-in/with"
ELSEWHERE = HERE._replace(question="the other browser", origin="198.51.100.7")
THIS = HERE._replace(question="this browser")


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """Settings of the provider of these tests."""


class Provider:
    """A provider that believes whatever the code says: `ISSUER SUBJECT NAME`."""

    name, title, settings = "oidc", "of the test", Told

    def __init__(self) -> None:
        self.slow, self.go_on = False, asyncio.Event()
        self.asked: list[Question] = []
        self.answers: list[Answer] = []

    async def describe(self, context: Context) -> Described:
        return Described(label="Red Cross account")

    async def begin(self, context: Context, question: Question) -> Way:
        self.asked.append(question)
        if self.slow:
            await self.go_on.wait()
        return Way(url=f"https://login.example/?state={question.state}")

    async def finish(self, context: Context, answer: Answer) -> Account:
        self.answers.append(answer)
        if answer.query["code"] == "gone":
            raise Unavailable("no line", 0.0)
        if answer.query["code"] == "false":
            raise Declined("no proof")
        issuer, subject, name = answer.query["code"].split(" ")
        return Account(issuer=issuer, subject=subject, name=name)


class Kit(NamedTuple):
    """A node with ana and a provider."""

    desk: Desk
    provider: Provider

    async def begin(self, caller: Caller = THIS, who: Any = None, onward: str = "/stock") -> str:
        url = await accounts.ask(self.desk.office, caller, BACK, "oidc", onward, who)
        return parse_qs(urlsplit(url).query)["state"][0]

    async def connect(self, secret: str, code: str = "i s ana@example") -> None:
        who = await sessions.expect(self.desk.office, secret)
        query = {"state": await self.begin(who=who), "code": code}
        found = await accounts.offered(self.desk.office, THIS, BACK, query, who)
        await accounts.connect(self.desk.office, found.ticket, who)

    async def kept(self, name: str) -> tuple[credentials.Account, ...]:
        return (await self.desk.office.node.engine.read(lambda tx: credentials.ways_of(tx, name))).accounts

    async def enter(self, query: Mapping[str, str], caller: Caller = THIS) -> str:
        return await self.desk.name_of(await accounts.enter(self.desk.office, caller, BACK, query))


@pytest.fixture
async def kit(tmp_path: Path) -> AsyncIterator[Kit]:
    provider, registry = Provider(), Registry()
    registry.identity_provider(provider)
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins" / "oidc.toml").write_text("")
    host = PluginHost([])
    host.adopt("of-the-test", registry)
    async with open_desk(tmp_path, host) as desk:
        await desk.hire("boris", Role.LOGISTICS)
        yield Kit(desk, provider)


async def test_who_connected_an_account_comes_in_by_it(kit: Kit) -> None:
    secret, _ = await kit.desk.signed_in("ana")
    assert [one.label for one in await accounts.providers(kit.desk.office)] == ["Red Cross account"]
    await kit.connect(secret)
    assert await kit.enter({"state": await kit.begin(), "code": "i s renamed@example"}) == "ana"
    question, answer = kit.provider.asked[-1], kit.provider.answers[-1]
    assert question.secret == answer.secret and question.secret not in question.state and question.back == BACK
    assert accounts.read_state(question.state).next == "/stock"
    (kept,) = await kit.desk.office.node.engine.read(lambda tx: credentials.ways_of(tx, "ana").accounts)
    assert (kept.label, kept.subject) == ("renamed@example", "s") and kept.used
    assert [act.verb for act in await kit.desk.acts("user.account")] == ["user.account"]


@pytest.mark.parametrize("code", ["i other ana", "other s ana"])
async def test_a_name_is_no_proof_and_an_account_of_nobody_lets_nobody_in(kit: Kit, code: str) -> None:
    await kit.connect((await kit.desk.signed_in("ana"))[0], "i s ana")
    with pytest.raises(Refusal, match="connect it on the page Account"):
        await kit.enter({"state": await kit.begin(), "code": code})


async def test_an_answer_counts_once_in_the_browser_that_asked_and_for_five_minutes(kit: Kit) -> None:
    await kit.connect((await kit.desk.signed_in("ana"))[0])
    state = await kit.begin()
    with pytest.raises(Refusal, match="of this browser"):
        await kit.enter({"state": state, "code": "i s ana"}, ELSEWHERE)
    assert await kit.enter({"state": state, "code": "i s ana"}) == "ana"
    asked = len(kit.provider.answers)
    with pytest.raises(Refusal, match="of this browser"):
        await kit.enter({"state": state, "code": "i s ana"})
    late = await kit.begin()
    kit.desk.clock.time += limits.SIGN_IN_SECONDS
    with pytest.raises(Refusal, match="of this browser"):
        await kit.enter({"state": late, "code": "i s ana"})
    assert len(kit.provider.answers) == asked, "the provider is not asked about an answer that cannot count"


async def test_a_sign_in_of_somebody_else_connects_nothing(kit: Kit) -> None:
    """An answer to a sign-in, sent to who is signed in by a hostile page, or the other way round."""
    secret, _ = await kit.desk.signed_in("ana")
    who = await sessions.expect(kit.desk.office, secret)
    with pytest.raises(Refusal, match="of this browser"):
        query = {"state": await kit.begin(), "code": "i hostile x"}
        await accounts.offered(kit.desk.office, THIS, BACK, query, who)
    with pytest.raises(Refusal, match="of this browser"):
        await kit.enter({"state": await kit.begin(who=who), "code": "i s ana"})
    other, _ = await kit.desk.signed_in("boris")
    mine = {"state": await kit.begin(who=who), "code": "i s ana"}
    with pytest.raises(Refusal, match="of this browser"):
        await accounts.offered(kit.desk.office, THIS, BACK, mine, await sessions.expect(kit.desk.office, other))


async def test_an_account_is_shown_before_it_is_kept_and_a_ticket_is_good_once_for_its_session(kit: Kit) -> None:
    office, (secret, who) = kit.desk.office, await kit.desk.signed_in("ana")
    query = {"state": await kit.begin(who=who), "code": "i s ana@example"}
    found = await accounts.offered(office, THIS, BACK, query, who)
    assert (found.label, found.issuer) == ("ana@example", "i")
    assert not await kit.kept("ana")
    end, rest, seal, raw = found.ticket.split(".")
    other = await sessions.expect(office, (await kit.desk.signed_in("boris"))[0])
    forged = raw.replace(raw[10:14], "AAAA")
    for ticket, whose in (
        (found.ticket, other),
        (f"{end}.{rest}.{seal}.{forged}", who),
        (f"{end}.{rest}.{'0' * 64}.{raw}", who),
        ("", who),
        ("x" * 9000, who),
    ):
        with pytest.raises(Refusal, match="begin again"):
            await accounts.connect(office, ticket, whose)
    await accounts.connect(office, found.ticket, who)
    await accounts.end_account(office, who, secret, (await kit.kept("ana"))[0].id)
    with pytest.raises(Refusal, match="begin again"):
        await accounts.connect(office, found.ticket, who)


async def test_who_came_in_by_an_account_sets_up_no_other_way(kit: Kit) -> None:
    await kit.connect((await kit.desk.signed_in("ana"))[0])
    secret = await accounts.enter(kit.desk.office, THIS, BACK, {"state": await kit.begin(), "code": "i s ana"})
    who = await sessions.expect(kit.desk.office, secret)
    assert not who.actor.fresh
    with pytest.raises(Refusal, match="sign in again"):
        await kit.begin(who=who)


async def test_wrong_answers_are_counted_for_their_place_and_told(kit: Kit) -> None:
    for _ in range(limits.SIGN_IN_FREE + 1):
        with pytest.raises(Refusal, match="connect it"):
            await kit.enter({"state": await kit.begin(), "code": "i nobody x"})
    with pytest.raises(Refusal, match="wait"):
        await kit.begin()
    await kit.begin(ELSEWHERE)
    assert len(await kit.desk.acts("user.sign-in.refused")) == 3, "the first, second and fourth"


async def test_one_place_keeps_nobody_elsewhere_from_asking(kit: Kit) -> None:
    kit.provider.slow = True
    waiting = [asyncio.ensure_future(kit.begin()) for _ in range(limits.SIGN_IN_FROM_ONE + 1)]
    await asyncio.sleep(0.05)
    assert sum(one.done() for one in waiting) == 1, "one too many from this place"
    theirs = asyncio.ensure_future(kit.begin(ELSEWHERE))
    await asyncio.sleep(0.05)
    kit.provider.go_on.set()
    found = await asyncio.gather(*waiting, return_exceptions=True)
    assert sum(isinstance(one, Refusal) for one in found) == 1 and await theirs


async def test_an_account_is_one_persons_and_only_who_signed_in_just_now_connects_one(kit: Kit) -> None:
    await kit.connect((await kit.desk.signed_in("ana"))[0])
    boris, _ = await kit.desk.signed_in("boris")
    with pytest.raises(Refusal, match="somebody else has it"):
        await kit.connect(boris)
    kit.desk.clock.time += sessions.FRESH
    with pytest.raises(Refusal, match="sign in again"):
        await kit.connect(boris, "i another b")


async def test_what_ends_an_account_ends_the_sessions_that_it_began_and_frees_it(kit: Kit) -> None:
    office, (mine, _) = kit.desk.office, await kit.desk.signed_in("ana")
    await kit.connect(mine)
    there = await accounts.enter(office, THIS, BACK, {"state": await kit.begin(), "code": "i s ana"})
    (account,) = await office.node.engine.read(lambda tx: credentials.ways_of(tx, "ana").accounts)
    await accounts.end_account(office, await sessions.expect(office, mine), mine, account.id)
    assert await kit.desk.name_of(there) == "" and await kit.desk.name_of(mine) == "ana"
    await kit.connect((await kit.desk.signed_in("boris"))[0])
    assert await kit.enter({"state": await kit.begin(), "code": "i s ana"}) == "boris"
    await people.remove_person(office, OPERATOR, PersonName(name="boris"))
    with pytest.raises(Refusal, match="connect it"):
        await kit.enter({"state": await kit.begin(), "code": "i s ana"})


@pytest.mark.parametrize(("code", "said"), [("gone", "tell the operator"), ("false", "no proof")])
async def test_a_provider_that_is_away_or_says_no_lets_nobody_in(kit: Kit, code: str, said: str) -> None:
    with pytest.raises(Refusal, match=said):
        await kit.enter({"state": await kit.begin(), "code": code})


@pytest.mark.parametrize(
    "state",
    [
        "",
        "x",
        "....",
        "1.2.in.oidc.!!.x",
        "9" * 900,
        "1.2.in.oidc.//8.x",
        "1800000100." + "0" * 32 + ".in.oidc.." + "0" * 32,
    ],
)
async def test_a_state_of_a_strangers_making_is_refused(kit: Kit, state: str) -> None:
    with pytest.raises(Refusal, match="begin again"):
        await kit.enter({"state": state, "code": "i s ana"})
    assert not kit.provider.answers


async def test_another_page_to_go_to_breaks_the_seal(kit: Kit) -> None:
    state = accounts.read_state(await kit.begin())._replace(next="/offers").state
    with pytest.raises(Refusal, match="begin again"):
        await kit.enter({"state": state, "code": "i s ana"})


async def test_much_that_comes_back_is_refused_before_the_provider_sees_it(kit: Kit) -> None:
    for more in ({f"k{n}": "v" for n in range(40)}, {"code": "x" * (limits.SIGN_IN_ADDRESS + 1)}):
        with pytest.raises(Refusal, match="short values"):
            await kit.enter({"code": "i s ana"} | more | {"state": await kit.begin()})
    assert not kit.provider.answers


async def test_where_to_go_then_is_dropped_rather_than_the_sign_in(kit: Kit) -> None:
    state = await kit.begin(onward="/stock?" + "x" * 600)
    assert accounts.read_state(state).next == "" and len(state) <= limits.SIGN_IN_STATE
