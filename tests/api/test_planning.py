"""A plan by API: over the offers of two neighbours, kept, replayed, and shown beside what was accepted."""

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.api.conftest import BG, HR, Desk, opened
from tests.api.test_operations import TENT, Case, lines
from tests.cli.test_mobilised import PROFILE
from xstock_node.domain import allocation_milp
from xstock_node.domain.rights import Role
from xstock_node.services import plan_keeping, settling
from xstock_node.services.office import OPERATOR
from xstock_node.services.plan_views import PlanFile, replayed
from xstock_node.testing import make_offer

RS, HOUR = "redcross.rs", 3600
Desks = dict[str, Desk]


@pytest.fixture
async def three(tmp_path: Path) -> AsyncIterator[Desks]:
    """Bulgaria, and Croatia and Serbia with 1,000 tents each; Bulgaria's own tents are no part of its plans."""
    async with opened(tmp_path, (BG, HR, RS), (BG, HR, RS)) as found:
        for name in (HR, RS):
            await reached(found[BG], name)
        yield found


async def reached(desk: Desk, node: str) -> None:
    """Wait until a neighbour's offer is held."""
    for _ in range(400):
        _, found, _ = await desk.ask("GET", f"/search?node={node}")
        if found["hits"]:
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"no offer of {node}")


async def asked(desks: Desks, quantity: str = "1500", **more: Any) -> Any:
    now = desks[BG].office.node.clock.now()
    body = {
        "to": [HR, RS], "lines": [{"item": TENT, "quantity": quantity}], "place": "Vidin", "terms": ["loan"],
        "severity": 1, "needed_by": now + 72 * HOUR, **more,
    }  # fmt: skip
    status, made, _ = await desks[BG].ask("POST", "/requests", json=body)
    assert status == 200, made
    return made


async def planned(desk: Desk, *ids: str, status: int = 200, token: str = "", **more: Any) -> Any:
    options: dict[str, Any] = {"json": {"requests": list(ids), **more}}
    found = await (desk.ask("POST", "/requests/plan", token, **options) if token else
                   desk.ask("POST", "/requests/plan", **options))  # fmt: skip
    assert found[0] == status, found
    return found[1]


async def test_a_plan_names_suppliers_their_age_and_road_and_asks_nobody(three: Desks) -> None:
    made = await asked(three)
    before = await three[BG].office.node.engine.read(lambda tx: len(tx.cases.all("see")))
    found = await planned(three[BG], made["id"])
    (line,) = found["lines"]
    assert (line["asked"], line["promised"], line["planned"], line["unmet"]) == ("1500", "0", "1500", "0")
    assert sorted(flow["supplier"] for flow in found["flows"]) == [HR, RS], "own offers are left out"
    assert sum(Decimal(flow["quantity"]) for flow in found["flows"]) == 1500
    for flow in found["flows"]:
        assert (flow["held"], flow["state"], flow["terms"], flow["site"]) == (False, "requested", "loan", "Vidin")
        assert flow["age"] >= 0 and flow["as_of"] and flow["offer"] and flow["operation"]
        assert flow["arrive"] is None and flow["late_hours"] is None, "no road is on file"
        assert "the road is unknown" in flow["why"][0]
    assert any("reckoned with 48 h" in said for said in found["assumed"])
    assert found["rule"]["order"] == "strict" and "no agreement" in found["rule"]["why"]
    assert found["trips"][0]["count"] >= 1 and Decimal(found["trips"][0]["kg"]) > 0
    after = await three[BG].office.node.engine.read(lambda tx: len(tx.cases.all("see")))
    assert after == before and (await three[BG].ask("GET", f"/requests/request?id={made['id']}"))[1]["state"] == "open"


async def test_a_need_that_cannot_be_met_says_what_is_missing(three: Desks) -> None:
    made = await asked(three, "2500")
    (line,) = (await planned(three[BG], made["id"]))["lines"]
    assert line["unmet"] == "500" and any("500 of 2500" in why for why in line["why"]), line
    donated = await asked(three, "10", terms=["donation"])
    (line,) = (await planned(three[BG], donated["id"]))["lines"]
    assert line["unmet"] == "10" and any("if the terms loan were acceptable" in why for why in line["why"]), line


async def test_what_is_offered_is_held_and_what_is_promised_is_off_the_need_and_counts_once(three: Desks) -> None:
    made = await asked(three, "2050")
    cases = {row["supplier"]: Case(three, row["case"]) for row in made["operations"]}
    await cases[HR].until(HR, "requested")
    hold = three[HR].office.node.clock.now() + HOUR
    await cases[HR].step(HR, "offer", lines=lines(80), hold_until=hold, terms=["loan"], origin="Zagreb")
    await cases[HR].until(BG, "offered")
    found = await planned(three[BG], made["id"])
    by_kind = {(f["supplier"], f["held"]): Decimal(f["quantity"]) for f in found["flows"]}
    assert by_kind == {(HR, True): 80, (HR, False): 920, (RS, False): 1000}, "what it holds comes off its hint"
    held = [f for f in found["flows"] if f["held"]]
    assert all(f["hold_until"] and f["depot"].startswith("Zagreb") for f in held)
    assert any("80 less of the stock offer" in said for said in found["assumed"])
    await cases[HR].step(BG, "accept", terms="loan", place="Vidin", due="2027-06-30")
    await cases[HR].until(BG, "confirmed")
    again = await planned(three[BG], made["id"])
    (line,) = again["lines"]
    assert (line["promised"], line["planned"]) == ("80", "1920") and not [f for f in again["flows"] if f["held"]]
    shown = (await three[BG].ask("GET", f"/requests/plan?id={made['id']}&hash={found['hash']}"))[1]
    accepted = {row["supplier"]: (row["proposed"], row["accepted"]) for row in shown["chosen"]}
    assert accepted == {HR: ("1000", "80"), RS: ("1000", "0")} and shown["plan"]["hash"] == found["hash"]


async def test_a_plan_is_an_act_with_its_hash_and_the_last_ones_are_kept(
    three: Desks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan_keeping, "MOST", 2)
    made = await asked(three)
    id_ = made["id"]
    status, none, _ = await three[BG].ask("GET", f"/requests/plan?id={id_}")
    assert status == 404 and none["error"]["code"] == "no-plan"
    token = await three[BG].hire("ana", Role.VIEWER)
    hashes = [(await planned(three[BG], id_, token=token, unknown_road=road))["hash"] for road in ("20", "30", "40")]
    acts = await three[BG].office.node.engine.read(lambda tx: [act for _, act in tx.acts.since(0, 1000)])
    told = [act for act in acts if act.verb == "request.plan"]
    assert [act.detail.split()[0] for act in told] == hashes and {act.subject for act in told} == {id_}
    assert told[0].actor.startswith("ana by")
    shown = (await three[BG].ask("GET", f"/requests/plan?id={id_}"))[1]
    assert (shown["plan"]["hash"], shown["kept"], shown["by"]) == (hashes[2], hashes[1:], "ana")
    assert (await three[BG].ask("GET", f"/requests/plan?id={id_}&hash={hashes[0]}"))[0] == 404
    kept = await three[BG].office.node.engine.read(plan_keeping.PLANS.list)
    assert sorted(one.file.hash for one in kept) == sorted(hashes[1:])


@pytest.mark.parametrize("plain", [True, False])
async def test_the_inputs_make_the_same_plan_again_without_a_node(three: Desks, plain: bool) -> None:
    made = await asked(three)
    found = await planned(three[BG], made["id"], plain=plain, file=True)
    file = msgspec.json.decode(msgspec.json.encode(found["file"]), type=PlanFile)
    again = msgspec.to_builtins(replayed(file))
    assert again | {"file": None} == found | {"file": None}
    assert not [note for note in again["notes"] if "another plan came out" in note]
    changed = msgspec.structs.replace(file, hash="0" * 64)
    assert "another plan came out" in replayed(changed).notes[-1]


async def test_without_the_solver_the_plain_plan_covers_and_says_so(
    three: Desks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(allocation_milp, "find_spec", lambda name: None)
    made = await asked(three)
    found = await planned(three[BG], made["id"])
    assert found["solver"] == "greedy" and found["bound"] is None and found["lines"][0]["unmet"] == "0"
    assert found["notes"] and "highspy is not installed" in found["notes"][0]


async def test_a_road_on_file_gives_an_arrival(three: Desks) -> None:
    text = PROFILE.format(hours="5").replace('b = "Sofia"', 'b = "Wien"').replace("X-VID", "Vidin")
    await settling.edit_reception(three[BG].office, OPERATOR, settling.SettledFile(content=text.encode()))
    made = await asked(three)
    found = await planned(three[BG], made["id"])
    for flow in found["flows"]:
        assert flow["arrive"] and flow["late_hours"] == "0" and "5 h on the way" in flow["why"][0], flow


async def test_the_fairness_rule_is_that_of_an_agreement_in_force(three: Desks) -> None:
    text = (
        f'id = "a1"\nname = "Balkan"\nparties = ["{BG}", "{HR}"]\nvalid_from = 2020-01-01\nvalid_until = 2099-01-01\n'
        'terms = ["loan"]\ncost_rule = "each its own"\n[fairness]\nclass_order = "floor_first"\nfloor = "0.25"\n'
    )
    made = await asked(three)
    file = settling.SettledFile(content=text.encode())
    signed = await settling.new_agreement(three[HR].office, OPERATOR, file)
    await settling.new_agreement(three[BG].office, OPERATOR, file)
    alone = (await planned(three[BG], made["id"]))["rule"]
    assert alone["order"] == "strict", "the other side has not signed what lies here"
    both = settling.SettledFile(content=signed.note.encode())
    await settling.new_agreement(three[BG].office, OPERATOR, both)
    rule = (await planned(three[BG], made["id"]))["rule"]
    assert (rule["order"], rule["floor"]) == ("floor_first", "0.25") and "a1" in rule["why"]


async def test_what_expired_or_comes_from_no_member_is_no_part_of_a_plan(three: Desks) -> None:
    now = three[RS].office.node.clock.now()
    await three[RS].net.publish(RS, [make_offer(901, now, qty=(500, 0), exp=now + HOUR, best="2027-01-01")])
    made = await asked(three, "2000", lines=[{"item": TENT, "quantity": "2000", "expiry": "2028-01"}])
    (line,) = (await planned(three[BG], made["id"]))["lines"]
    assert line["planned"] == "0" and any("expiry" in why for why in line["why"]), "unknown or too early an expiry"
    network = three[BG].office.node.network("see")
    asking = network.membership
    real = asking.is_member
    asking.is_member = lambda name: name != RS and real(name)  # type: ignore[method-assign]
    open_ = await asked(three, "1500", to=[HR])
    found = await planned(three[BG], open_["id"])
    assert {flow["supplier"] for flow in found["flows"]} == {HR} and found["lines"][0]["unmet"] == "500"
    asking.is_member = real  # type: ignore[method-assign]
    for clock in three[BG].net.clocks.values():
        clock.offset += 31 * 24 * HOUR
    later = await planned(three[BG], open_["id"])
    assert later["flows"] == [] and any("nobody offers" in why for why in later["lines"][0]["why"])


async def test_two_requests_share_what_is_there_and_who_may_not_see_one_sees_no_plan_with_it(three: Desks) -> None:
    one = await asked(three, "1500", site="Split")
    other = await asked(three, "1500", severity=2, place="Montana")
    found = await planned(three[BG], one["id"], other["id"])
    unmet = {line["request"]: Decimal(line["unmet"]) for line in found["lines"]}
    assert unmet == {one["id"]: 0, other["id"]: 1000}, "the graver first"
    split = await three[BG].hire("split", Role.DUTY_OFFICER, sites=("Split",))
    assert (await planned(three[BG], one["id"], other["id"], token=split, status=404))["error"]["came"] == other["id"]
    status, hidden, _ = await three[BG].ask("GET", f"/requests/plan?id={one['id']}", split)
    assert status == 404 and hidden["error"]["code"] == "no-plan"


async def test_what_cannot_be_planned_says_why(three: Desks) -> None:
    made = await asked(three, "5")
    assert (await planned(three[BG], "aaaaaaaaaaaaaaaa", status=404))["error"]["code"] == "no-request"
    assert (await planned(three[BG], made["id"], unknown_road="soon", status=422))["error"]["code"] == "bad-quantity"
    announced = await asked(three, "5", notify=True, lines=[])
    assert (await planned(three[BG], announced["id"], status=422))["error"]["code"] == "no-lines"
    await three[BG].ask("POST", "/requests/cancel", json={"id": made["id"]})
    assert (await planned(three[BG], made["id"], status=422))["error"]["code"] == "ended"
    assert (await planned(three[BG], status=400))["error"]["code"] == "bad-request"


async def test_a_line_keeps_what_it_says_for_itself_and_how_it_came_about(three: Desks) -> None:
    now = three[BG].office.node.clock.now()
    said = {
        "item": TENT, "quantity": "100", "by": now + HOUR, "severity": 2, "expiry": "2027-06", "subs": True,
        "need": "shelter for 500 people for 30 days", "climate": "cold", "own": "20", "why": "two camps",
    }  # fmt: skip
    made = await asked(three, lines=[said])
    conditions = made["lines"][0]["conditions"]
    assert (conditions["severity"], conditions["expiry"], conditions["subs"]) == (2, "2027-06", True)
    reckoned = conditions["reckoned"]
    assert (reckoned["people"], reckoned["households"], reckoned["climate"], reckoned["days"]) == (500, 100, "cold", 30)
    assert (reckoned["gross"], reckoned["own"], reckoned["why"]) == ("141", "20", "two camps") and reckoned["ratios"]
    case = Case(three, made["operations"][0]["case"])
    shown = await case.until(made["operations"][0]["supplier"], "requested")
    assert shown["state"] == "requested", "the other side reads it"
    for wrong, code in (
        ({"expiry": "June"}, "bad-expiry"),
        ({"need": "tents"}, "bad-need"),
        ({"own": "5"}, "bad-line"),
    ):
        body = {"to": [HR], "lines": [{"item": TENT, "quantity": "5"} | wrong]}
        status, found, _ = await three[BG].ask("POST", "/requests", json=body)
        assert status == 422 and found["error"]["code"] == code, found
