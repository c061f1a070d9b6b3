"""Rules of own logs and of who may offer, one at a time: clocks, two nodes with one key."""

from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from unittest import mock

import pytest

from xstock_node.protocol import heads, limits
from xstock_node.protocol.membership import Standing
from xstock_node.protocol.names import LogName
from xstock_node.protocol.records import encode
from xstock_node.services.errors import Refusal
from xstock_node.services.office import Office
from xstock_node.services.ownlog import OwnLog
from xstock_node.services.searching import may_offer
from xstock_node.storage.sqlite import SqliteEngine
from xstock_node.storage.values import StoredOffer
from xstock_node.testing import make_offer
from xstock_node.testing.nodes import make_signer

A = "redcross.bg"
NOW = 1_790_000_000


class Clocks:
    """A wall clock that people set, and one that nobody sets."""

    wall, steady = NOW, 1000.0

    def pass_by(self, seconds: int, jump: int = 0) -> None:
        self.wall += seconds + jump
        self.steady += seconds


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[SqliteEngine]:
    found = SqliteEngine(tmp_path / "node.db", threads=False)
    yield found
    await found.close()


def own_log(engine: SqliteEngine, clocks: Clocks) -> OwnLog:
    return OwnLog(engine, LogName(A, "see.pub"), make_signer(A), lambda: clocks.wall, lambda: clocks.steady)


@pytest.mark.parametrize(("jump", "opens"), [(60, False), (61, True), (-60, False), (-61, True)])
async def test_a_jump_of_the_wall_clock_opens_a_new_epoch(engine: SqliteEngine, jump: int, opens: bool) -> None:
    """xs1 7.7."""
    clocks = Clocks()
    log = own_log(engine, clocks)
    first = await log.open()
    clocks.pass_by(100, jump)
    after = await log.heartbeat()
    assert (after.log.epoch > first.log.epoch) == opens
    assert after.time >= first.time, "time never goes back, whatever the clock does"


async def test_a_jump_is_not_forgotten_when_what_was_to_be_appended_fails(engine: SqliteEngine) -> None:
    """xs1 7.7."""
    clocks = Clocks()
    log = own_log(engine, clocks)
    first = await log.open()
    clocks.pass_by(100, -3600)
    with pytest.raises(Refusal):
        await log.append(lambda tx: [encode(make_offer(1, NOW + 7200))])
    after = await log.append(lambda tx: [encode(make_offer(1, NOW))])
    assert after.log.epoch > first.log.epoch
    assert (await log.heartbeat()).log.epoch == after.log.epoch, "one jump opens one epoch"


@pytest.mark.parametrize(("ahead", "refused"), [(limits.AHEAD, False), (limits.AHEAD + 1, True)])
async def test_a_record_made_before_the_clock_was_put_back_is_refused_and_not_stored(
    engine: SqliteEngine, ahead: int, refused: bool
) -> None:
    """xs1 4.9: readers would leave it out, and an audience record that nobody reads hides a log from everybody."""
    log = own_log(engine, Clocks())
    await log.open()
    line = encode(make_offer(1, NOW + ahead))
    if refused:
        with pytest.raises(Refusal) as found:
            await log.append(lambda tx: [line])
        assert found.value.code == "late-record" and found.value.do
    else:
        await log.append(lambda tx: [line])
    state = await engine.read(lambda tx: tx.logs.state(log.log))
    assert state is not None and state.frontier.size == (0 if refused else 1) == log.head.size  # type: ignore[union-attr]


@pytest.mark.parametrize(("late", "halts"), [(limits.EPOCH_OVERLAP, False), (limits.EPOCH_OVERLAP + 1, True)])
async def test_an_older_epoch_that_is_signed_on_shows_two_nodes_with_one_key(
    engine: SqliteEngine, late: int, halts: bool
) -> None:
    """xs1 7.5, 7.6: here the origin itself sees it."""
    log = own_log(engine, Clocks())
    mine = await log.open()
    log.see(mine._replace(log=mine.log._replace(epoch=mine.log.epoch - 5), time=mine.log.epoch + late))
    assert bool(log.halted) == halts


async def test_a_peer_that_tells_of_a_head_before_its_append_returned_shows_no_second_node(
    engine: SqliteEngine,
) -> None:
    """xs1 7.5: the head is stored and shown; who reads it is quicker than the task that signed it."""
    log = own_log(engine, Clocks())
    await log.open()
    write = engine.write

    async def told_between(work: Any, durable: bool) -> Any:
        signed = await write(work, durable)
        state = await engine.read(lambda tx: tx.logs.state(log.log))
        assert state is not None and log.head is not None and state.head_size == log.head.size + 1
        log.see(heads.parse(state.head)[0])
        return signed

    with mock.patch.object(engine, "write", told_between):
        await log.append(lambda tx: [encode(make_offer(1, NOW))])
    assert not log.halted
    assert log.head is not None
    log.see(log.head._replace(size=log.head.size + 1))
    assert log.halted, "a longer history that nobody here signed"


async def test_each_epoch_goes_on_from_the_last_own_head(engine: SqliteEngine) -> None:
    """xs1 7.1, 7.2: a start within the same second takes the next number."""
    clocks = Clocks()
    log = own_log(engine, clocks)
    await log.open()
    last = await log.append(lambda tx: [b'{"t":"far","n":1}'])
    again = await own_log(engine, clocks).open()
    assert again.log.epoch == last.log.epoch + 1
    assert again.base == (last.log.epoch, last.size, last.root)


@pytest.mark.parametrize(("tier", "shown"), [("observer", False), ("town", True), ("member", True), ("governor", True)])
def test_an_observer_s_offers_are_not_shown(tier: str, shown: bool) -> None:
    """xs1 14.10."""
    standing = Standing(A, tier, "live", "", 0)  # type: ignore[arg-type]
    membership = SimpleNamespace(standing=lambda name: standing)
    office = SimpleNamespace(node=SimpleNamespace(networks={"see": SimpleNamespace(membership=membership)}))
    stored = SimpleNamespace(log=LogName(A, "see.pub"))
    assert may_offer(cast(Office, office), cast(StoredOffer, stored).log) == shown
