"""Power cuts lose nothing acknowledged, and their harness fails where storage or disk do not keep their word."""

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from tests import cuts
from xstock_node.storage.sqlite import engine


async def test_five_hundred_cuts_lose_nothing_acknowledged(tmp_path: Path) -> None:
    found = await cuts.cut_many(tmp_path, 500)
    assert found.broken == [] and found.cuts == 500
    assert found.counts["frames lost"] > 100 and found.counts["unacknowledged writes lost"] > 50


async def test_a_storage_that_asks_for_less_than_full_loses_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Normal:
        """A connection on which `synchronous` is never more than NORMAL."""

        def __init__(self, inner: sqlite3.Connection) -> None:
            self._inner = inner

        def execute(self, sql: str, *rest: Any) -> sqlite3.Cursor:
            return self._inner.execute(sql.replace("synchronous = full", "synchronous = normal"), *rest)

        def __getattr__(self, name: str) -> Any:
            return getattr(self._inner, name)

    opened = engine.open_upgraded
    monkeypatch.setattr(engine, "open_upgraded", lambda path: (Normal(opened(path)[0]), None))
    assert (await cuts.cut_many(tmp_path, 500)).broken


async def test_a_disk_that_lies_loses_data(tmp_path: Path) -> None:
    assert (await cuts.cut_many(tmp_path, 500, lies=True)).broken


async def test_a_lost_write_is_noticed_whatever_else_is_there() -> None:
    there = {"a": {1, 3}, "b": {1, 3}}
    assert cuts._lost(1, 1, {1}, [(2, True), (3, False)], there)
    assert cuts._lost(1, 1, {1}, [(2, False), (3, False)], there), "an order that was not the order of writing"
    assert cuts._lost(1, 1, {1, 3}, [], {"a": {1, 3}, "b": {1}}), "half a write"
    assert not cuts._lost(1, 1, {1}, [(3, True), (4, False)], there)
