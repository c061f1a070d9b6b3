"""What the lines of a list mean together: lines alike, repeats, pivots, kits, reserved and incoming stock."""


def test_lines_alike_are_added(read):
    reading = read("name;qty;unit;warehouse;lot\nTent;5;pcs;Niš;\ntent ;7;pcs;Niš;\nTent;9;pcs;Niš;L1\n")
    assert [(row.quantity, row.merged_lines) for row in reading.rows] == [(12, (2, 3)), (9, ())]
    assert not reading.must_ask


def test_a_line_repeated_whole_is_counted_once_and_asked(read):
    reading = read("no;name;qty;unit\n1;Tent;5;pcs\n2;Rope;7;m\n3;TENT ;5;pcs\n")
    assert [row.quantity for row in reading.rows] == [5, 7]
    assert len(reading.must_ask) == 1 and "2, 4" in reading.must_ask[0]


def test_reserved_above_on_hand_is_flagged(read):
    row = read("name;on hand;reserved\nTent;5;8\n").rows[0]
    assert (row.flags, row.available) == (("over_reserved",), 0)


def test_incoming_is_never_available(read):
    row = read("name;qty;reserved;on order\nTent;5;2;100\n").rows[0]
    assert (row.quantity, row.available, row.incoming) == (5, 3, 100)


def test_a_pivot_gives_a_row_for_each_item_and_place(read):
    reading = read(
        "Артикул;Мярка;София;Варна;Склад Русе;Общо\nПалатка;бр;5;-;2;7\nОдеяло;бр;;10;;10\nОбщо;;5;10;2;17\n"
    )
    assert [(row.item_name, row.location, row.quantity) for row in reading.rows] == [
        ("Палатка", "София", 5), ("Палатка", "Склад Русе", 2), ("Одеяло", "Варна", 10)]  # fmt: skip
    assert not reading.rejected


def test_bins_belong_to_the_location(read):
    reading = read("name;qty;warehouse;bin\nTent;5;Niš;A-1\nTent;7;Niš;A-2\n")
    assert [row.location for row in reading.rows] == ["Niš/A-1", "Niš/A-2"]


def test_parts_of_a_kit_are_components(read):
    reading = read("name;unit;qty\nFamily kit;kit;10\n   Blanket;pcs;5\n   Pot;pcs;1\nTent;pcs;3\n")
    assert [row.item_name for row in reading.rows] == ["Family kit", "Tent"]
    assert [(part.item_name, part.quantity) for part in reading.rows[0].components] == [("Blanket", 5), ("Pot", 1)]


def test_an_opening_line_begins_the_contents(read):
    reading = read("name;unit;qty\nХигиенен комплект;компл;10\nсъдържа:;;\n- сапун;бр;2\n- паста;бр;1\nПалатка;бр;3\n")
    assert [row.item_name for row in reading.rows] == ["Хигиенен комплект", "Палатка"]
    assert [part.item_name for part in reading.rows[0].components] == ["сапун", "паста"]


def test_a_warehouse_heading_is_a_place(read):
    reading = read("name;unit;qty\nСклад: Варна;;\nTent;pcs;5\nСклад: Русе;;\nTent;pcs;7\n")
    assert [(row.location, row.category) for row in reading.rows] == [("Варна", None), ("Русе", None)]


def test_status_and_storage_are_kept(read):
    row = read("name;qty;status;storage;owner;donor\nVaccine;5;карантин;2-8C;BRC;ECHO\n").rows[0]
    assert (row.status, row.storage, row.owner, row.donor) == ("карантин", "2-8C", "BRC", "ECHO")


def test_quarantined_goods_are_not_added_to_sound_ones(read):
    reading = read("name;qty;lot;remarks\nSaline;5;L1;\nSaline;7;L1;quarantine\n")
    assert [(row.quantity, row.status) for row in reading.rows] == [(5, None), (7, "quarantine")]


def test_a_bad_cell_of_a_pivot_leaves_the_other_places(read):
    reading = read("Item;Unit;Niš;Pirot\nTent;pcs;5;?\nRope;m;1;2\n")
    assert [(row.location, row.quantity) for row in reading.rows] == [("Niš", 5), ("Niš", 1), ("Pirot", 2)]
    assert [(line.line, line.reason) for line in reading.rejected] == [(2, "bad_quantity")]


def test_a_sum_at_the_foot_decides_the_number_order(read):
    assert read("name;unit;qty\nFlour;kg;1.200\nTOTAL;;2.435,00\n").rows[0].quantity == 1200


def test_a_kit_counted_in_pieces_is_known_by_its_name(read):
    reading = read("name;qty\nHygiene kit;10\n  Soap;5\nTent;3\n")
    assert [row.item_name for row in reading.rows] == ["Hygiene kit", "Tent"]


def test_levels_to_keep_are_read_where_a_person_says_that_the_list_is_one(read):
    text = "Item;Unit;On hand;Minimum\nTent;pcs;9;5\n"
    assert [row.quantity for row in read(text).rows] == [9]
    assert [row.quantity for row in read(text, levels=True).rows] == [5]
    alone = read("Артикул;Мярка;Минимум\nПалатка;бр;5\n", "minimum.csv", levels=True)
    assert [row.quantity for row in alone.rows] == [5] and not alone.must_ask
    assert read("Item;Unit;Minimum\nTent;pcs;5\n").error == "no_header"
