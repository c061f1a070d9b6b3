"""Two nodes in memory with organisations, countries and languages, and an operation played between them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from xstock_node.domain.units import decimal_pair
from xstock_node.plugins.host import PluginHost
from xstock_node.protocol import identity
from xstock_node.protocol.identity import Identity, Statement
from xstock_node.protocol.keys import Signer, to_base64
from xstock_node.services import numbering, operating
from xstock_node.services.asked_lines import Asked
from xstock_node.services.numbering import LoadedLine, NewUnit, UnitsRequest
from xstock_node.services.office import Actor, Office, OfficeSettings, Thresholds
from xstock_node.services.operating import CaseId, SideText, StepRequest, StepResult
from xstock_node.services.operation_views import OperationView
from xstock_node.services.reacting import Reacting
from xstock_node.services.requesting import NewRequest, new_request
from xstock_node.testing import SimNet, make_offer, simnet
from xstock_node.testing.nodes import make_sealing, make_signer

BG, HR, TENT = "redcross.bg", "redcross.hr", "HSHETENTF16C"
SUPPLIES, ASKS = HR, BG
ANA = Actor("ana", "test")
NAMES = {
    BG: ({"bg": "Български Червен кръст (учение)", "en": "Bulgarian Red Cross (exercise)"}, "BG", ("bg",)),
    HR: ({"hr": "Hrvatski Crveni križ (vježba)", "en": "Croatian Red Cross (exercise)"}, "HR", ("hr",)),
}
ROAD = ("HR", "RS", "BG")


def identity_of(name: str, relays: tuple[str, ...] = ()) -> tuple[Identity, Signer]:
    names, country, languages = NAMES[name]
    signing = make_signer(name)
    statement = Statement(
        expires=2_000_000_000, keys=(to_base64(signing.public),), country=country, networks=("see",), relays=relays,
        seal=(to_base64(make_sealing(name).public),), organisation=names, languages=languages,
    )  # fmt: skip
    return identity.parse(identity.sign(name, 1, statement, make_signer(name, "root"), (signing,))), signing


class Two:
    """Bulgaria asks, Croatia lends."""

    def __init__(self, offices: dict[str, Office]) -> None:
        self.offices, self.case = offices, ""

    def __getitem__(self, name: str) -> Office:
        return self.offices[name]

    async def show(self, name: str) -> OperationView:
        return await operating.show_operation(self[name], ANA, CaseId(case=self.case))

    async def until(self, name: str, state: str) -> OperationView:
        """Wait until a node shows a state."""
        for _ in range(4000):
            if await self[name].node.engine.read(lambda tx: tx.cases.get(self.case)):
                found = await self.show(name)
                if found.state == state:
                    return found
            await asyncio.sleep(0.01)
        raise AssertionError(f"{name} never shows {state}")

    async def until_step(self, name: str, verb: str, consignment: str = "") -> None:
        for _ in range(4000):
            taken = [s for s in (await self.show(name)).timeline if s.verb == verb]
            if any(consignment in ("", s.fields.get("consignment")) for s in taken):
                return
            await asyncio.sleep(0.01)
        raise AssertionError(f"{name} never holds {verb}")

    async def step(self, name: str, verb: str, side: tuple[SideText, ...] = (), **fields: Any) -> StepResult:
        plain = msgspec.json.decode(msgspec.json.encode(fields))
        request = StepRequest(case=self.case, step=verb, fields=plain, side=list(side))
        return await operating.take_step(self[name], ANA_OF[name], request)

    async def ask(self, quantity: str = "80", terms: tuple[str, ...] = ("loan",)) -> None:
        made = await new_request(
            self[ASKS], ANA,
            NewRequest(to=[SUPPLIES], lines=[Asked(item=TENT, quantity=quantity)], event="FL-2027-000014-BGR",
                       place="Vidin", country="BG", people=400, terms=list(terms)),
        )  # fmt: skip
        self.case = made.operations[0].case
        await self.until(SUPPLIES, "requested")

    async def offer(self, quantity: int = 80, terms: str = "loan") -> StepResult:
        hold = self[SUPPLIES].node.clock.now() + 7200
        line = {**tents(quantity), "value": decimal_pair(Decimal("380.5")), "currency": "EUR"}
        return await self.step(SUPPLIES, "offer", lines=[line], hold_until=hold, terms=[terms], origin="Zagreb")

    async def confirm(self) -> None:
        await self.until(ASKS, "offered")
        await self.step(ASKS, "accept", terms="loan", due="2027-06-30", place="Vidin", country="BG")
        await self.until(ASKS, "confirmed")

    async def stage(self, name: str = "lot-1", vehicle: str = "") -> str:
        """Two numbered units of forty tents, staged; the hash of the vehicle's side line."""
        numbered = await numbering.number_units(
            self[SUPPLIES], ANA_OF[SUPPLIES],
            UnitsRequest(case=self.case, consignment=name, units=[
                NewUnit(lines=[LoadedLine(item=TENT, quantity="40", lot="Z-2025/7")], count=2, kg="2310.5", m3="11.25")
            ]),
        )  # fmt: skip
        plate = (SideText(kind="plate", text="ZG 1234-AB"),)
        await self.step(
            SUPPLIES, "stage", plate, consignment=numbered.consignment, units=numbered.units, countries=list(ROAD),
            crossings=["Bajakovo-Batrovci", "Gradina-Kalotina"], day="2027-03-29", vehicle="side:0",
        )  # fmt: skip
        await self.until_step(ASKS, "stage", name)
        staged = [s for s in (await self.show(ASKS)).timeline if s.verb == "stage"]
        return str(staged[-1].fields["vehicle"])

    async def dispatch(self, vehicle: str, name: str = "lot-1") -> None:
        road = {"consignment": name, "crossing": "Bajakovo-Batrovci", "day": "2027-03-29", "vehicle": vehicle}
        until = self[ASKS].node.clock.now() + 86_400
        permit = {"authority": "customs office", "number": "IMP-77", "permission": "temporary entry"}
        permits = [permit | {"sent_at": until - 80_000}]
        await self.step(
            ASKS, "green-light", **road, entry="BGKLN", consignee="relief desk", valid_until=until, permits=permits
        )
        await self.until_step(SUPPLIES, "green-light")
        await self.step(
            SUPPLIES, "clear", consignment=name, seal="HR-7781", permits=[{"authority": "c", "number": "T2-9"}]
        )
        await self.until_step(ASKS, "clear")
        await self.step(SUPPLIES, "dispatch", **road, lines=[tents(80)], carrier="Prijevoz d.o.o.", mode="3")
        await self.until(ASKS, "dispatched")

    async def receive(self, name: str = "lot-1") -> None:
        count = {"item": TENT, "unit": "H87", "good": (76, 0), "damaged": (2, 0), "short": (2, 0), "reason": "wet"}
        await self.step(ASKS, "received", consignment=name, counts=[count])
        await self.until(SUPPLIES, "received")

    async def play(self) -> None:
        """From the request to the count: 80 tents sent, 76 good, 2 damaged, 2 short."""
        await self.ask()
        assert (await self.offer()).sent
        await self.confirm()
        await self.dispatch(await self.stage())
        await self.receive()


ANA_OF = {BG: Actor("ana", "test"), HR: Actor("ivo", "test")}


def tents(quantity: int) -> dict[str, Any]:
    return {"item": TENT, "unit": "H87", "qty": decimal_pair(Decimal(quantity))}


@asynccontextmanager
async def two_nodes(folder: Path, patch: pytest.MonkeyPatch, log: str = "see.x-drill") -> AsyncIterator[Two]:
    """Both nodes, started; `log` is that of an exercise unless another one is named."""
    patch.setattr(simnet, "make_identity", identity_of)
    net, offices, reacting = SimNet(folder, latency=0.001, log=log), {}, []
    for name, peers in ((BG, [HR]), (HR, [BG])):
        await net.start(name, peers)
    await net.publish(HR, [make_offer(900, net.clocks[HR].now(), qty=(1000, 0))])
    for name in (BG, HR):
        _, country, languages = NAMES[name]
        settings = OfficeSettings(
            country=country, languages=languages, gs1_prefix="3851234", second_person=Thresholds(value=Decimal(10**9))
        )
        offices[name] = Office(net.nodes[name], settings, PluginHost([]), folder)
        reacting.append(Reacting(offices[name]))
        await reacting[-1].start()
    yield Two(offices)
    for one in reacting:
        await one.stop()
    await net.stop_all()
