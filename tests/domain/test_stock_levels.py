"""Stock against its minimum: whose figures count, and that the parts never exceed the whole."""

from collections.abc import Mapping
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from tests.domain.test_sharing import CATALOGUE, TODAY, keep, shared
from xstock_node.domain.share_rules import SharedLine, ShareRules
from xstock_node.domain.sharing import propose
from xstock_node.domain.stock import StockLine
from xstock_node.domain.stock_levels import StockLevel, stock_levels

D = Decimal


def line(quantity: str, **fields: object) -> StockLine:
    said: dict[str, object] = {"item_code": None, "location": None, "lot": None, "expiry": None} | fields
    return StockLine(item_name="Tent", quantity=D(quantity), unit="pcs", **said)  # type: ignore[arg-type]


def levels(
    lines: list[SharedLine],
    minimums: Mapping[tuple[str, str], Decimal] | None = None,
    commitments: Mapping[str, Decimal] | None = None,
    rules: ShareRules | None = None,
) -> list[StockLevel]:
    given_ = (rules or ShareRules(), CATALOGUE, minimums or {}, commitments or {})
    offers = propose(lines, *given_, {}, TODAY).offers
    return stock_levels(lines, offers, *given_, TODAY)


def test_each_item_is_told_with_its_minimum_of_all_places_and_what_is_promised() -> None:
    lines = [shared(line("40", location="Sofia"), "a"), shared(line("8", location="Vidin"), "b")]
    minimums = {("Sofia", "TENT"): D(10), ("Vidin", "TENT"): D(12), ("Lom", "TENT"): D(5), ("Lom", "BLANKET"): D(50)}
    found = levels(lines, minimums, {"TENT": D(6)})
    assert found == [
        StockLevel(code="BLANKET", unit="H87", on_hand=D(0), minimum=D(50), committed=D(0), shareable=D(0)),
        StockLevel(code="TENT", unit="H87", on_hand=D(48), minimum=D(27), committed=D(6), shareable=D(24)),
    ]


def test_what_may_not_be_lent_counts_and_what_is_damaged_or_unknown_does_not() -> None:
    rules = ShareRules(locations=("Sofia",))
    lines = [
        shared(line("40", location="Sofia", damaged=D(5), reserved=D(3)), "a"),
        shared(line("7", location="Elsewhere"), "b"),
        SharedLine(line("100"), "c", None),
    ]
    assert [(one.code, one.on_hand, one.shareable) for one in levels(lines, rules=rules)] == [("TENT", D(39), D(32))]


@given(
    st.lists(st.tuples(st.integers(0, 500), st.sampled_from(["A", "B", ""])), max_size=6),
    st.integers(0, 300),
    st.integers(0, 300),
    st.integers(0, 100),
)
def test_what_may_be_shared_never_exceeds_what_is_free_less_minimum_and_promises(
    stock: list[tuple[int, str]], minimum: int, promised: int, percent: int
) -> None:
    lines = [shared(line(str(n), location=place or None), str(i)) for i, (n, place) in enumerate(stock)]
    found = levels(lines, {("A", "TENT"): D(minimum)}, {"TENT": D(promised)}, keep(percent=str(percent)))
    for one in found:
        assert one.on_hand == sum(n for n, _ in stock)
        assert 0 <= one.shareable <= max(one.on_hand - one.committed, 0)
        there = sum(n for n, place in stock if place == "A")
        assert one.shareable <= one.on_hand - min(minimum, there)
