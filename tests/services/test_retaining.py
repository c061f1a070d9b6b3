"""What is no evidence is forgotten when its time is over; the rest stays."""

import re
from pathlib import Path

import pytest

from tests.api.conftest import BG, HR, opened
from xstock_node.config import parse
from xstock_node.domain.retention import KINDS
from xstock_node.services.errors import Refusal
from xstock_node.services.retaining import DAY, forget_older, retain
from xstock_node.storage.interfaces import Transaction
from xstock_node.storage.values import StoredObject

MANUAL = Path(__file__).parent.parent.parent / "deploy" / "README.md"
KEPT = ("request", "person", "agreement", "attachment", "paper", "passage")
NODE = '[node]\nname = "redcross.bg"\ncountry = "BG"\n'


async def test_each_kind_goes_when_its_days_are_over_and_evidence_stays(tmp_path: Path) -> None:
    async with opened(tmp_path, (BG, HR), ()) as desks:
        office = desks[BG].office
        now = office.node.clock.now()

        def fill(tx: Transaction) -> None:
            for kind in KINDS:
                for name in kind.objects:
                    tx.objects.put(StoredObject(name, "old", now - (kind.days + 1) * DAY, b"{}"))
                    tx.objects.put(StoredObject(name, "new", now - (kind.days - 1) * DAY, b"{}"))
            for name in KEPT:
                tx.objects.put(StoredObject(name, "old", now - 9_000 * DAY, b"{}"))

        await office.node.engine.write(fill, durable=True)
        await retain(office)
        names = [name for kind in KINDS for name in kind.objects]
        held = await office.node.engine.read(lambda tx: {name: tx.objects.list(name) for name in (*names, *KEPT)})
        assert all([row.id for row in held[name]] == ["new"] for name in names)
        assert all([row.id for row in held[name]] == ["old"] for name in KEPT)
        for days, left in (({"notices": 0}, 1), ({"notices": 1}, 0)):
            await office.node.engine.write(lambda tx, days=days: forget_older(tx, days, now), durable=True)  # type: ignore[misc]
            assert len(await office.node.engine.read(lambda tx: tx.objects.list("notice"))) == left


def test_settings_name_known_kinds() -> None:
    assert parse(f"{NODE}[keep.days]\nnotices = 30\n".encode()).keep.days == {"notices": 30}
    for wrong in ("people = 30", "notices = -1", 'notices = "long"'):
        with pytest.raises(Refusal):
            parse(f"{NODE}[keep.days]\n{wrong}\n".encode())


def test_the_manual_names_every_kind_its_days_and_what_it_is() -> None:
    rows = re.findall(r"^\| `([a-z-]+)` \| (\d+) \| (.+) \|$", MANUAL.read_text("utf-8"), re.MULTILINE)
    assert set(rows) >= {(kind.name, str(kind.days), kind.words) for kind in KINDS}
