"""What a supplier promised is the sum over its own cases of the networks that share a store; at risk is the excess."""

from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from xstock_node.protocol.names import LogName
from xstock_node.services import promises
from xstock_node.services.network import Network
from xstock_node.testing import make_offer

D = Decimal
TENT, BED = ("TENT", "H87"), ("BED", "H87")
NOW = 1_790_000_000
CASES = {
    "see": [("a", "hr", {TENT: 5, BED: 2}), ("b", "hr", {TENT: 3}), ("c", "bg", {TENT: 100})],
    "balkan": [("d", "hr", {TENT: 40})],
}


@pytest.fixture
def tx(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Cases as (id, supplier, what was promised in it)."""

    def read(tx: Any, row: Any) -> Any:
        return SimpleNamespace(promised=lambda: {key: D(quantity) for key, quantity in row.said.items()})

    def of(network: str) -> list[Any]:
        return [SimpleNamespace(id=id_, supplier=who, said=said) for id_, who, said in CASES[network]]

    monkeypatch.setattr(promises.dossier, "read", read)
    return SimpleNamespace(cases=SimpleNamespace(all=of))


def test_promises_are_summed_over_own_cases_and_one_may_be_left_out(tx: Any) -> None:
    assert promises.promised(tx, "see", "hr") == {TENT: 8, BED: 2}
    assert promises.promised(tx, "see", "hr", "a") == {TENT: 3}
    assert promises.promised(tx, "see", "hr", except_case="b") == {TENT: 5, BED: 2}
    assert promises.promised(tx, "see", "bg") == {TENT: 100}
    assert promises.promised_in(tx, ("see", "balkan"), "hr") == {TENT: 48, BED: 2}
    assert promises.promised_in(tx, ("see", "balkan"), "hr", "d") == {TENT: 8, BED: 2}


def test_at_risk_is_what_was_promised_beyond_what_there_is() -> None:
    assert promises.at_risk({TENT: D(8)}, {TENT: D(8)}) == {}
    assert promises.at_risk({TENT: D(7)}, {TENT: D(8), BED: D(1)}) == {TENT: 1, BED: 1}
    assert promises.at_risk({TENT: D("7.5"), BED: D(9)}, {TENT: D(8)}) == {TENT: D("0.5")}
    assert promises.at_risk({}, {TENT: D(0)}) == {}


def test_over_promised_compares_live_offers_of_the_own_log_with_own_promises(tx: Any) -> None:
    from xstock_node.protocol import records

    log, asked = LogName("hr", "see.pub"), []
    offers = [make_offer(n, NOW, qty=(4, 0), item="TENT") for n in range(2)]
    stored = [SimpleNamespace(line=records.encode(one), exp=NOW + 1 - n) for n, one in enumerate(offers)]

    def of_log(name: LogName) -> list[Any]:
        asked.append(name)
        return stored

    tx.offers = SimpleNamespace(of_log=of_log)
    network: Network = SimpleNamespace(name="see", shared=log)  # type: ignore[assignment]
    unit = offers[0].unit
    assert promises.available(tx, network, NOW) == {("TENT", unit): 4}, "the other one's lease ends now"
    assert promises.over_promised(tx, network, NOW) == [TENT, BED]
    assert asked == [log, log]
    stored += [SimpleNamespace(line=records.encode(make_offer(7, NOW, qty=(4, 0), item="TENT")), exp=NOW + 9)]
    assert promises.over_promised(tx, network, NOW) == [BED]
