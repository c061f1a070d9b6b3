"""What a step says of those who come with equipment: own lines, else the catalogue, else nothing."""

from decimal import Decimal
from typing import Any

import pytest

from xstock_node.domain.items import Kind
from xstock_node.domain.steps import Crew
from xstock_node.domain.stock import StockLine
from xstock_node.services.crews import crew_of, whole
from xstock_node.services.errors import Refusal
from xstock_node.services.office import default_catalogue

CATALOGUE = default_catalogue()


def line(**fields: Any) -> StockLine:
    bare = dict.fromkeys(("item_code", "unit", "location", "lot", "expiry"))
    return StockLine(item_name="x", quantity=Decimal(1), **bare | fields)


@pytest.mark.parametrize(
    ("code", "lines", "crew"),
    [
        ("CP-HCP", [], Crew(module="HCP", self_sufficiency_days=4)),
        ("CP-HCP", [line(crew=14)], Crew(module="HCP", persons=14, self_sufficiency_days=4)),
        ("CP-HCP", [line(crew=14), line()], Crew(module="HCP", persons=14, self_sufficiency_days=4)),
        ("CP-HCP", [line(crew=14), line(crew=15)], Crew(module="HCP", self_sufficiency_days=4)),
        ("CP-HCP", [line(self_sufficiency_days=3), line(self_sufficiency_days=9)], Crew(module="HCP")),
        ("CP-WP", [line(module="WP light")], Crew(module="WP light", self_sufficiency_days=4)),
        ("CP-FIELDKITCHEN", [line(crew=4)], Crew(persons=4)),
        ("CP-FIELDKITCHEN", [], Crew()),
    ],
)
def test_lines_that_agree_are_believed_then_the_catalogue(code: str, lines: list[StockLine], crew: Crew) -> None:
    item = CATALOGUE.get(code)
    assert item is not None and crew_of(item, lines) == crew


def test_teams_are_whole_and_goods_may_be_cut() -> None:
    for item in CATALOGUE.all():
        whole(item, Decimal(3))
        if item.kind is Kind.TEAM:
            with pytest.raises(Refusal, match="whole teams"):
                whole(item, Decimal("0.5"))
        else:
            whole(item, Decimal("0.5"))
