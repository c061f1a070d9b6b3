"""Short versions of the drills of the disk, each beside a storage or a disk that must fail them."""

import asyncio
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.faults import full_disk, io_errors, writer_kills
from tests.faults.power.cutting import build_recorder, cut_many, fail_syncs
from tests.faults.power.disk import Disk, Entry
from tests.processes import NodeProcess, free_port
from tests.story.two_nodes import run, stocked
from xstock_node.storage.reserve import Reserve

needs_compiler = pytest.mark.skipif(
    shutil.which("gcc") is None and os.environ.get("CI") != "true", reason="needs a C compiler"
)


@needs_compiler
async def test_power_cuts_lose_nothing_acknowledged_where_a_lesser_storage_and_a_lying_disk_do(tmp_path: Path) -> None:
    library = build_recorder(tmp_path)
    found = await cut_many(tmp_path, library, 150, seed=5)
    assert found.broken == [] and found.cuts == 150
    assert found.counts["cuts with something pending"] > 100 and found.counts["acknowledged writes"] > 30
    normal = await cut_many(tmp_path, library, 600, seed=5, normal=True)
    assert any("acknowledged and lost" in why for why in normal.broken)
    assert (await cut_many(tmp_path, library, 150, seed=5, lies=True)).broken


@needs_compiler
@pytest.mark.heavy
async def test_a_synchronisation_that_failed_costs_only_what_was_not_acknowledged(tmp_path: Path) -> None:
    found = await fail_syncs(tmp_path, build_recorder(tmp_path), seed=1, step=16)
    assert found.broken == [] and found.counts["acknowledged after the failure"] > 500


def test_what_a_disk_may_leave_is_what_was_synchronised_and_any_part_of_the_rest() -> None:
    from random import Random

    def written(offset: int, data: bytes) -> Entry:
        return Entry("W", "file", offset, data)

    disk = Disk()
    for entry in (written(0, b"a" * 1024), Entry("S", "file", 0, b""), written(0, b"b" * 1024)):
        disk.take(entry)
    seen = {disk.left(Random(seed))["file"] for seed in range(200)}
    old, new = b"a" * 512, b"b" * 512
    assert seen == {old + old, old + new, new + old, new + new}, "sectors are torn apart, and never within"
    disk.take(Entry("U", "file", 0, b""))
    assert any(disk.left(Random(seed))["file"] for seed in range(50)), "a removal may not have happened"
    disk.take(Entry("D", "", 0, b""))
    assert disk.left(Random(1))["file"] == b"", "until the folder was synchronised"


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_kills_of_the_writer_lose_nothing_acknowledged_where_a_hasty_writer_does(tmp_path: Path) -> None:
    hasty = writer_kills.kill_many(tmp_path, 60, seed=3, hasty=True)
    assert hasty.broken
    (tmp_path / "again").mkdir()
    found = writer_kills.kill_many(tmp_path / "again", 25, seed=3)
    assert found.broken == [] and found.counts["kills in the middle of work"] >= 1


@needs_compiler
@pytest.mark.heavy
def test_calls_that_fail_lead_to_no_false_acknowledgement() -> None:
    found = io_errors.fail_every(step=60)
    assert found["broken"] == [] and int(str(found["not acknowledged"])) > 50 and int(str(found["acknowledged"])) > 50


@contextmanager
def small_disk(size: int) -> Iterator[Path]:
    """A disk of so many bytes, or a skip with the reason."""
    try:
        with full_disk.small_disk(size) as folder:
            yield folder
    except OSError as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(str(error))


def test_a_node_begins_and_publishes_where_less_is_free_than_its_reserve() -> None:
    with small_disk(12 << 20) as folder:
        node = NodeProcess(folder, "small.example.org", free_port())
        try:
            node.start()
            stocked(node, "Family tent", "HSHETENTF16C", "10")
            run(node, "offer", "publish", "--release")
            assert len(run(node, "offer", "list")) == 1
        finally:
            node.kill()


def test_a_full_disk_stops_replicas_first_and_loses_nothing() -> None:
    with small_disk(full_disk.DISK) as folder:
        found = asyncio.run(full_disk.fill_many(folder, 6, seed=2))
    counts = found.counts
    assert found.broken == [] and counts["full"] == counts["reserves taken again"] == 6
    assert counts["replicas waited"] == counts["refused by a disk that is really full"] == 6
    assert counts["durable writes in the reserve"] >= 6


def test_a_reserve_holds_room_gives_it_back_and_takes_it_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    free = [10_000_000]
    monkeypatch.setattr("xstock_node.storage.reserve.shutil.disk_usage", lambda p: type("U", (), {"free": free[0]})())
    reserve, now = Reserve(tmp_path / "reserve", 1_000_000), 0.0
    assert reserve.is_held and not reserve.must_wait and (tmp_path / "reserve").stat().st_size == 1_000_000
    for left, held, waits in (
        (900_000, True, True),
        (200_000, False, True),
        (2_000_000, False, True),
        (9**8, True, False),
    ):
        free[0], now = left, now + 1.5
        reserve.look(now)
        assert (reserve.is_held, reserve.must_wait) == (held, waits), left
    free[0] = 0
    reserve.look(now + 0.5)
    assert reserve.is_held, "the disk is looked at once a second"
