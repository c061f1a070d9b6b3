"""Fourteen days without names, certificates, time and registries: the federation goes on.

Three nodes still have a line; the line of one serves outgoing calls alone, so that its mail waits at a relay; one has
none at all and gets a stick every second day. No clock is set by anybody: each drifts by seconds a day, and one is set
wrong by a person on the fifth day and right again on the seventh. Every day everybody publishes and somebody asks.
"""

import asyncio
from pathlib import Path
from random import Random

import pytest

from xstock_node.plugins.host import PluginHost
from xstock_node.protocol.names import LogName
from xstock_node.services.bundling import ExportRequest, ImportRequest, export, import_
from xstock_node.services.office import OPERATOR, Office, OfficeSettings
from xstock_node.testing import SimNet, make_offer, run_simulated

AT, BG, HR, ME, RS = "redcross.at", "redcross.bg", "redcross.hr", "redcross.me", "redcross.rs"
LINED, QUIET, ISLAND = (BG, HR, RS), AT, ME
ALL = (*LINED, QUIET, ISLAND)
DAY = 86_400
DRIFT = {AT: 3, BG: -2, HR: 1, ME: -4, RS: 2}  # seconds a day


def office(net: SimNet, name: str) -> Office:
    return Office(net.nodes[name], OfficeSettings(), PluginHost(()), net.folder)


async def carry(net: SimNet, source: str, target: str) -> None:
    """A stick goes from one node to another."""
    made = await export(office(net, source), OPERATOR, ExportRequest(to=target))
    found = await import_(office(net, target), OPERATOR, ImportRequest(content=made.content))
    assert found.refused == []


def size(net: SimNet, name: str, of: str) -> int:
    held = net.nodes[name].replicas.heads.get(LogName(of, "see.pub"))
    return held.size if held else -1


@pytest.mark.slow
def test_a_federation_goes_on_for_fourteen_days_without_any_common_service(tmp_path: Path) -> None:
    async def main() -> None:
        net, draw = SimNet(tmp_path, seed=14), Random(14)
        net.relays[QUIET] = (HR,)
        for name in ALL:
            await net.start(name, [other for other in ALL if other != name], undialled=[QUIET])
        await net.settle()
        net.cut(ISLAND)
        cases: dict[str, tuple[str, str]] = {}
        for day in range(14):
            for number, name in enumerate(ALL):
                net.clocks[name].offset += DRIFT[name]
                now = net.clocks[name].now()
                await net.publish(name, [make_offer(day * 100 + number * 10 + n, now) for n in range(5)])
            if day == 5:
                net.clocks[RS].offset += 2 * 3_600
            if day == 7:
                net.clocks[RS].offset -= 2 * 3_600
            asker, owner = draw.sample(ALL, 2)
            casework = net.nodes[asker].correspondence.of().casework
            sent = await casework.open(owner, {"step": "request", "lines": []})
            cases[sent.case] = (asker, owner)
            await asyncio.sleep(DAY / 2)
            if day % 2:
                await carry(net, HR, ISLAND)
                await carry(net, ISLAND, HR)
                await carry(net, ISLAND, BG)
                await carry(net, BG, ISLAND)
            await asyncio.sleep(DAY / 2)
        await carry(net, HR, ISLAND)
        await carry(net, ISLAND, HR)
        await asyncio.sleep(3_600)

        for name in ALL:
            assert [size(net, name, of) for of in ALL if of != ISLAND] == [70] * 4, net.dump()
            assert size(net, name, ISLAND) >= 60, "what the island signed since its last stick is on the next one"
        for case, (asker, owner) in cases.items():
            if ISLAND in (asker, owner):
                continue
            held = await net.nodes[owner].engine.read(lambda tx, case=case: tx.cases.messages(case))  # type: ignore[misc]
            assert len(held) == 1, f"{asker} asked {owner}"
        for name in ALL:
            node = net.nodes[name]
            assert not node.halted and not await node.engine.read(lambda tx: tx.governance.forks())
        await net.stop_all()

    run_simulated(main())
