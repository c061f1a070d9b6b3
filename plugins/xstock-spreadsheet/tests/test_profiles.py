"""What one file settled is remembered for the next of its source, and changes nothing where it was right."""

import pytest
from xstock_spreadsheet.profiles import profile_of

from xstock_node.plugins.adapters import ReadHints

HINTS = ReadHints(today="2026-11-15")
LISTS = {
    "list": "Код;Наименование;Мярка;Количество;Склад\n01;Палатка;бр;5;Варна\n",
    "pivot": "Item;Unit;Sofia;Varna;Total\nTent;pcs;5;-;5\nCup;pcs;;7;7\n",
    "places": "Warehouse;Zone;Shelf;Item;Qty;Unit\nCentral;A;3;Tent;5;pcs\n",
    "two counts": "Item;Unit;On hand;Reserved;Stock\nTent;pcs;5;1;9\n",
}


@pytest.mark.parametrize("text", LISTS.values(), ids=LISTS)
def test_a_file_reads_the_same_under_its_own_profile(read, text):
    first = read(text.encode("cp1251"))
    profile = profile_of(first, HINTS)
    again = read(text.encode("cp1251"), columns=profile.columns, encodings=profile.encodings)
    assert again.rows == first.rows and again.columns == first.columns


def test_a_profile_keeps_what_a_person_confirmed(read):
    told = ReadHints(today="2026-11-15", columns={"Поле 7": "quantity"}, encodings=("cp1251",))
    text = "Наименование;Поле 7;Мярка\nПалатка;5;бр\n".encode("cp1251")
    profile = profile_of(read(text, columns=told.columns, encodings=told.encodings), told)
    assert profile.columns["Поле 7"] == "quantity" and profile.encodings == ("cp1251",)
    assert [row.quantity for row in read(text, columns=profile.columns).rows] == [5]


def test_the_encoding_of_short_lists_is_remembered(read):
    profile = profile_of(read("Naziv;Količina;JM\nŠator;5;kom\n".encode("cp1250")), HINTS)
    assert profile.encodings == ("cp1250",)
    short = "Naziv;Količina;JM\nČaša;5;kom\n".encode("cp1250")
    assert read(short, encodings=profile.encodings).rows[0].item_name == "Čaša"
