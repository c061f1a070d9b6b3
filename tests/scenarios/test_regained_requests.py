"""A node whose folder is older than its requests finds them again, with their cases and what became of them."""

import shutil
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from tests.scenarios.test_cases import BG, HR, RS, arrives, cases, lines, tell
from xstock_node.domain.rights import Role
from xstock_node.plugins.host import PluginHost
from xstock_node.services import branches, findings, links, operating, people
from xstock_node.services.asked_lines import Asked
from xstock_node.services.errors import Refusal
from xstock_node.services.office import Actor, Office, OfficeSettings, Thresholds
from xstock_node.services.reacting import NODE, Reacting
from xstock_node.services.regaining import BY, regain_requests
from xstock_node.services.request_views import REQUESTS, RequestView, request_of
from xstock_node.services.requesting import NewRequest, list_requests, new_request
from xstock_node.storage.interfaces import Transaction
from xstock_node.testing import SimNet, make_offer

TENT, EVENT = "HSHETENTF16C", "FL-2027-000041-BGR"


def office(net: SimNet, folder: Path, most: int = 100) -> Office:
    limits = Thresholds(ask_pieces={TENT: Decimal(most)})
    return Office(net.nodes[BG], OfficeSettings(country="BG", second_person=limits), PluginHost([]), folder)


async def asked(net: SimNet, folder: Path, *to: str) -> RequestView:
    want = NewRequest(to=list(to), lines=[Asked(item=TENT, quantity="40")], event=EVENT, place="Ruse")
    return await new_request(office(net, folder), NODE, want)


def test_codes_end_with_a_restore_and_the_doctor_says_whose_people_these_are(tmp_path: Path) -> None:
    async def story(net: SimNet) -> None:
        before = office(net, tmp_path)
        await people.add_person(before, NODE, people.PersonRequest(name="vera", role=Role.WAREHOUSE))
        code = (await links.make_link(before, NODE, links.LinkRequest(name="vera"))).code
        await net.stop(BG)
        shutil.copy(tmp_path / f"{BG}.db", tmp_path / "older.db")
        await net.start(BG, [HR, RS])
        entered = await links.enter(office(net, tmp_path), NODE, links.EnterRequest(code=code))
        await net.publish(BG, [make_offer(7, net.clocks[BG].now())])
        await net.settle()
        await net.stop(BG)
        await net.start(BG, [HR, RS], folder="older")
        again = office(net, tmp_path)
        await Reacting(again).chores()
        with pytest.raises(Refusal) as refused:
            await links.enter(again, NODE, links.EnterRequest(code=code))
        assert refused.value.code == "bad-code" and entered.name == "vera"
        (finding,) = [one for one in await findings.network_findings(again) if one.check.startswith("people after")]
        assert finding.state == "warning" and "newer heads" in finding.found

    tell(tmp_path, story)


def test_a_request_made_after_the_backup_is_shown_again_once_its_cases_are_back(tmp_path: Path) -> None:
    async def story(net: SimNet) -> None:
        kept = await asked(net, tmp_path, HR)
        await arrives(net, HR, kept.operations[0].case, 1)
        await net.stop(BG)
        shutil.copy(tmp_path / f"{BG}.db", tmp_path / "older.db")
        await net.start(BG, [HR, RS])
        lost = await asked(net, tmp_path, HR, RS)
        for name, one in zip((HR, RS), lost.operations, strict=True):
            assert one.supplier == name
            await arrives(net, name, one.case, 1)
        hold = net.clocks[HR].now() + 3600
        await cases(net, HR).send(
            lost.operations[0].case, {"step": "offer", "lines": lines(40), "hold_until": hold, "terms": ["loan"]}
        )
        await arrives(net, BG, lost.operations[0].case, 2)
        before = await list_requests(office(net, tmp_path), NODE)
        await net.stop(BG)
        await net.start(BG, [HR, RS], folder="older")
        again = office(net, tmp_path)
        assert [one.id for one in await list_requests(again, NODE)] == [kept.id]
        for one in lost.operations:
            await arrives(net, BG, one.case, 1, seconds=600)
        await arrives(net, BG, lost.operations[0].case, 2, seconds=600)
        assert await regain_requests(again, NODE) == 2
        assert await regain_requests(again, NODE) == 0, "once they are back there is nothing to do"
        found = {one.id: one for one in await list_requests(again, NODE)}
        assert found.keys() == {kept.id, lost.id} == {one.id for one in before}
        made = found[lost.id]
        assert (made.by, made.event, made.place, made.network, made.unsent) == (BY, EVENT, "Ruse", lost.network, [])
        assert sorted((o.case, o.supplier) for o in made.operations) == sorted(
            (o.case, o.supplier) for o in lost.operations
        )
        assert made.lines == next(one for one in before if one.id == lost.id).lines and made.lines[0].offered == "40"
        acts = await again.node.engine.read(lambda tx: tx.acts.last(9))
        assert [act.subject for act in acts if act.verb == "request.regained"] == [lost.id, lost.id]

    tell(tmp_path, story)


def test_a_request_that_was_approved_after_the_backup_neither_waits_again_nor_is_sent_twice(tmp_path: Path) -> None:
    boss = Actor("boss", "test")

    async def story(net: SimNet) -> None:
        strict = office(net, tmp_path, most=20)
        want = NewRequest(to=[HR], lines=[Asked(item=TENT, quantity="40")])
        made = await new_request(strict, NODE, want)
        assert made.waits and not made.operations
        await net.stop(BG)
        shutil.copy(tmp_path / f"{BG}.db", tmp_path / "older.db")
        await net.start(BG, [HR, RS])
        assert (await operating.approve(office(net, tmp_path), boss, operating.Approval(id=made.waits))).sent
        (sent,) = await list_requests(office(net, tmp_path), NODE)
        case = sent.operations[0].case
        await arrives(net, HR, case, 1)
        await net.stop(BG)
        await net.start(BG, [HR, RS], folder="older")
        again = office(net, tmp_path)
        assert (await list_requests(again, NODE))[0].state == "waiting", "as the copy has it"
        casework = cases(net, BG)
        casework.doubted.add(HR)
        with pytest.raises(Refusal) as refused:
            await operating.approve(again, boss, operating.Approval(id=made.waits))
        assert refused.value.code == "doubtful-start"
        await arrives(net, BG, case, 1, seconds=600)
        casework.doubted.clear()
        await Reacting(again).chores()
        (found,) = await list_requests(again, NODE)
        assert (found.state, found.waits, [o.case for o in found.operations]) == ("open", "", [case])
        assert await operating.list_pending(again, NODE) == []
        assert len(await net.nodes[HR].engine.read(lambda tx: tx.cases.all("see"))) == 1

    tell(tmp_path, story)


def test_cases_that_are_back_belong_to_the_branch_of_their_request(tmp_path: Path) -> None:
    async def story(net: SimNet) -> None:
        here = office(net, tmp_path)
        want = NewRequest(to=[HR], lines=[Asked(item=TENT, quantity="4")], site="Ruse")
        made = await new_request(here, NODE, want)
        case = made.operations[0].case

        def forget(tx: Transaction) -> None:
            held = request_of(tx, made.id)
            REQUESTS.put(tx, made.id, msgspec.structs.replace(held, cases={}), held.at)
            branches.PLACED.drop(tx, case)

        await here.node.engine.write(forget, durable=True)
        assert await regain_requests(here, NODE) == 1
        assert await here.node.engine.read(lambda tx: branches.site_of(tx, case)) == "Ruse"

    tell(tmp_path, story)
