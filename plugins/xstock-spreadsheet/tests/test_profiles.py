"""The columns of one reading, told for the next list of its source, change nothing where they were right."""

import pytest
from xstock_spreadsheet.layout import FIELDS

from xstock_node.plugins.adapters import COLUMN_FIELDS

LISTS = {
    "list": "Код;Наименование;Мярка;Количество;Склад\n01;Палатка;бр;5;Варна\n",
    "pivot": "Item;Unit;Sofia;Varna;Total\nTent;pcs;5;-;5\nCup;pcs;;7;7\n",
    "places": "Warehouse;Zone;Shelf;Item;Qty;Unit\nCentral;A;3;Tent;5;pcs\n",
    "two counts": "Item;Unit;On hand;Reserved;Stock\nTent;pcs;5;1;9\n",
}


@pytest.mark.parametrize("text", LISTS.values(), ids=LISTS)
def test_a_file_reads_the_same_under_its_own_columns(read, text):
    first = read(text.encode("cp1251"))
    again = read(text.encode("cp1251"), columns=first.columns)
    assert again.rows == first.rows and again.columns == first.columns


def test_a_column_that_a_person_named_is_read_as_told(read):
    text = "Наименование;Поле 7;Мярка\nПалатка;5;бр\n".encode("cp1251")
    assert [row.quantity for row in read(text, columns={"Поле 7": "quantity"}).rows] == [5]


def test_an_encoding_that_a_person_named_holds_where_short_lists_cannot_say(read):
    short = "Naziv;Količina;JM\nČaša;5;kom\n".encode("cp1250")
    assert read(short, encodings=("cp1250",)).rows[0].item_name == "Čaša"


@pytest.mark.parametrize("text", LISTS.values(), ids=LISTS)
def test_headers_that_a_file_has_are_known_and_others_told(read, text):
    own = read(text).columns
    assert own and read(text, columns=own).unknown_columns == []
    assert read(text, columns=own | {"Tentt": "lot"}).unknown_columns == ["Tentt"]


def test_a_column_that_a_person_leaves_out_is_neither_read_nor_asked_about(read):
    text = "Item;Flurgle;Qty;Unit\nTent;blue;5;pcs\n"
    assert read(text).must_ask
    left_out = read(text, columns={"Flurgle": "ignore"})
    assert not left_out.must_ask and not left_out.unknown_columns


def test_the_fields_that_a_person_may_name_are_those_that_are_read():
    assert {*FIELDS, "ignore"} == COLUMN_FIELDS
