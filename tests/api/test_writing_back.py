"""Movements of operations written into an inventory system: each once, whatever happens to the answers."""

from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.api.conftest import BG, HR, Desk
from tests.api.test_operations import INSIDE, TENT, Case, asked, lines
from xstock_node.domain.stock import StockLine
from xstock_node.plugins import (
    Capabilities,
    Context,
    Declined,
    Moved,
    Movement,
    OutcomeUnknown,
    Registry,
    SnapshotEnd,
    SourceLine,
    Unavailable,
)
from xstock_node.services.mapping_desk import DecideRequest, decide
from xstock_node.services.office import OPERATOR, Thresholds
from xstock_node.services.syncing import SyncRequest, sync
from xstock_node.services.taking import whole
from xstock_node.services.writing_back import MovementId, list_movements, look, movement_findings, retry
from xstock_node.services.written import ASKED, MOVEMENTS, Asked, spoken_for
from xstock_node.storage.interfaces import Transaction


class Settings(msgspec.Struct):
    """Nothing to set."""


class System:
    """A system with 60 tents that expire first, 80 others and some that are past it; `way` spoils its next answers."""

    name, title, settings = "wms", "A system", Settings

    def __init__(self) -> None:
        self.moved: dict[str, Movement] = {}
        self.declined: set[str] = set()
        self.calls: list[str] = []
        self.way: list[str] = []
        self.left: dict[str, int] = {}

    def reserved(self, key: str) -> Decimal:
        ended = {m.of for m in self.moved.values() if m.kind in ("release", "issue")}
        held = [m for m in self.moved.values() if m.kind == "reserve" and m.key not in ended]
        return sum((line.quantity for m in held for line in m.lines if line.key == key), Decimal(0))

    async def describe(self, context: Context) -> Capabilities:
        return Capabilities(system="WMS 1", movements=("reserve", "release", "issue", "receive"))

    async def snapshot(self, context: Context) -> AsyncIterator[Any]:
        for key, quantity, expiry in (
            ("past", 500, "2020-01-31"),
            ("old", 60, "2028-06-30"),
            ("new", 80, "2029-01-31"),
        ):
            held = StockLine(
                item_code=TENT, item_name="Tent", quantity=Decimal(self.left.get(key, quantity)), unit="pcs",
                location="Zagreb", lot=key, expiry=expiry, reserved=self.reserved(key),
            )  # fmt: skip
            yield SourceLine(key=key, line=held)
        yield SnapshotEnd(as_of=context.now(), count=3)

    async def reserve(self, context: Context, movement: Movement) -> Moved:
        return self.move(movement)

    async def release(self, context: Context, movement: Movement) -> Moved:
        return self.move(movement)

    async def issue(self, context: Context, movement: Movement) -> Moved:
        return self.move(movement)

    async def receive(self, context: Context, movement: Movement) -> Moved:
        return self.move(movement)

    async def lookup(self, context: Context, key: str) -> Moved | None:
        self.calls.append(f"lookup {key}")
        return Moved(key=key, reference=f"M-{key}") if key in self.moved else None

    def move(self, movement: Movement) -> Moved:
        self.calls.append(f"{movement.kind} {movement.key}")
        assert movement.key not in self.moved, "a movement was made twice"
        way = self.way.pop(0) if self.way else ""
        if way == "down":
            raise Unavailable("no line")
        if way == "no" or movement.key in self.declined:  # a key once declined stays so, as with a cancelled shipment
            self.declined.add(movement.key)
            raise Declined("the tents were given away this morning")
        if way == "lost before":
            raise OutcomeUnknown("no answer")
        self.moved[movement.key] = movement
        if way == "lost after":
            raise OutcomeUnknown("no answer")
        return Moved(key=movement.key, reference=f"M-{movement.key}")


class Shop:
    """Croatia with a system that is written to, and operations with Bulgaria."""

    def __init__(self, desks: dict[str, Desk], system: System) -> None:
        self.desks, self.office, self.system = desks, desks[HR].office, system
        alone = Thresholds(percent=Decimal(100))  # one person suffices here
        self.office.settings = self.office.settings._replace(second_person=alone)

    async def bound(self, quantity: int = 50) -> Case:
        case = await asked(self.desks, str(quantity))
        hold = self.office.node.clock.now() + 3600
        await case.step(HR, "offer", lines=lines(quantity), hold_until=hold, terms=["donation", "loan"])
        await case.until(BG, "offered")
        await case.step(BG, "accept", terms="loan", place="Vidin", due="2027-06-30")
        await case.until(BG, "confirmed")
        return case

    async def dispatch(self, case: Case, quantity: int, consignment: str = "c1") -> None:
        await case.step(HR, "stage", consignment=consignment, countries=INSIDE)
        free = "every road lies in the Union"
        await case.step(HR, "dispatch", consignment=consignment, lines=lines(quantity), free=free)

    async def states(self) -> list[tuple[str, str]]:
        return [(one.kind, one.state) for one in await list_movements(self.office, OPERATOR)]

    def later(self, seconds: int) -> None:
        for clock in self.desks[HR].net.clocks.values():
            clock.offset += seconds


@pytest.fixture
async def shop(desks: dict[str, Desk], tmp_path: Path) -> Shop:
    office, system, registry = desks[HR].office, System(), Registry()
    office.home = tmp_path / "hr"
    (office.home / "plugins").mkdir(parents=True)
    written = 'write = ["reserve", "release", "issue", "receive"]'
    (office.home / "plugins" / "wms.toml").write_text(f"[host]\n{written}\n")
    registry.inventory_source(system)
    registry.inventory_writer(system)
    office.host.adopt("wms", registry)
    office.host.attach(office.ways, office.home)
    await sync(office, OPERATOR, SyncRequest(source="wms"))
    await decide(office, OPERATOR, DecideRequest(same_code=True))
    assert await look(office) == 0  # from here on it is written to
    return Shop(desks, system)


async def test_what_expires_first_is_reserved_and_the_dispatch_issues_that_reservation(shop: Shop) -> None:
    case = await shop.bound(70)
    assert await look(shop.office) == 1
    (reserve,) = shop.system.moved.values()
    assert [(line.key, line.quantity) for line in reserve.lines] == [("old", 60), ("new", 10)]
    assert len(reserve.key) <= 40 and case.case in reserve.note
    await shop.dispatch(case, 70)
    await look(shop.office)
    assert await shop.states() == [("reserve", "done"), ("issue", "done")]
    issue = shop.system.moved[list(shop.system.moved)[1]]
    assert issue.of == reserve.key and issue.lines == reserve.lines
    assert await look(shop.office) == 0


async def test_own_reservations_are_not_taken_from_the_stock_twice(shop: Shop) -> None:
    await shop.bound(70)
    await look(shop.office)
    await sync(shop.office, OPERATOR, SyncRequest(source="wms"))
    held = {v.line.key: v.line for v in await _lines(shop)}
    assert (held["old"].reserved, held["new"].reserved) == (0, 0)
    shop.system.moved["other"] = Movement(
        key="other", kind="reserve", lines=(next(iter(shop.system.moved.values())).lines[1],)
    )
    await sync(shop.office, OPERATOR, SyncRequest(source="wms"))
    assert {v.line.key: v.line.reserved for v in await _lines(shop)} == {"past": 0, "old": 0, "new": 10}


async def test_a_cancelled_operation_releases_and_a_part_that_leaves_is_issued_alone(shop: Shop) -> None:
    case = await shop.bound(50)
    await look(shop.office)
    await shop.dispatch(case, 20)
    await look(shop.office)
    assert await shop.states() == [("reserve", "done"), ("release", "done"), ("issue", "done"), ("reserve", "done")]
    assert shop.system.reserved("old") == 30
    other = await shop.bound(10)
    await look(shop.office)
    await other.step(HR, "cancel-own", reason="flood-here")
    await look(shop.office)
    ended = [(m.kind, m.state) for m in await list_movements(shop.office, OPERATOR) if m.case == other.case]
    assert ended == [("reserve", "done"), ("release", "done")]


async def test_goods_that_return_come_back_to_the_lines_from_which_they_left(shop: Shop) -> None:
    case = await shop.bound(50)
    await shop.dispatch(case, 50)
    await case.until(BG, "dispatched")
    await case.step(BG, "received", counts=[{"item": TENT, "unit": "H87", "good": [50, 0]}])
    await case.until(HR, "received")
    await case.step(BG, "on-loan", lines=lines(50), due="2027-06-30")
    await case.step(BG, "returned", lines=lines(50), consignment="back")
    await case.until(HR, "return-dispatched")
    back = [{"item": TENT, "unit": "H87", "good": [47, 0], "damaged": [3, 0]}]
    await case.step(HR, "return-received", counts=back)
    await look(shop.office)
    assert (await shop.states())[-1] == ("receive", "done")
    received = list(shop.system.moved.values())[-1]
    assert [(line.key, line.quantity) for line in received.lines] == [("old", 47)]


@pytest.mark.parametrize("way", ["lost before", "lost after", "down"])
async def test_an_answer_that_does_not_come_is_looked_up_and_nothing_is_made_twice(shop: Shop, way: str) -> None:
    await shop.bound(50)
    shop.system.way = [way, way]
    await look(shop.office)
    assert shop.system.calls[0].startswith("reserve")
    for _ in range(4):
        shop.later(3600)
        await look(shop.office)
    assert await shop.states() == [("reserve", "done")] and len(shop.system.moved) == 1
    assert shop.system.calls[1].startswith("lookup")
    assert await movement_findings(shop.office) == []


async def test_what_the_system_declines_waits_for_a_person_and_the_operation_goes_on(shop: Shop) -> None:
    case = await shop.bound(50)
    shop.system.way = ["no"]
    await look(shop.office)
    (finding,) = await movement_findings(shop.office)
    assert finding.state == "error" and "given away" in finding.found and "xstock stock retry" in finding.do
    (one,) = await list_movements(shop.office, OPERATOR)
    status, again, _ = await shop.desks[HR].ask("POST", "/stock/movements/retry", json={"id": one.id})
    assert status == 200 and again["state"] == "waiting"
    await look(shop.office)
    assert await shop.states() == [("reserve", "done")]
    assert [*shop.system.moved] == [f"{one.id}-1"], "under a key that was not declined"
    await shop.dispatch(case, 50)
    await look(shop.office)
    assert (await shop.states())[-1] == ("issue", "done")
    assert [m.of for m in shop.system.moved.values()] == ["", f"{one.id}-1"]


async def test_what_somebody_made_since_it_was_declined_is_found_and_not_made_again(shop: Shop) -> None:
    await shop.bound(50)
    shop.system.way = ["no"]
    await look(shop.office)
    (one,) = await list_movements(shop.office, OPERATOR)
    shop.system.moved[one.id] = Movement(key=one.id, kind="reserve", lines=tuple(t.line for t in one.lines))
    again = await retry(shop.office, OPERATOR, MovementId(id=one.id))
    assert (again.state, again.reference) == ("done", f"M-{one.id}")
    await look(shop.office)
    assert [*shop.system.moved] == [one.id]


async def test_what_leaves_while_the_stock_is_read_is_not_there_twice(shop: Shop) -> None:
    """The reading began before the issue and ended after it: it still shows what has left."""
    case = await shop.bound(50)
    shop.system.way = ["no"]
    await look(shop.office)
    began = shop.office.node.clock.now()
    await shop.dispatch(case, 50)
    await look(shop.office)
    assert await shop.states() == [("reserve", "declined"), ("issue", "done")]
    (issue,) = [m for m in await list_movements(shop.office, OPERATOR) if m.kind == "issue"]

    def read_meanwhile(tx: Transaction) -> dict[str, Decimal]:
        ASKED.put(tx, "wms", Asked(at=began), began)
        return spoken_for(tx, "wms")

    assert issue.ended_at >= began
    found = await shop.office.node.engine.write(read_meanwhile, durable=True)
    assert sum(found.values()) == 50
    shop.later(60)
    await sync(shop.office, OPERATOR, SyncRequest(source="wms", accept_changes=True))
    assert await shop.office.node.engine.read(lambda tx: spoken_for(tx, "wms")) == {}


async def test_a_reservation_holds_until_its_release_is_made(shop: Shop) -> None:
    case = await shop.bound(50)
    await look(shop.office)
    shop.system.way = ["down"]
    await case.step(HR, "cancel-own", reason="flood-here")
    await look(shop.office)
    assert await shop.states() == [("reserve", "done"), ("release", "waiting")]
    assert sum((await shop.office.node.engine.read(lambda tx: spoken_for(tx, "wms"))).values()) == 50
    shop.later(3600)
    await look(shop.office)
    assert await shop.states() == [("reserve", "done"), ("release", "done")]
    assert await shop.office.node.engine.read(lambda tx: spoken_for(tx, "wms")) == {}


async def test_a_dispatch_without_a_reservation_issues_what_leaves(shop: Shop) -> None:
    case = await shop.bound(50)
    shop.system.way = ["no"]
    await look(shop.office)
    await shop.dispatch(case, 50)
    await look(shop.office)
    assert await shop.states() == [("reserve", "declined"), ("issue", "done")]
    assert next(iter(shop.system.moved.values())).of == ""


async def test_a_movement_that_the_stock_cannot_cover_says_what_is_missing(shop: Shop) -> None:
    await shop.bound(50)

    def shrink(tx: Transaction) -> None:
        (source,) = tx.stock.sources()
        held = [(ref, msgspec.structs.replace(line, quantity=Decimal(10))) for _, ref, line in tx.stock.lines()]
        tx.stock.replace(source, held)

    await shop.office.node.engine.write(shrink, durable=True)
    await look(shop.office)
    (one,) = await list_movements(shop.office, OPERATOR)
    assert one.state == "declined" and "30 are missing" in one.error and shop.system.calls == []
    await sync(shop.office, OPERATOR, SyncRequest(source="wms", accept_changes=True))
    await shop.desks[HR].ask("POST", "/stock/movements/retry", json={"id": one.id})
    await look(shop.office)
    (one,) = await list_movements(shop.office, OPERATOR)
    assert one.state == "done" and sum(taken.line.quantity for taken in one.lines) == 50


async def test_stock_that_falls_below_a_promise_is_shown_as_at_risk_and_nothing_is_cancelled(shop: Shop) -> None:
    case = await shop.bound(130)
    await look(shop.office)
    shop.system.left = {"old": 60, "new": 20}
    result = await sync(shop.office, OPERATOR, SyncRequest(source="wms", accept_changes=True))
    assert result.changed >= 1
    _, queue, _ = await shop.desks[HR].ask("GET", "/duty/queue")
    assert [one["kind"] for one in queue if one["kind"] == "at-risk"] == ["at-risk"], queue
    assert (await case.until(BG, "confirmed"))["state"] == "confirmed"
    assert await shop.states() == [("reserve", "done")]


async def test_two_operations_never_take_the_same_goods(shop: Shop) -> None:
    await shop.bound(60)
    await look(shop.office)
    await sync(shop.office, OPERATOR, SyncRequest(source="wms"))
    await shop.bound(20)
    await look(shop.office)
    first, second = shop.system.moved.values()
    assert [(line.key, line.quantity) for line in first.lines] == [("old", 60)]
    assert [(line.key, line.quantity) for line in second.lines] == [("new", 20)]


async def test_what_is_reserved_anew_after_a_part_left_is_not_what_left(shop: Shop) -> None:
    case = await shop.bound(70)
    await look(shop.office)
    await shop.dispatch(case, 60)
    await look(shop.office)
    issue, again = [m for m in shop.system.moved.values() if m.kind == "issue" or m.key][-2:]
    assert [(line.key, line.quantity) for line in issue.lines] == [("old", 60)]
    assert again.kind == "reserve" and [(line.key, line.quantity) for line in again.lines] == [("new", 10)]


async def test_parts_that_return_go_to_the_lots_that_are_still_out_and_never_twice(shop: Shop) -> None:
    case = await shop.bound(70)
    await shop.dispatch(case, 70)
    await case.until(BG, "dispatched")
    await case.step(BG, "received", counts=[{"item": TENT, "unit": "H87", "good": [70, 0]}])
    await case.until(HR, "received")
    await case.step(BG, "on-loan", lines=lines(70), due="2027-06-30")
    for number, part in enumerate((60, 10)):
        await case.step(BG, "returned", lines=lines(part), consignment=f"back-{number}")
        await case.until(HR, "return-dispatched", "returned")
        back = [{"item": TENT, "unit": "H87", "good": [part, 0]}]
        await case.step(HR, "return-received", counts=back, consignment=f"back-{number}")
        await look(shop.office)
    received = [m for m in shop.system.moved.values() if m.kind == "receive"]
    assert [[(line.key, line.quantity) for line in m.lines] for m in received] == [[("old", 60)], [("new", 10)]]


async def test_what_was_never_issued_in_the_system_is_not_received_into_it(shop: Shop) -> None:
    case = await shop.bound(50)
    shop.system.way = ["no", "no"]
    await shop.dispatch(case, 50)
    await look(shop.office)
    await case.until(BG, "dispatched")
    await case.step(BG, "received", counts=[{"item": TENT, "unit": "H87", "good": [50, 0]}])
    await case.until(HR, "received")
    await case.step(BG, "on-loan", lines=lines(50), due="2027-06-30")
    await case.step(BG, "returned", lines=lines(50), consignment="back")
    await case.until(HR, "return-dispatched")
    await case.step(HR, "return-received", counts=[{"item": TENT, "unit": "H87", "good": [50, 0]}])
    await look(shop.office)
    assert await shop.states() == [("reserve", "declined"), ("issue", "declined"), ("receive", "declined")]
    assert shop.system.moved == {}


async def test_a_reservation_that_was_declined_needs_no_release(shop: Shop) -> None:
    case = await shop.bound(50)
    shop.system.way = ["no"]
    await case.step(HR, "cancel-own", reason="flood-here")
    await look(shop.office)
    assert await shop.states() == [("reserve", "declined"), ("release", "not needed")]


async def test_who_opts_out_and_in_again_replays_nothing_of_the_time_between(shop: Shop) -> None:
    path = shop.office.home / "plugins" / "wms.toml"
    written = path.read_text()
    path.write_text("[host]\nwrite = []\n")
    await look(shop.office)
    case = await shop.bound(50)
    await shop.dispatch(case, 50)
    shop.later(5)
    path.write_text(written)
    await look(shop.office)
    assert shop.system.calls == [] and await shop.states() == []


@pytest.mark.parametrize(
    ("quantity", "factor", "units"), [("10", "3", "4"), ("12", "3", "4"), ("1", "8", "0.125"), ("70", "1", "70")]
)
def test_packs_are_taken_whole_where_they_cannot_be_parted_exactly(quantity: str, factor: str, units: str) -> None:
    assert str(whole(Decimal(quantity), Decimal(factor))) == units


async def test_steps_from_before_a_system_was_written_to_are_left_alone(desks: dict[str, Desk], tmp_path: Path) -> None:
    office, system, registry = desks[HR].office, System(), Registry()
    office.home = tmp_path / "hr"
    (office.home / "plugins").mkdir(parents=True)
    registry.inventory_source(system)
    registry.inventory_writer(system)
    office.host.adopt("wms", registry)
    office.host.attach(office.ways, office.home)
    earlier = Shop(desks, system)
    case = await earlier.bound(50)
    earlier.later(5)
    (office.home / "plugins" / "wms.toml").write_text('[host]\nwrite = ["reserve", "issue"]\n')
    await look(office)
    await earlier.dispatch(case, 50)
    await look(office)
    assert system.calls == [] and await office.node.engine.read(MOVEMENTS.list) == []


async def test_a_kind_that_the_operator_did_not_opt_into_is_not_written(shop: Shop) -> None:
    (shop.office.home / "plugins" / "wms.toml").write_text('[host]\nwrite = ["issue"]\n')
    case = await shop.bound(50)
    await look(shop.office)
    assert await shop.states() == [("reserve", "not needed")] and shop.system.calls == []
    await shop.dispatch(case, 50)
    await look(shop.office)
    assert (await shop.states())[-1] == ("issue", "done")


async def _lines(shop: Shop) -> Any:
    from xstock_node.services.stock_lines import list_lines

    return await list_lines(shop.office, OPERATOR)
