"""The columns of one reading, told for the next list of its source, change nothing where they were right."""

import pytest

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
