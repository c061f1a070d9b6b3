"""Towns by API and public pages, the plugin in a process of its own: nothing forbidden stands on a page."""

import re
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
from aiohttp.test_utils import TestClient, TestServer

from tests.api.conftest import BG, HR, Desk, opened
from tests.api.test_operations import sent
from tests.domain.alert_words import HOUR, area, block, word
from xstock_node.api.public import make_public_app
from xstock_node.domain.alerts import Alert, Block
from xstock_node.domain.rights import Role
from xstock_node.plugins.host import PluginHost
from xstock_node.plugins.members import PublicAsk
from xstock_node.protocol import limits
from xstock_node.services.alerting import take_in
from xstock_node.services.members_desk import NodeMembers
from xstock_node.services.office import OPERATOR
from xstock_node.services.public_figures import Lines
from xstock_node.services.towns import TOWNS
from xstock_node.testing import make_offer

FORM = {
    "name": "Видин",
    "kind": "town",
    "country": "BG",
    "areas": "BG311 RO413",
    "languages": "bg ro",
    "contact": "duty-officer",
    "address": "canary-address@vidin.example",
    "tier": "town",
}
PAGES = {
    "network-about": '[texts.bg]\ntitle = "Дунав"\n',
    "network-apply": "",
    "network-town": "",
}
FORBIDDEN = (
    "1000", "1371", "7443", "Osijek depot", "Wien", "redcross.hr", "redcross.bg", "HSHETENTF16C", "Family tent",
    "canary-name", "canary-address", "canary-person", "canary-source", "Vidin", "c1", "16.4", "48.2",
)  # fmt: skip
"""Figures, places, names, goods and addresses of this story that no page may show."""


FRAME = "Society of redcross.bg"


class Door(NamedTuple):
    """A desk with its public pages."""

    desk: Desk
    desks: dict[str, Desk]
    client: TestClient[Any, Any]
    lines: Lines

    async def page(self, name: str, form: dict[str, str] | None = None, query: str = "") -> str:
        self.lines.forget()
        path = f"/plugins/xstock-network/pages/{name}{query}"
        async with self.client.request("POST" if form else "GET", path, data=form) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.text()

    async def applies(self, **changed: str) -> str:
        found = re.search(r"<p>([a-z0-9]{16,})</p>", text := await self.page("network-apply", FORM | changed))
        assert found, text
        return found[1]

    async def act(self, path: str, status: int = 200, **said: Any) -> Any:
        got, found, _ = await self.desk.ask("POST", f"/networks/towns/{path}", json=said)
        assert got == status, found
        return found

    async def warn(self, *alerts: Alert) -> None:
        await take_in(self.desk.office, OPERATOR, "cap", alerts)

    def later(self, seconds: int) -> None:
        for clock in self.desk.net.clocks.values():
            clock.offset += seconds


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    """Bulgaria with its pages, and Croatia, which offers 1,000 tents; requests of pages come as often as one likes."""
    (tmp_path / "plugins").mkdir()
    for name, text in PAGES.items():
        (tmp_path / "plugins" / f"{name}.toml").write_text(text, "utf-8")
    async with opened(tmp_path, (BG, HR), (HR,)) as desks:
        office = desks[BG].office
        office.host = PluginHost(["xstock-network"], home=tmp_path)
        office.host.attach(office.ways, tmp_path)
        office.ways.desks["members"] = partial(NodeMembers, office, lines := Lines(office))
        for one in office.host.plugins.values():
            quick = tuple(msgspec.structs.replace(entry, a_minute=6000) for entry in one.manifest.adapter or ())
            one.manifest = msgspec.structs.replace(one.manifest, adapter=quick)
        client = TestClient(TestServer(make_public_app(office)))
        await client.start_server()
        yield Door(desks[BG], desks, client, lines)
        await client.close()
        await office.host.stop()


def said(door: Door, *blocks: Block, name: str = "a", **more: Any) -> Alert:
    now = door.desk.office.node.clock.now()
    dated = tuple(msgspec.structs.replace(one, expires=now + 12 * HOUR) for one in blocks)
    return msgspec.structs.replace(word(name, blocks=dated, **more), sent=now)


def here(language: str, headline: str, code: str = "BG311", **more: Any) -> Block:
    return block(language, headline=headline, areas=(area(code, words="Дунав"),), **more)


async def test_no_page_shows_what_the_tiers_forbid(door: Door) -> None:
    now = door.desk.office.node.clock.now()
    await door.desk.net.publish(
        HR,
        [
            make_offer(901, now, "canary-name", qty=(7443, 0), cc="BG", place="Osijek depot"),
            make_offer(902, now, qty=(1, 3), band=(2, 3), place="", cat="household"),
        ],
    )
    await sent(door.desks, 50)
    await door.desk.hire("canary-person", Role.LOGISTICS)
    id_ = await door.applies()
    key = (await door.act("sponsor", id=id_))["key"]

    arrived = {"area": "BG311", "people": 1371, "by": "sea"}
    figures = {"deaths": "7443"}
    impact = {"event": "FL-1", "area": "BG311", "date": "2027-03-28", "source": "canary-source", "figures": figures}
    for path, body in (("/arrivals", arrived), ("/impact", impact)):
        assert (await door.desk.ask("POST", path, json=body))[0] == 200
    about, town = await door.page("network-about"), await door.page("network-town", {"key": key})
    for page in (about, town, await door.page("network-apply"), await door.page("network-about", query="?lang=xx")):
        assert page.count(FRAME) == 2, "whose node it is stands above and below"
        body = page.partition("</style>")[2].replace(FRAME, "")
        assert [one for one in FORBIDDEN if re.search(rf"(?<!\w){re.escape(one)}(?!\w)", body)] == []
    assert re.search(r"подслон</span></td><td[^>]*><span>2</span>", about) and "1370" in about, "countries, to tens"
    assert "5000 - 10000" in town and "1370" not in town and "AT" not in town.partition("</style>")[2]


async def test_a_key_opens_one_page_and_a_new_one_ends_it(door: Door) -> None:
    id_ = await door.applies()
    first, second = [(await door.act("sponsor", id=id_, days=10))["key"] for _ in range(2)]
    assert first != second
    assert "Видин" not in await door.page("network-town", {"key": first})
    spaced = " ".join(second[n : n + 4] for n in range(0, len(second), 4)).upper()
    assert "Видин" in await door.page("network-town", {"key": spaced}), "as people read it out"
    held = await door.desk.office.node.engine.read(TOWNS.list)
    assert second not in str(held) and len(second) == 32
    door.later(10 * 86_400)
    assert "Видин" not in await door.page("network-town", {"key": second}), "after its days"


async def test_at_most_a_hundred_wait_and_who_waits_in_vain_is_dropped(door: Door) -> None:
    for number in range(limits.TOWNS_WAITING):
        await door.applies(address=f"duty{number}@vidin.example")
    assert "at most 100" in await door.page("network-apply", FORM)
    _, found, _ = await door.desk.ask("GET", "/networks/applications")
    assert len(found) == limits.TOWNS_WAITING
    (told,) = [one for one in (await door.desk.ask("GET", "/doctor"))[1] if one["check"] == "applications"]
    assert told["found"].startswith("100 ")
    await door.act("refuse", id=found[0]["id"], reason="unknown to us")
    await door.act("refuse", 422, id=found[0]["id"], reason="again")
    assert await door.applies() not in {one["id"] for one in found}
    door.later(limits.TOWN_KEPT)
    await door.applies(address="new@vidin.example")
    assert len(await door.desk.office.node.engine.read(TOWNS.list)) == 1


async def test_a_town_with_a_node_needs_its_digits_and_a_charter(door: Door) -> None:
    id_ = await door.applies(node="vidin.bg", digits="1234 5678 9012 3456 7890 1234")
    assert (await door.act("sponsor", 422, id=id_))["error"]["code"] == "no-digits"
    other = await door.act("sponsor", 422, id=id_, digits="0" * 24)
    assert other["error"]["code"] == "other-digits"
    none = await door.act("sponsor", 422, id=id_, digits="123456789012345678901234")
    assert none["error"]["code"] == "no-governor", "a vouch is a governor's, whoever sponsors"
    held = await door.desk.office.node.engine.read(TOWNS.list)
    assert [one.state for one in held] == ["waiting"]


async def test_an_address_is_for_who_governs(door: Door) -> None:
    id_ = await door.applies()
    viewer, admin = await door.desk.hire("ana", Role.VIEWER), await door.desk.hire("ivo", Role.NODE_ADMIN)
    for token, wanted in ((viewer, 403), (admin, 200)):
        status, found, _ = await door.desk.ask("GET", f"/networks/towns/town?id={id_}", token)
        assert (status, "canary-address" in str(found)) == (wanted, wanted == 200)
    _, rows, _ = await door.desk.ask("GET", "/networks/applications", viewer)
    assert len(rows) == 1 and "canary-address" not in str(rows)


async def test_a_town_is_warned_of_its_area_in_each_of_its_languages(door: Door) -> None:
    key = (await door.act("sponsor", id=await door.applies(), tier="observer"))["key"]
    await door.warn(
        said(door, here("bg", "Дунав"), here("ro", "Dunărea"), here("en", "Danube")),
        said(door, here("hu", "Tisza", "RO413"), name="b"),
        said(door, here("bg", "Другаде", "BG412"), name="c"),
        said(door, here("bg", "Учение"), name="d", status="Exercise"),
        said(door, here("bg", "Тайно"), name="e", scope="Restricted", restriction="staff"),
        said(door, block("bg", headline="Без място", areas=()), name="f"),
    )
    page = await door.page("network-town", {"key": key})
    assert all(one in page for one in ("Дунав [bg]", "Dunărea [ro]", "Tisza [hu, не е на вашия език]"))
    assert "Без място [bg, мястото не е сигурно]" in page
    assert not [one for one in ("Danube", "Другаде", "Учение", "Тайно") if one in page]
    door.later(13 * HOUR)
    assert "Дунав [" not in await door.page("network-town", {"key": key}), "what expired warns nobody"


async def test_a_warning_cancelled_leaves_the_page(door: Door) -> None:
    await door.warn(said(door, here("bg", "Дунав")))
    door.desk.office.settings = door.desk.office.settings._replace(country="BG")
    assert "Дунав [" in (await door.page("network-about")).replace("Flood - ", "")
    cancel = said(door, name="x", kind="Cancel", refers=("a",))
    await door.warn(msgspec.structs.replace(cancel, sent=cancel.sent + 1, blocks=()))
    assert "[bg]" not in await door.page("network-about")


async def test_what_a_town_asks_for_is_a_draft_that_nobody_sends_by_itself(door: Door) -> None:
    town, observer = [
        (await door.act("sponsor", id=await door.applies(address=f"{tier}@vidin.example"), tier=tier))["key"]
        for tier in ("town", "observer")
    ]
    need = {"category": "shelter", "people": "120", "hours": "24"}
    for _ in range(2):
        assert "чака човек" in await door.page("network-town", need | {"key": town})
    assert "a town of tier town" in await door.page("network-town", need | {"key": observer})
    for wrong in ({"people": "many"}, {"people": "0"}, {"hours": "9999"}, {"category": "weapons"}, {"people": "٣"}):
        page = await door.page("network-town", need | {"key": town} | wrong)
        assert page.count("чака човек") == 1 and "xpected" in page and "Видин" in page, "told, and nothing asked"
    (draft,) = (await door.desk.ask("GET", "/requests/drafts"))[1]
    assert (draft["state"], draft["people"], draft["contact"]) == ("open", 120, "duty-officer town@vidin.example")
    for number in range(1, limits.TOWN_NEEDS):
        await door.page("network-town", need | {"key": town, "people": str(number)})
    assert "at most 10" in await door.page("network-town", need | {"key": town, "people": "99"})
    assert (await door.desk.ask("GET", "/requests"))[1] == []


async def test_strangers_who_ask_again_are_told_the_same_for_two_seconds(door: Door) -> None:
    desk, ask = NodeMembers(door.desk.office, door.lines, "xstock-network"), PublicAsk(languages=("bg",))
    before = await desk.public(ask)
    await door.warn(said(door, here("bg", "Дунав")))
    assert await desk.public(ask) is before, "no new look at storage"
    door.lines.forget()
    assert len((await desk.public(ask)).warnings) == 1
    for number in range(200):
        door.lines.tell((f"x-{number}",), before)
    assert door.lines.told(("x-0",)) is None and door.lines.told(("x-199",)) is before, "and not for every language"
