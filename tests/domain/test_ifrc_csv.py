"""The export of the IFRC catalogue, with its habits: cp1252, quoted commas, 0 for unknown."""

from decimal import Decimal

import pytest

from xstock_node.domain.catalogue import Catalogue, CatalogueError, Category, Storage, parse_ifrc_csv

HEAD = "item code,item description,length cm,height cm,width cm,volume litre,weight kg,in EIC\r\n"
EXPORT = HEAD + (
    'HSHEBLANWHT1,"BLANKET, woven, 80% wool, 1.5x2m",0,0,0,8,2,yes\r\n'
    'HSHEBLANPLT1,"BLANKET, synthetic",0,0,0,0,0,\r\n'
    'HCONJCANPF10,"JERRYCAN, foldable – 10l °",0,0,0,0.42,0.14,yes\r\n'
    'DINJMORP1A,"MORPHINE, 10mg/ml, 1ml, amp.",19,8,16,2.432,0.46,yes\r\n'
    'DVASVTET4A,"VACCINE, TETANUS, 40 IU",0,0,0,0.117,0.016,yes\r\n'
    "FBAFBABD00,Miscellaneous code for adding Group/Family to FSHQ item tree,0,0,0,0,0,\r\n"
    'HSHEBLANWHT1,"BLANKET again",0,0,0,1,1,\r\n'
    "EGENDIGE006T,GENERATOR,0,0,0,1200,450,yes\r\n"
)


def test_zero_is_unknown_and_litres_become_cubic_metres() -> None:
    catalogue = Catalogue(parse_ifrc_csv(EXPORT.encode("cp1252")))
    assert len(catalogue) == 6
    wool, thin = catalogue.get("HSHEBLANWHT1"), catalogue.get("HSHEBLANPLT1")
    assert wool is not None and thin is not None
    assert (wool.net_kg, wool.m3, wool.category) == (Decimal(2), Decimal("0.008"), Category.BEDDING)
    assert (thin.net_kg, thin.m3) == (None, None)
    assert wool.names == {"en": "BLANKET, woven, 80% wool, 1.5x2m"}


def test_cp1252_signs_survive() -> None:
    jerrycan = Catalogue(parse_ifrc_csv(EXPORT.encode("cp1252"))).get("HCONJCANPF10")
    assert jerrycan is not None
    assert jerrycan.names["en"] == "JERRYCAN, foldable – 10l °"
    assert jerrycan.category is Category.WATER


def test_drugs_that_stay_at_home_are_marked() -> None:
    catalogue = Catalogue(parse_ifrc_csv(EXPORT.encode("cp1252")))
    morphine, vaccine, engine = (catalogue.get(c) for c in ("DINJMORP1A", "DVASVTET4A", "EGENDIGE006T"))
    assert morphine is not None and vaccine is not None and engine is not None
    assert morphine.controlled and morphine.medical and morphine.expirable
    assert vaccine.storage is Storage.COLD_CHAIN and not vaccine.controlled
    assert not engine.medical and not engine.expirable and engine.category is Category.POWER


@pytest.mark.parametrize(
    "text",
    ["", "code,name\r\nA,B\r\n", HEAD.replace("weight kg", "weight"), HEAD + "A,thing,0,0,0,many,1,\r\n"],
)
def test_a_strange_export_is_refused(text: str) -> None:
    with pytest.raises(CatalogueError):
        parse_ifrc_csv(text.encode())
