"""A short calendar: the store grows as it should, windows slide, what is old goes, and every proof holds."""

import json
from pathlib import Path

import pytest

from tests.growth import __main__ as growth
from xstock_node.domain import retention
from xstock_node.protocol import limits
from xstock_node.services import retaining


async def test_windows_slide_old_things_go_and_every_live_offer_is_proved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(growth, "YEAR", 60)
    monkeypatch.setattr(growth, "NEIGHBOURS", 2)
    monkeypatch.setattr(limits, "WINDOW", 256)
    short = tuple(kind._replace(days=20) for kind in retention.KINDS)
    monkeypatch.setattr(retaining, "KINDS", short)
    assert await growth.grow(tmp_path, 2)
    first, second = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert second["records"] > first["records"] > 3 * 60
    assert first["proofs_broken"] == second["proofs_broken"] == 0 and second["live_offers_proved"] >= 3 * 30
    growing = second["tables_mb"]["object"] / first["tables_mb"]["object"]
    assert growing < 1.2, "warnings, notices and messages of other systems are forgotten after 20 days"
