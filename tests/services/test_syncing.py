"""Stock read from a system: staged, judged, swapped whole; and how old it may grow."""

from collections.abc import AsyncIterator, Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from xstock_node.domain.ageing import DAY
from xstock_node.domain.stock import StockLine
from xstock_node.plugins import (
    Capabilities,
    Context,
    CursorExpired,
    Gone,
    MovementLine,
    Registry,
    RejectedLine,
    SnapshotEnd,
    SourceLine,
    Unauthorised,
    Unavailable,
)
from xstock_node.plugins.host import PluginHost
from xstock_node.services.errors import Refusal
from xstock_node.services.mapping_desk import DecideRequest, decide
from xstock_node.services.offer_views import PublishRequest
from xstock_node.services.office import OPERATOR, Office, OfficeSettings
from xstock_node.services.publishing import publish
from xstock_node.services.source_checks import source_findings
from xstock_node.services.sources import SOURCES, list_sources
from xstock_node.services.stock_lines import list_lines
from xstock_node.services.syncing import Syncing, SyncRequest, sync
from xstock_node.services.written import MOVEMENTS, Taken, Written
from xstock_node.storage.interfaces import Transaction
from xstock_node.storage.values import Source
from xstock_node.testing.simnet import SimNet

TENT = "HSHETENTF16C"


class Settings(msgspec.Struct):
    """Nothing to set."""


class System:
    """A system that a test fills: `said` comes in a snapshot, `news` in changes."""

    name, title, settings = "wms", "A system", Settings

    def __init__(self) -> None:
        self.said: list[Any] = []
        self.news: list[Any] | None = None
        self.error: Exception | None = None
        self.complete = True
        self.back = 0
        self.asked: list[str] = []

    def stock(self, count: int, quantity: int = 10) -> None:
        self.said = [line(n, quantity) for n in range(count)]

    async def describe(self, context: Context) -> Capabilities:
        self.asked.append("describe")
        if self.error is not None:
            raise self.error
        return Capabilities(system="WMS 1", changes=self.news is not None)

    async def snapshot(self, context: Context) -> AsyncIterator[Any]:
        self.asked.append("snapshot")
        for one in self.said:
            yield one
        count = sum(not isinstance(one, RejectedLine) for one in self.said)
        yield SnapshotEnd(as_of=context.now() - self.back, count=count, complete=self.complete, cursor="c1")

    async def changes(self, context: Context, cursor: str) -> AsyncIterator[Any]:
        self.asked.append(f"changes {cursor}")
        if cursor != "c1":
            raise CursorExpired("too old")
        for one in self.news or ():
            yield one
        yield SnapshotEnd(as_of=context.now(), count=len(self.news or ()), cursor="c2")


def line(number: int, quantity: int, code: str = "", reserved: int | None = None) -> SourceLine:
    held = StockLine(
        item_code=code or f"A{number}",
        item_name=f"Thing {number}",
        quantity=Decimal(quantity),
        unit="pcs",
        location="North",
        lot=None,
        expiry=None,
        reserved=None if reserved is None else Decimal(reserved),
    )
    return SourceLine(key=str(number), line=held)


class Kit:
    """An office with one system."""

    def __init__(self, net: SimNet, office: Office, system: System) -> None:
        self.net, self.office, self.system = net, office, system

    async def sync(self, accept: bool = False) -> Any:
        return await sync(self.office, OPERATOR, SyncRequest(source="wms", accept_changes=accept))

    async def held(self) -> dict[str, Decimal]:
        return {v.line.key or "": v.line.quantity for v in await list_lines(self.office, OPERATOR)}

    async def source(self) -> Any:
        (found,) = [s for s in await list_sources(self.office, OPERATOR) if s.name == "wms"]
        return found

    def later(self, seconds: int) -> None:
        for clock in self.net.clocks.values():
            clock.offset += seconds


@pytest.fixture
async def kit(tmp_path: Path) -> AsyncIterator[Kit]:
    net, system, registry, host = SimNet(tmp_path, latency=0.001), System(), Registry(), PluginHost([])
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins" / "wms.toml").write_text("")
    registry.inventory_source(system)
    host.adopt("wms", registry)
    node = await net.start("redcross.bg", [])
    yield Kit(net, Office(node, OfficeSettings(country="BG"), host, tmp_path), system)
    await net.stop_all()


async def test_a_snapshot_replaces_the_one_before_as_a_whole(kit: Kit) -> None:
    kit.system.stock(20)
    result = await kit.sync()
    assert (result.state, result.stored, result.added, result.system) == ("taken", 20, 20, "WMS 1")
    kit.system.said = [line(0, 7), *kit.system.said[1:19], line(99, 3)]
    result = await kit.sync()
    assert (result.added, result.changed, result.removed) == (1, 1, 1)
    assert (await kit.held())["0"] == 7 and "19" not in await kit.held()


def broken(system: System) -> dict[str, Callable[[], None]]:
    def say(*values: Any) -> Callable[[], None]:
        return lambda: setattr(system, "said", [*system.said, *values])

    return {
        "a line twice": say(line(0, 1)),
        "a line without a key": say(msgspec.structs.replace(line(1, 1), key="")),
        "an end before the end": say(SnapshotEnd(as_of=1, count=20)),
        "a word": say("tents"),
        "the key is wrong": lambda: setattr(system, "error", Unauthorised("401")),
        "the system is down": lambda: setattr(system, "error", Unavailable("no line")),
        "a defect": lambda: setattr(system, "error", KeyError("x")),
    }


@pytest.mark.parametrize("what", broken(System()))
async def test_whatever_goes_wrong_the_last_snapshot_stays_and_the_source_says_why(kit: Kit, what: str) -> None:
    kit.system.stock(20)
    await kit.sync()
    broken(kit.system)[what]()
    with pytest.raises(Refusal) as refused:
        await kit.sync()
    assert refused.value.code == "not-read"
    assert len(await kit.held()) == 20
    source = await kit.source()
    assert source.state == "failing" and source.why and source.do and source.lines == 20
    assert [f.check for f in await source_findings(kit.office)] == ["source wms"]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda s: s.stock(13), "7 of 20 lines of wms gone"),
        (lambda s: s.stock(20, 16), "a total of 320"),
        (lambda s: s.stock(0), "gone"),
        (lambda s: s.said.extend(RejectedLine(line=n, reason="bad_quantity") for n in range(2)), "more than 5 %"),
        (lambda s: setattr(s, "complete", False), "more than it could tell"),
    ],
    ids=["lines gone", "figures moved", "empty", "many rejected", "incomplete"],
)
async def test_a_large_change_is_held_until_a_person_takes_it(kit: Kit, change: Any, why: str) -> None:
    kit.system.stock(20)
    await kit.sync()
    change(kit.system)
    result = await kit.sync()
    assert result.state == "held" and why in result.why and result.stored == 0
    assert set((await kit.held()).values()) == {Decimal(10)} and len(await kit.held()) == 20
    source = await kit.source()
    assert source.state == "held" and "--accept-changes" in source.do
    assert (await kit.sync(accept=True)).state == "taken"
    assert (await kit.source()).state == "ok"


async def test_a_few_rejected_lines_are_told_and_do_not_hold_the_rest(kit: Kit) -> None:
    kit.system.stock(40)
    kit.system.said.append(RejectedLine(line=41, reason="bad_quantity", text="many"))
    result = await kit.sync()
    assert (result.state, result.stored, result.rejections, result.rejected[0].text) == ("taken", 40, 1, "many")


async def test_changes_go_on_from_the_cursor_and_an_old_cursor_takes_all_anew(kit: Kit) -> None:
    kit.system.stock(20)
    kit.system.news = [line(0, 4), Gone(key="1"), line(50, 2)]
    await kit.sync()
    result = await kit.sync()
    assert kit.system.asked[-1] == "changes c1"
    assert (result.added, result.changed, result.removed) == (1, 1, 1)
    await kit.sync()
    assert kit.system.asked[-2:] == ["changes c2", "snapshot"]
    assert len(await kit.held()) == 20


async def test_it_is_read_when_it_is_due_and_not_before(kit: Kit) -> None:
    kit.system.stock(20)
    looks = Syncing(kit.office)
    assert await looks.look() == ["wms"] and await looks.look() == []
    kit.later(3601)
    assert await looks.look() == ["wms"]
    kit.system.error = Unavailable("down", 600)
    kit.later(3601)
    await looks.look()
    kit.later(300)
    assert await looks.look() == []
    kit.later(301)
    assert await looks.look() == ["wms"]


async def test_a_refused_key_is_tried_once_until_the_settings_change(kit: Kit) -> None:
    kit.system.error = Unauthorised("401")
    for _ in range(3):
        with pytest.raises(Refusal):
            await kit.sync()
        kit.later(7200)
    assert kit.system.asked == ["describe"]
    (kit.office.home / "plugins" / "wms.toml").write_text("# mended\n")
    kit.system.error = None
    kit.system.stock(3)
    assert (await kit.sync()).state == "taken"


async def test_old_stock_is_shown_as_such_and_nothing_new_is_offered_from_it(kit: Kit) -> None:
    kit.system.said = [line(1, 50, TENT)]
    await kit.sync()
    await decide(kit.office, OPERATOR, DecideRequest(same_code=True))
    assert (await kit.source()).age == "fresh"
    assert len((await publish(kit.office, OPERATOR, PublishRequest(release=True))).published) == 1
    kit.later(DAY + 1)
    assert (await kit.source()).age == "unverified"
    kit.later(7 * DAY)
    source = await kit.source()
    assert source.age == "old" and "nothing new" in source.why
    again = await publish(kit.office, OPERATOR, PublishRequest(release=True))
    assert (again.published, again.withdrawn, again.unchanged) == ([], [], 1)  # what stands says the same, and stays
    await least(kit, 20)
    lower = await publish(kit.office, OPERATOR, PublishRequest(release=True))
    assert [o.quantity for o in lower.published] == ["30"]  # less than before is said at any age
    await least(kit, 0)
    more = await publish(kit.office, OPERATOR, PublishRequest(release=True))
    assert (more.published, more.withdrawn) == ([], []) and "not read for too long" in more.aged[0].why
    await kit.sync()
    assert [o.quantity for o in (await publish(kit.office, OPERATOR, PublishRequest(release=True))).published] == ["50"]


async def least(kit: Kit, quantity: int) -> None:
    """Set the minimum level of the store."""
    levels = {("North", TENT): Decimal(quantity)}
    await kit.office.node.engine.write(lambda tx: tx.stock.replace_minimums(levels), durable=True)


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        ({"quantity": Decimal("NaN")}, "bad_quantity"),
        ({"quantity": Decimal("Infinity")}, "bad_quantity"),
        ({"quantity": Decimal("1E+999999")}, "bad_quantity"),
        ({"reserved": Decimal("-Infinity")}, "bad_quantity"),
        ({"expiry": "sometime"}, "bad_date"),
        ({"expiry": "20300101"}, "bad_date"),
        ({"item_name": "x" * 501}, "too_long"),
    ],
)
async def test_a_line_that_cannot_be_reckoned_with_is_rejected_and_poisons_nothing(
    kit: Kit, changed: dict[str, Any], word: str
) -> None:
    kit.system.stock(40)
    bad = kit.system.said[7]
    kit.system.said[7] = msgspec.structs.replace(bad, line=msgspec.structs.replace(bad.line, **changed))
    result = await kit.sync()
    assert (result.state, result.stored, result.rejected[0].reason) == ("taken", 39, word)
    await publish(kit.office, OPERATOR, PublishRequest(release=True))


async def test_a_system_that_answers_with_old_figures_is_old(kit: Kit) -> None:
    kit.system.stock(3)
    kit.system.back = 60 * DAY
    await kit.sync()
    assert (await kit.source()).age == "old"


async def test_a_list_of_the_same_name_is_not_written_over(kit: Kit) -> None:
    source = Source("wms", "file", "", kit.office.node.clock.now(), 1, 0)
    held = [("abc", line(1, 5).line)]
    await kit.office.node.engine.write(lambda tx: tx.stock.replace(source, held), durable=True)
    kit.system.stock(3)
    with pytest.raises(Refusal) as refused:
        await kit.sync()
    assert refused.value.code == "source-taken" and len(await kit.held()) == 1


async def test_changes_take_own_reservations_off_once(kit: Kit) -> None:
    kit.system.stock(20)
    kit.system.news = []
    kit.system.said[0] = line(0, 10, reserved=6)
    await kit.sync()
    await reserve(kit, "0", 4)
    kit.later(5)
    kit.system.news = [line(0, 10, reserved=10)]
    await kit.sync()
    for _ in range(2):
        kit.system.news = []
        await kit.office.node.engine.write(lambda tx: _cursor(tx, "c1"), durable=True)
        await kit.sync()
    (found,) = [v.line.reserved for v in await list_lines(kit.office, OPERATOR) if v.line.key == "0"]
    assert found == 6


def _cursor(tx: Transaction, cursor: str) -> None:
    state = SOURCES.get(tx, "wms")
    assert state is not None
    SOURCES.put(tx, "wms", msgspec.structs.replace(state, cursor=cursor), 1)


async def reserve(kit: Kit, key: str, quantity: int) -> None:
    """A reservation that was made in the system."""
    now = kit.office.node.clock.now()
    taken = Taken(line=MovementLine(key=key, quantity=Decimal(quantity)), code=TENT, unit="H87", factor=Decimal(1))
    made = Written(
        id="xs-1", case="c", kind="reserve", order=0, began=now, at=now, source="wms", lines=(taken,),
        state="done", ended_at=now,
    )  # fmt: skip
    await kit.office.node.engine.write(lambda tx: MOVEMENTS.put(tx, made.id, made, now), durable=True)


async def test_what_a_person_looked_at_is_taken_and_nothing_else(kit: Kit) -> None:
    kit.system.stock(20)
    await kit.sync()
    kit.system.stock(2)
    held = await kit.sync()
    seen = (await kit.source()).mark
    assert held.state == "held" and len(seen) == 32
    kit.system.stock(1)
    other = await sync(kit.office, OPERATOR, SyncRequest(source="wms", accept_changes=True, seen=seen))
    assert other.state == "held" and "something else by now" in other.why and len(await kit.held()) == 20
    again = (await kit.source()).mark
    assert again != seen
    taken = await sync(kit.office, OPERATOR, SyncRequest(source="wms", accept_changes=True, seen=again))
    assert taken.state == "taken" and len(await kit.held()) == 1 and (await kit.source()).mark == ""
