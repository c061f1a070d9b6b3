"""The habits of habits.toml, field by field: what a row does not name must be unknown."""

import tomllib
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

HABITS = tomllib.loads((Path(__file__).parent / "habits.toml").read_text("utf-8"))["habit"]
FIGURES = {"quantity", "reserved", "damaged", "incoming", "available", "pack_factor", "base_quantity"}


def _plain(row):
    """A row without what is unknown; figures as numbers."""
    fields = {name: value for name, value in msgspec.to_builtins(row).items() if value not in (None, (), [])}
    return {name: Decimal(value) if name in FIGURES else _listed(value) for name, value in fields.items()}


def _listed(value):
    if isinstance(value, tuple | list):
        return [{k: v for k, v in part.items() if v is not None} if isinstance(part, dict) else part for part in value]
    return value


@pytest.mark.parametrize("habit", HABITS, ids=lambda habit: habit["name"])
def test_a_habit_is_read(read, habit):
    raw = habit["text"].lstrip("\n").encode(habit.get("encoding", "utf-8"))
    reading = read(raw[: len(raw) - habit.get("cut", 0)])
    expected = [{n: Decimal(v) if n in FIGURES else v for n, v in row.items()} for row in habit["rows"]]
    assert [_plain(row) for row in reading.rows] == expected
    assert [[line.line, line.reason] for line in reading.rejected] == habit.get("rejected", [])
    assert reading.skipped_lines == habit.get("skipped", [])
    assert reading.as_of == habit.get("as_of")
    assert len(reading.must_ask) == len(habit.get("asked", [])), reading.must_ask
    assert all(part in said for said, part in zip(reading.must_ask, habit.get("asked", []), strict=True))
    everything = msgspec.json.encode(reading).decode()
    assert not [text for text in habit.get("hidden", []) if text in everything]
