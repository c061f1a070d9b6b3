"""A team with its equipment goes through the same table as goods do: asked for, lent, counted, returned, closed."""

import base64
import html
import json
import re
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.api.conftest import BG, HR, Desk, opened
from tests.api.test_operations import Case
from xstock_node.domain.rights import Role
from xstock_node.domain.share_rules import KeepBack, ShareRules

PUMPS, ONE = "CP-HCP", "C62"
KEPT = ShareRules(keep_back={"default": KeepBack(percent=Decimal(50))})
ROAD = {"consignment": "c1", "crossing": "Gradina", "day": "2027-04-01", "vehicle": "7" * 64}


@pytest.fixture
async def lenders(tmp_path: Path) -> AsyncIterator[dict[str, Desk]]:
    """Croatia keeps two pumping modules by hand, with crew; half of all goods stay, and of teams nothing."""
    async with opened(tmp_path, (BG, HR), (), rules=KEPT) as found:
        line = {"code": PUMPS, "name": "HCP Osijek", "quantity": "2", "crew": "14", "self_sufficiency_days": "10"}
        assert (await found[HR].ask("POST", "/stock/lines", json=line))[0] == 200
        _, decided, _ = await found[HR].ask("POST", "/stock/match", json={"same_code": True})
        assert decided["confirmed"] == 1
        yield found


def teams(number: int, **more: Any) -> list[dict[str, Any]]:
    return [{"item": PUMPS, "unit": ONE, "qty": [number, 0], **more}]


def counted(number: int) -> list[dict[str, Any]]:
    return [{"item": PUMPS, "unit": ONE, "good": [number, 0]}]


async def asked_for(desks: dict[str, Desk]) -> Case:
    _, offers, _ = await desks[HR].ask("POST", "/offers/publish", json={"release": True})
    assert [(o["item"], o["quantity"], o["unit"]) for o in offers["published"]] == [(PUMPS, "2", ONE)]
    _, made, _ = await desks[BG].ask(
        "POST", "/requests", json={"to": [HR], "lines": [{"item": PUMPS, "quantity": "1"}]}
    )
    case = Case(desks, made["operations"][0]["case"])
    await case.until(HR, "requested")
    return case


async def offered(case: Case, **more: Any) -> Any:
    """The offer, approved by a second person where it takes more than a tenth of what there is."""
    desk = case.desks[HR]
    hold = desk.office.node.clock.now() + 3600
    waits = await case.step(HR, "offer", lines=teams(1, **more), hold_until=hold, terms=["loan"])
    assert waits["missing"] == ["approve"]
    boss = await desk.hire("boss", Role.APPROVER)
    assert (await desk.ask("POST", "/operations/approve", boss, json={"id": waits["waiting"]}))[0] == 200
    return await case.until(BG, "offered")


async def paper(desk: Desk, case: str, document: str, languages: str, consignment: str = "") -> str:
    """The words of a paper."""
    query = f"case={case}&document={document}&languages={languages}&consignment={consignment}&plain=true"
    status, found, _ = await desk.ask("GET", f"/operations/document?{query}")
    assert status == 200, found
    text = base64.b64decode(found["content"]).decode()
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split())


# xs1 16.25
async def test_a_pumping_module_with_crew_is_lent_over_a_border_and_comes_home(lenders: dict[str, Desk]) -> None:
    case = await asked_for(lenders)
    found = await offered(case)
    said = next(s for s in found["timeline"] if s["verb"] == "offer")["fields"]["lines"]
    assert said[0]["crew"] == {"module": "HCP", "persons": 14, "self_sufficiency_days": 10}
    await case.step(BG, "accept", terms="loan", place="Vidin", due="2027-06-30")
    await case.until(BG, "confirmed")
    await case.step(HR, "stage", countries=["HR", "RS", "BG"], crossings=["Gradina"], **ROAD)
    await case.until(BG, "confirmed", "stage")
    early = await case.step(HR, "dispatch", 422, lines=teams(1), **ROAD)
    assert early["error"]["code"] == "no-green-light"
    until = lenders[BG].office.node.clock.now() + 86_400
    await case.step(BG, "green-light", valid_until=until, **ROAD)
    await case.until(HR, "confirmed", "green-light")
    await case.step(HR, "clear", consignment="c1")
    await case.until(BG, "cleared")
    await case.step(HR, "dispatch", lines=teams(1), **ROAD)
    await case.until(BG, "dispatched")
    for desk in lenders.values():
        for document in ("packing_list", "waybill", "clearance_sheet"):
            words = await paper(desk, case.case, document, "en,de", "c1")
            for part in ("Module type", "Modultyp", "HCP 14 10", "High-capacity pumping module with crew"):
                assert part in words, (document, part)
    await case.step(BG, "received", counts=counted(1))
    await case.until(HR, "received")
    await case.step(BG, "on-loan", lines=teams(1), due="2027-06-30")
    await case.until(HR, "on-loan")
    await case.step(BG, "returned", lines=teams(1), consignment="back-1")
    await case.until(HR, "return-dispatched")
    await case.step(HR, "return-received", counts=counted(1))
    figures = (await case.until(BG, "return-received"))["counters"][0]["figures"]
    assert (figures["received"], figures["returned"], figures["back_good"]) == ("1", "1", "1")
    await case.step(BG, "close-proposed", filed=True)
    await case.until(HR, "return-received", "close-proposed")
    await case.step(HR, "close", filed=True)
    await case.until(BG, "closed")
    assert "HCP 14 10" in await paper(lenders[BG], case.case, "closing_report", "bg,hr")


async def test_its_offer_says_that_it_is_a_team_and_has_neither_lot_nor_expiry(lenders: dict[str, Desk]) -> None:
    await asked_for(lenders)
    replica = await lenders[HR].office.node.engine.read(lambda tx: tx.offers.of_log(lenders[HR].office.node.own.log))
    (record,) = [json.loads(stored.line) for stored in replica]
    assert (record["kind"], record["cat"], record["qty"]) == ("team", "team", [2, 0])
    assert "best" not in record and "crew" not in record


async def test_what_the_person_writes_stands_and_what_nobody_knows_is_unknown(lenders: dict[str, Desk]) -> None:
    case = await asked_for(lenders)
    other = {"code": PUMPS, "name": "HCP Zadar", "quantity": "1", "crew": "20", "location": "Zadar"}
    await lenders[HR].ask("POST", "/stock/lines", json=other)
    await lenders[HR].ask("POST", "/stock/match", json={"same_code": True})
    found = await offered(case, name="one of them")
    said = next(s for s in found["timeline"] if s["verb"] == "offer")["fields"]["lines"][0]
    assert said["crew"] == {"module": "HCP", "self_sufficiency_days": 10}, "two crews: nobody knows which one goes"
    assert "HCP unknown 10" in await paper(lenders[BG], case.case, "offer_sheet", "en")
    crew = {"module": "HCP+", "persons": 3}
    await case.step(BG, "amend", lines=teams(2))
    await case.until(HR, "offered", "amend")
    waits = await case.step(HR, "amended", lines=teams(2, crew=crew))
    assert waits["missing"] == ["approve"]
    _, pending, _ = await lenders[HR].ask("GET", "/operations/pending")
    assert pending[0]["fields"]["lines"][0]["crew"] == crew


async def test_nobody_asks_for_or_lends_a_part_of_a_team(lenders: dict[str, Desk]) -> None:
    half = {"to": [HR], "lines": [{"item": PUMPS, "quantity": "1.5"}]}
    status, found, _ = await lenders[BG].ask("POST", "/requests", json=half)
    assert status == 422 and found["error"]["code"] == "part-of-a-team"
    case = await asked_for(lenders)
    hold = lenders[HR].office.node.clock.now() + 3600
    part = [{"item": PUMPS, "unit": ONE, "qty": [5, -1]}]
    refused = await case.step(HR, "offer", 422, lines=part, hold_until=hold, terms=["loan"])
    assert refused["error"]["code"] == "part-of-a-team"


@pytest.mark.parametrize("field", ["crew", "self_sufficiency_days"])
@pytest.mark.parametrize("figure", ["0", "1.5", "-3", "many", "10001"])
async def test_a_crew_and_its_days_are_whole_numbers(lenders: dict[str, Desk], field: str, figure: str) -> None:
    line = {"code": PUMPS, "quantity": "1", "location": "Split", field: figure}
    status, found, _ = await lenders[HR].ask("POST", "/stock/lines", json=line)
    assert status == 422 and found["error"]["code"] == "bad-quantity"
