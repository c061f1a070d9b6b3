"""Lists that say what foreign codes mean: read strictly, found however the code is written."""

from decimal import Decimal

import pytest

from xstock_node.domain.crosswalks import Crosswalks, parse_crosswalk
from xstock_node.domain.items import CatalogueError
from xstock_node.domain.matching import candidates
from xstock_node.domain.stock import StockLine
from xstock_node.services.office import default_catalogue

TENT = "HSHETENTF16C"


def line(code: str, name: str | None = None) -> StockLine:
    return StockLine(
        item_code=code, item_name=name, quantity=Decimal(1), unit="pcs", location=None, lot=None, expiry=None
    )


def test_a_code_is_found_however_it_is_written_and_its_factor_is_exact() -> None:
    data = f"\ufeffCode, item ,factor\nS-000.5110,{TENT},\nB 12,{TENT},0.25\n\n".encode()
    walks = Crosswalks([parse_crosswalk("unicef", data)])
    assert [(scheme, walk.item) for scheme, walk in walks.find("s0005110")] == [("unicef", TENT)]
    assert walks.find("b-12")[0][1].factor == Decimal("0.25")
    assert walks.find("b-12", "other") == [] == walks.find(None) == walks.find("")


@pytest.mark.parametrize(
    ("scheme", "text", "came"),
    [
        ("Unicef!", "code,item\n", "Unicef!"),
        ("unicef", "code,name\nA,B\n", "code"),
        ("unicef", "code,item\nA,B\nA,C\n", "line 3"),
        ("unicef", "code,item\nA,\n", "line 2"),
        ("unicef", "code,item,factor\nA,B,0\n", "'0'"),
        ("unicef", "code,item,factor\nA,B,nan\n", "'nan'"),
        ("unicef", "code,item,factor\nA,B,a dozen\n", "a dozen"),
    ],
)
def test_what_is_unclear_is_refused_with_its_line(scheme: str, text: str, came: str) -> None:
    with pytest.raises(CatalogueError) as refused:
        parse_crosswalk(scheme, text.encode())
    assert came in refused.value.came


def test_other_bytes_than_utf_8_are_refused() -> None:
    with pytest.raises(CatalogueError):
        parse_crosswalk("unicef", "code,item\nŠ,B\n".encode("cp1250"))


def test_a_crosswalk_proposes_first_and_says_so_and_an_item_that_is_unknown_is_not_proposed() -> None:
    catalogue = default_catalogue()
    walks = Crosswalks([parse_crosswalk("unicef", f"code,item\nS0005110,{TENT}\nX1,NOTHING\n".encode())])
    first = candidates(line("S0005110", "blanket"), catalogue, crosswalks=walks)[0]
    assert (first.code, first.reason.code, first.reason.params["scheme"]) == (TENT, "crosswalk", "unicef")
    assert candidates(line("X1"), catalogue, crosswalks=walks) == []


def test_a_code_without_name_is_compared_with_codes_of_its_family() -> None:
    found = candidates(line("HSHETENTXXXX"), default_catalogue())
    assert found and found[0].code.startswith("HSHETENT") and found[0].reason.code == "like_code"
    assert candidates(line("ZZZZZZZZ"), default_catalogue()) == []
