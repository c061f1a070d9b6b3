"""A node that is in a real network and in one of exercises, with one of each thing in both; what is of the exercise has
DRILL in its own words, what is real has EARNEST.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from aiohttp.test_utils import TestClient, TestServer

from tests.console.conftest import Reader
from tests.domain.alert_words import area, block, word
from tests.networks.kit import ChartedNet, make_charter, make_member
from xstock_node.api.app import Guard, make_app
from xstock_node.console.serving import Console
from xstock_node.domain.rights import Grant, Role
from xstock_node.plugins.host import PluginHost
from xstock_node.services import exercising, operating, own_warnings, requesting, sessions
from xstock_node.services.alert_views import import_alerts
from xstock_node.services.asked_lines import Asked
from xstock_node.services.errors import Refusal
from xstock_node.services.exercising import StartExercise
from xstock_node.services.office import OPERATOR, Actor, AlertRules, Office, OfficeSettings
from xstock_node.services.operating import CaseId, StepRequest
from xstock_node.services.own_warnings import IssueRequest
from xstock_node.services.people import PEOPLE, Person
from xstock_node.services.reacting import Reacting
from xstock_node.services.requesting import NewRequest
from xstock_node.testing import make_offer

BG, HR, TENT, NETWORK = "bg.example", "hr.example", "HSHETENTF16C", "x-drill"
DRILL, EARNEST = "DRILL", "EARNEST"


class Made(NamedTuple):
    """What there is of one world: a request of ours, its operation, one that waits for us, a warning with its draft."""

    request: str
    case: str
    asked: str
    warning: str
    draft: str


class BothWorlds(NamedTuple):
    """The Bulgarian node: a browser of somebody with every role, and what there is of both worlds."""

    reader: Reader
    office: Office
    net: ChartedNet
    drill: Made
    earnest: Made
    offices: dict[str, Office]


@asynccontextmanager
async def both_worlds(folder: Path) -> AsyncIterator[BothWorlds]:
    """Both nodes in this process, with all that there is of both worlds."""
    net = ChartedNet(folder, latency=0.001)
    charters = [make_charter(name, [BG, HR]) for name in ("see", NETWORK)]
    members = {name: make_member(name, networks=("see", NETWORK)) for name in (BG, HR)}
    for name in (BG, HR):
        await net.enter(members[name], charters, [member[0] for member in members.values()])
    rules = AlertRules(countries=("BG",))
    offices = {
        name: Office(net.nodes[name], OfficeSettings(country=name[:2].upper(), alerts=rules), PluginHost(()), folder)
        for name in (BG, HR)
    }
    reacting = [Reacting(office) for office in offices.values()]
    for one in reacting:
        await one.start()
    client: TestClient[Any, Any] | None = None
    try:
        offers = [Asked(item=TENT, quantity="500")]
        for office in offices.values():
            await exercising.start(office, OPERATOR, StartExercise(name="flood27", network=NETWORK, offers=offers))
        await net.publish(HR, [make_offer(900, net.clocks[HR].now(), qty=(1000, 0))])
        drill = await _fill(offices, NETWORK, DRILL)
        earnest = await _fill(offices, "see", EARNEST)
        desk = offices[BG]
        client = TestClient(TestServer(make_app(desk, Guard("operator"), desk.node.trace, Console(desk))))
        await client.start_server()
        yield BothWorlds(await _reader(desk, client), desk, net, drill, earnest, offices)
    finally:
        if client is not None:
            await client.close()
        for one in reacting:
            await one.stop()
        await net.stop_all()


async def on_the_road(offices: dict[str, Office], network: str, word_: str) -> str:
    """Goods of HR that are on their way to BG in a world; the operation."""
    bg, hr = offices[BG], offices[HR]
    lines = [{"item": TENT, "unit": "H87", "qty": [5, 0]}]
    wanted = [Asked(item=TENT, quantity="5")]
    asked = NewRequest(to=[HR], lines=wanted, network=network, event=f"{word_}-1", place="Vidin")
    case = (await requesting.new_request(bg, OPERATOR, asked)).operations[0].case

    async def step(office: Office, verb: str, **fields: Any) -> None:
        found = await operating.take_step(office, OPERATOR, StepRequest(case=case, step=verb, fields=fields))
        if not found.sent:
            await operating.approve(office, Actor("second", "test"), operating.Approval(id=found.waiting))

    await _until(hr, case, "requested")
    hold = hr.node.clock.now() + 7200
    await step(hr, "offer", lines=lines, hold_until=hold, terms=["donation"])
    await _until(bg, case, "offered")
    await step(bg, "accept", terms="donation", place="Vidin")
    await _until(bg, case, "confirmed")
    await _until(hr, case, "confirmed")
    await step(hr, "stage", consignment="c1", countries=["HR", "HU", "RO", "BG"])
    await step(hr, "dispatch", consignment="c1", lines=lines, free="every road lies in the Union")
    await _until(bg, case, "dispatched")
    return case


async def _fill(offices: dict[str, Office], network: str, word_: str) -> Made:
    desk, drill = offices[BG], network == NETWORK
    lines = [Asked(item=TENT, quantity="80")]
    said: dict[str, Any] = {"lines": lines, "event": f"{word_}-1", "place": f"{word_} place", "network": network}
    ours = await requesting.new_request(desk, OPERATOR, NewRequest(to=[HR], note=f"{word_} note", **said))
    theirs = await requesting.new_request(offices[HR], OPERATOR, NewRequest(to=[BG], **said))
    case, asked = ours.operations[0].case, theirs.operations[0].case
    await _until(offices[HR], case, "requested")
    await _until(desk, asked, "requested")
    hold = desk.node.clock.now() + 7200
    line = {"item": TENT, "unit": "H87", "qty": [60, 0]}
    fields = {"lines": [line], "hold_until": hold, "terms": ["donation"]}
    found = await operating.take_step(offices[HR], OPERATOR, StepRequest(case=case, step="offer", fields=fields))
    if not found.sent:
        await operating.approve(offices[HR], Actor("second", "test"), operating.Approval(id=found.waiting))
    await _until(desk, case, "offered")
    now = desk.node.clock.now()
    flood = block(event=f"{word_} flood", expires=now + 43_200, areas=(area("BG311", words=f"{word_} town"),))
    alert = msgspec.structs.replace(
        word(f"{word_}-A", status="Exercise" if drill else "Actual", countries=("BG",), blocks=(flood,)), sent=now
    )
    (taken,) = await import_alerts(desk, OPERATOR, "cap", [alert])
    assert taken.warning is not None
    await own_warnings.issue(desk, OPERATOR, _own(word_, drill))
    return Made(ours.id, case, asked, taken.warning.id, taken.warning.draft)


def _own(word_: str, drill: bool) -> IssueRequest:
    said = {
        "category": "Met", "severity": "Minor", "urgency": "Future", "certainty": "Likely", "hours": 5,
        "area": [{"description": f"{word_} village"}], "text": [{"language": "en", "event": f"{word_} rain"}],
        "exercise": drill,
    }  # fmt: skip
    return msgspec.convert(said, IssueRequest)


async def _reader(office: Office, client: "TestClient[Any, Any]") -> Reader:
    now = office.node.clock.now()
    person = Person(name="ana", grants=tuple(Grant(role=role) for role in Role), made=now)
    await office.node.engine.write(lambda tx: PEOPLE.put(tx, "ana", person, now), durable=True)
    return Reader(office, client, await sessions.begin(office, "ana", "link", "test"))


async def _until(office: Office, case: str, state: str) -> None:
    async def there() -> bool:
        try:
            return (await operating.show_operation(office, OPERATOR, CaseId(case=case))).state == state
        except Refusal:
            return False

    await until(there)


async def until(true: Callable[[], Awaitable[bool]]) -> None:
    """Wait until something is true."""
    for _ in range(400):
        if await true():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it never comes true")
