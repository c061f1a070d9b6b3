"""The expected figures of the flood exercise, one by one: positions, shares, loads, routes."""

from collections import Counter

import msgspec
import pytest

from tests.exercise.flood import TODAY, catalogue, flood, gross_needs, rules, shared_lines, standing
from xstock_node.domain.position import LineStand
from xstock_node.domain.sharing import propose

NODES = ["AT", "BG", "HR", "ME", "MK", "RS"]
FIGURES = ("on_hand", "usable", "gross_need", "own_use", "net_need", "lendable", "keep_back", "offerable")
KEPT = {"kept_percent", "rounded", "all_reserved"}


@pytest.mark.parametrize("node", NODES)
def test_the_position_of_every_item_is_the_expected_one(node: str) -> None:
    wanted = {one["item"]: one for one in flood()["expected"]["position"] if one["node"] == node}
    found = {one.item: one for one in standing(node).positions}
    assert found.keys() == wanted.keys()
    for item, position in found.items():
        assert {name: str(getattr(position, name)) for name in FIGURES} == {
            name: wanted[item][name] for name in FIGURES
        }, item


def short(line: LineStand) -> str:
    """The exercise's word for a reason."""
    assert line.why is not None
    words = {"own_need": "own_use", "owner_never_lends": "owner", "donor_restricted": "donor_restriction"}
    if line.why.code in KEPT:
        return "below_multiple_or_keep_back"
    if line.why.code in {"class_excluded", "status_blocked"}:
        return next(iter(line.why.params.values()))
    return words.get(line.why.code, line.why.code)


@pytest.mark.parametrize("node", NODES)
def test_every_line_of_stock_is_offered_or_says_the_expected_reason(node: str) -> None:
    wanted = {
        one["line"]: (one["expected_offer"] == "part of the offer", one.get("expected_reason"))
        for one in flood()["stock"]
        if one["node"] == node
    }
    found = {line.ref: (line.offered, None if line.offered else short(line)) for line in standing(node).lines}
    assert found == wanted


def test_reasons_are_counted_as_expected() -> None:
    told = Counter(short(line) for node in NODES for line in standing(node).lines if not line.offered)
    assert told == flood()["expected"]["not_offered_lines_by_reason"]


@pytest.mark.parametrize("node", NODES)
def test_the_offers_that_the_share_rules_propose_come_to_the_same_sums(node: str) -> None:
    own = msgspec.structs.replace(rules(), own_need=gross_needs(node))
    found: Counter[str] = Counter()
    for offer in propose(shared_lines(node), own, catalogue(), {}, {}, {}, TODAY).offers:
        found[offer.code] += int(offer.quantity)
    assert all(found[position.item] == position.offerable for position in standing(node).positions)
