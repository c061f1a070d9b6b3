"""Claims are summed over own cases of the networks that share a store; at risk is what is owed and no longer there."""

from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from xstock_node.domain.commitments import NEVER, Claim, Counts
from xstock_node.protocol.names import LogName
from xstock_node.services import promises
from xstock_node.services.network import Network
from xstock_node.services.promises import Stock
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
    """Cases as (id, supplier, what is owed in it); each has one tent gone where a count is known."""

    def read(tx: Any, row: Any) -> Any:
        assert tx.cases
        said = {key: D(quantity) for key, quantity in row.said.items()}

        def claim(counts: Counts, now: int) -> Claim:
            assert now == NOW
            return Claim(said, {TENT: D(len(counts.earliest))} if counts.earliest else {})

        return SimpleNamespace(claim=claim)

    def of(network: str) -> list[Any]:
        cases = CASES[network]
        return [SimpleNamespace(id=id_, supplier=who, said=said, requester=f"for {id_}") for id_, who, said in cases]

    monkeypatch.setattr(promises.dossier, "read", read)
    return SimpleNamespace(cases=SimpleNamespace(all=of))


def test_claims_are_summed_over_own_cases_and_one_may_be_left_out(tx: Any) -> None:
    def owed(networks: tuple[str, ...], supplier: str, case: str = "") -> dict[Any, Any]:
        return promises.claims(tx, networks, supplier, Stock({}, NEVER), NOW, case).owed

    assert owed(("see",), "hr") == {TENT: 8, BED: 2}
    assert owed(("see",), "hr", "a") == {TENT: 3}
    assert owed(("see",), "hr", "b") == {TENT: 5, BED: 2}
    assert owed(("see",), "bg") == {TENT: 100}
    assert owed(("see", "balkan"), "hr") == {TENT: 48, BED: 2}
    assert owed(("see", "balkan"), "hr", "d") == {TENT: 8, BED: 2}
    one = promises.claims(tx, ("see", "balkan"), "hr", Stock({}, NEVER), NOW, "", "for b").owed
    assert one == {TENT: 3}, "of one requester alone"
    counted = promises.claims(tx, ("see",), "hr", Stock({}, Counts({TENT: NOW}, {})), NOW)
    assert counted.gone == {TENT: 2} and counted.whole == {TENT: 10, BED: 2}


def test_room_is_what_there_is_less_what_others_claim() -> None:
    others = Claim({TENT: D(3)}, {TENT: D(2), BED: D(1)})
    assert promises.room(Stock({TENT: D(8)}, NEVER), others) == {TENT: 3, BED: -1}
    assert promises.room(Stock({BED: D(8)}, NEVER), Claim({}, {})) == {BED: 8}, "nobody else claims any"


def test_at_risk_is_what_is_owed_and_no_longer_there() -> None:
    def risk(here: dict[Any, Any], owed: dict[Any, Any], gone: dict[Any, Any] | None = None) -> dict[Any, Any]:
        return promises.at_risk(Stock(here, NEVER), Claim(owed, gone or {}))

    assert risk({TENT: D(8)}, {TENT: D(8)}) == {}
    assert risk({TENT: D(7)}, {TENT: D(8), BED: D(1)}) == {TENT: 1, BED: 1}
    assert risk({TENT: D("7.5"), BED: D(9)}, {TENT: D(8)}) == {TENT: D("0.5")}
    assert risk({}, {TENT: D(0)}) == {}
    assert risk({TENT: D(8)}, {TENT: D(5)}, {TENT: D(4)}) == {TENT: 1}, "four of the eight left since they were counted"
    assert risk({TENT: D(0)}, {TENT: D(5)}, {TENT: D(40)}) == {TENT: 5}, "never more than is owed"
    assert risk({TENT: D(0)}, {}, {TENT: D(40)}) == {}, "what left is at no risk"


def test_over_promised_compares_live_offers_of_the_own_log_with_own_promises(tx: Any) -> None:
    from xstock_node.protocol import records

    log, asked = LogName("hr", "see.pub"), []
    offers = [make_offer(n, NOW, qty=(4, 0), item="TENT") for n in range(2)]
    stored = [SimpleNamespace(line=records.encode(one), exp=NOW + 1 - n, asof=7 + n) for n, one in enumerate(offers)]

    def of_log(name: LogName) -> list[Any]:
        asked.append(name)
        return stored

    tx.offers = SimpleNamespace(of_log=of_log)
    network: Network = SimpleNamespace(name="see", shared=log)  # type: ignore[assignment]
    unit = offers[0].unit
    assert promises.available(tx, network, NOW) == Stock(
        {("TENT", unit): D(4)}, Counts({("TENT", unit): 7}, {("TENT", unit): 7})
    ), "one lease ends now"
    assert promises.over_promised(tx, network, NOW) == [TENT, BED]
    assert asked == [log, log]
    stored += [SimpleNamespace(line=records.encode(make_offer(7, NOW, qty=(4, 0), item="TENT")), exp=NOW + 9, asof=3)]
    assert promises.available(tx, network, NOW).counted == ({("TENT", unit): 3}, {("TENT", unit): 7}), (
        "as old as the oldest"
    )
    assert promises.over_promised(tx, network, NOW) == [TENT, BED], "two tents left since that count"
    stored.reverse()
    both = promises.available(tx, network, NOW)
    assert (both.here, both.counted.earliest) == ({("TENT", unit): 8}, {("TENT", unit): 3}), "in whatever order"
