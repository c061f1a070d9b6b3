"""Habits of values: figures, units, packs, dates, codes."""

from decimal import Decimal

import pytest


def _quantities(read, *texts, head="Кількість", **hints):
    lines = "".join(f"A{n};Item {n};{text}\n" for n, text in enumerate(texts))
    return read(f"code;name;{head}\n{lines}", **hints)


@pytest.mark.parametrize(
    ("texts", "values"),
    [
        (["1.200", "1.240,50"], ["1200", "1240.50"]),
        (["1,200", "1,240.50"], ["1200", "1240.50"]),
        (["1 200", "3 250,5"], ["1200", "3250.5"]),
        (["1'200", "12'240.5"], ["1200", "12240.5"]),
        (["1\u00a0200", "2\u202f000"], ["1200", "2000"]),
        (["1.200.000", "1.200"], ["1200000", "1200"]),
        (["1,5", "1,200"], ["1.5", "1.200"]),
        (["0,125", "2,500"], ["0.125", "2.500"]),
    ],
)
def test_number_order_is_decided_by_the_column(read, texts, values):
    assert [row.quantity for row in _quantities(read, *texts).rows] == [Decimal(value) for value in values]


def test_a_column_that_proves_nothing_is_asked_about(read):
    reading = _quantities(read, "1.200", "950")
    assert [(line.line, line.reason) for line in reading.rejected] == [(2, "bad_quantity")]
    assert any("thousands" in question for question in reading.must_ask)


def test_the_confirmed_language_decides_what_the_column_does_not(read):
    reading = _quantities(read, "1.200", language="en", said_language="hr")
    assert reading.rows[0].quantity == 1200 and not reading.must_ask


def test_a_language_that_nobody_said_of_the_list_decides_with_a_question(read):
    reading = read("Item,Unit,Qty\nRice,kg,1.200\nOil,l,2.500\nFlour,kg,9\n", language="bg")
    assert [row.quantity for row in reading.rows] == [1200, 2500, 9]
    assert len(reading.must_ask) == 1
    assert "Qty: 1.200 is read as 1200 by the language bg" in reading.must_ask[0]
    assert "lines 2, 3" in reading.must_ask[0] and "--language" in reading.must_ask[0]


@pytest.mark.parametrize(
    ("head", "language", "value"),
    [("Артикул;Мярка;К-во", "bg", 1200), ("Artikel;Einheit;Menge", "de-AT", 1200),
     ("Item;Unit;Qty", "en", Decimal("1.2"))],
)  # fmt: skip
def test_a_list_in_the_words_of_the_default_language_says_it_itself(read, head, language, value):
    reading = read(f"{head}\nRice;kg;1.200\n", language=language)
    assert [row.quantity for row in reading.rows] == [value] and not reading.must_ask


def test_words_of_another_language_do_not_say_the_default(read):
    reading = read("Артикул;Мярка;К-во\nRice;kg;1.200\n", language="en")
    assert len(reading.must_ask) == 1 and "by the language en" in reading.must_ask[0]


def test_whole_things_prove_more_than_a_default(read):
    reading = read("Наименование;К-во;Мярка\nПалатка;1.250;бр\n", language="en")
    assert reading.rows[0].quantity == 1250 and not reading.must_ask


def test_half_a_tent_proves_the_grouping(read):
    assert read("name;qty;unit\nTent;1.250;pcs\n").rows[0].quantity == 1250


@pytest.mark.parametrize(
    "text", ["n/a", "?", "няма", "~200", "cca 200", "ок. 200", "200?", "10+5", "100-200", ">50", "двадесет", "-", ""]
)
def test_what_is_no_count_is_rejected(read, text):
    reading = read(f"name;unit;qty\nTent;pcs;5\nRope;pcs;{text}\n")
    assert [(line.line, line.reason) for line in reading.rejected] == [(3, "bad_quantity")]


@pytest.mark.parametrize("text", ["(5)", "-5", "5-", "−5"])
def test_negative_balances_stay_and_are_flagged(read, text):
    row = _quantities(read, text).rows[0]
    assert (row.quantity, row.flags) == (-5, ("negative",))


@pytest.mark.parametrize(
    ("text", "value", "unit"), [("120 бр.", 120, "pcs"), ("1 240,5 kg", Decimal("1240.5"), "kg"), ("15бр", 15, "pcs")]
)
def test_units_inside_the_quantity_are_read(read, text, value, unit):
    row = _quantities(read, text).rows[0]
    assert (row.quantity, row.unit) == (value, unit)


def test_a_unit_in_the_header_holds_for_the_column(read):
    assert _quantities(read, "5", head="Количество (кг)").rows[0].unit == "kg"


def test_explicit_packs_become_base_quantities(read):
    text = "name;qty;unit;Stk je Karton\nDecke;60;Ballen;25 Stk\nGloves;12;Karton;10x100\nBed;5;Stk;\n"
    reading = read(text)
    assert [(row.pack_factor, row.base_quantity, row.base_unit) for row in reading.rows] == [
        (25, 1500, "pcs"), (1000, 12000, "pcs"), (None, None, None)]  # fmt: skip
    assert reading.rows[1].flags == ("needs_confirmation",)
    assert reading.must_ask == ["10x100 as 1000 pieces per carton (line 3)"]


def test_packs_in_the_unit_cell_are_read(read):
    row = read("name;qty;unit\nDecke;6;кашон (24 бр.)\n").rows[0]
    assert (row.unit, row.pack_factor, row.base_quantity) == ("carton", 24, 144)


def test_unexplained_crosses_are_asked(read):
    reading = _quantities(read, "12x24")
    assert reading.rejected[0].reason == "bad_quantity"
    assert reading.must_ask


def test_unknown_units_are_asked_never_guessed(read):
    reading = read("name;qty;unit\nThing;5;xyzq\n")
    assert reading.rows[0].unit is None
    assert any("xyzq" in question for question in reading.must_ask)


@pytest.mark.parametrize(
    ("unit", "word"),
    [("бр.", "pcs"), ("kom.", "pcs"), ("ком", "pcs"), ("шт.", "pcs"), ("τεμ.", "pcs"), ("adet", "pcs"), ("Stk.",
    "pcs"), ("buc", "pcs"), ("copë", "pcs"),
     ("кашон", "carton"), ("karton", "carton"), ("кут.", "box"), ("kutija", "box"), ("уп.", "pack"), ("стек",
     "pack"), ("бут.", "bottle"), ("boca", "bottle"),
     ("комплект", "kit"), ("чифт", "pair"), ("пар", "pair"), ("Ballen", "bale"), ("тюк", "bale"), ("палет",
     "pallet"), ("EUR pal".replace("EUR pal", "pal"), "pallet"),
     ("рулон", "roll"), ("каністра", "canister"), ("амп.", "ampoule"), ("фл.", "bottle"), ("кг", "kg"), ("тон",
     "t"), ("л.м.", "m"), ("литра", "l"), ("дана", "pcs"), ("kos", "pcs")],
)  # fmt: skip
def test_units_are_normalised(read, unit, word):
    assert read(f"name;qty;unit\nThing;5;{unit}\n").rows[0].unit == word


def _expiries(read, *texts, **hints):
    lines = "".join(f"Item {n};{n + 1};{text}\n" for n, text in enumerate(texts))
    return read(f"name;qty;expiry\n{lines}", **hints)


@pytest.mark.parametrize(
    ("text", "iso", "precision"),
    [
        ("30.06.2027", "2027-06-30", None), ("2027-06-30", "2027-06-30", None), ("2027.06.30.", "2027-06-30", None),
        ("30.06.2027 г.", "2027-06-30", None), ("15 жовтня 2027", "2027-10-15", None), ("15. listopada 2027.",
        "2027-10-15", None),
        ("15 листопада 2027 р.", "2027-11-15", None), ("15 Mart 2027", "2027-03-15", None), ("1. März 2027",
        "2027-03-01", None),
        ("10/2027", "2027-10-31", "month"), ("2027-10", "2027-10-31", "month"), ("Oct-27", "2027-10-31", "month"),
        ("окт.2027", "2027-10-31", "month"), ("02.2028", "2028-02-29", "month"), ("46568", "2027-06-30", None),
        ("2027-06-30 00:00:00", "2027-06-30", None), ("20270630", "2027-06-30", None), ("30.6.27",
        "2027-06-30", None),
    ],
)  # fmt: skip
def test_dates_are_read(read, text, iso, precision):
    row = _expiries(read, text).rows[0]
    assert (row.expiry, row.expiry_precision) == (iso, precision)


@pytest.mark.parametrize("text", ["31.02.2027", "30.13.2027", "soon", "?", "2027", "00.00.0000"])
def test_impossible_dates_reject_the_line(read, text):
    assert [(line.line, line.reason) for line in _expiries(read, text).rejected] == [(2, "bad_date")]


@pytest.mark.parametrize(
    "text",
    [
        "без срок",
        "no expiry",
        "neograničeno",
        "unbegrenzt",
        "безстроково",
        "süresiz",
        "illimité",
        "χωρίς λήξη",
        "-",
        "",
        "nelimitat",
    ],
)
def test_no_expiry_in_words_is_no_fault(read, text):
    reading = _expiries(read, text)
    assert reading.rows[0].expiry is None and not reading.rejected


def test_date_order_is_decided_by_the_column(read):
    assert _expiries(read, "03/04/2027", "25/04/2027").rows[0].expiry == "2027-04-03"
    assert _expiries(read, "03/04/2027", "04/25/2027").rows[0].expiry == "2027-03-04"


def test_an_undecidable_date_is_asked_not_guessed(read):
    reading = _expiries(read, "03/04/2027", "05/05/2027")
    assert [row.expiry for row in reading.rows] == ["2027-05-05"]
    assert reading.rejected[0].reason == "bad_date"
    assert any("day and month" in question for question in reading.must_ask)
    assert any("en-GB" in question and "en-US" in question for question in reading.must_ask)


def test_an_order_of_days_that_only_a_default_decides_is_asked(read):
    reading = _expiries(read, "03/04/2027", "05/05/2027", language="bg")
    assert [row.expiry for row in reading.rows] == ["2027-04-03", "2027-05-05"]
    assert len(reading.must_ask) == 1 and "03/04/2027 is read as 2027-04-03 by the language bg" in reading.must_ask[0]
    assert "(line 2)" in reading.must_ask[0]
    assert not _expiries(read, "03/04/2027", language="bg", said_language="en-US").must_ask


def test_a_day_of_the_list_that_only_a_default_decides_is_asked(read):
    text = "Stock as of 03/04/2026;;\nname;unit;qty\nTent;pcs;5\n"
    reading = read(text, language="bg")
    assert reading.as_of == "2026-04-03" and len(reading.must_ask) == 1 and "language bg" in reading.must_ask[0]
    said = read(text, language="bg", said_language="en-US")
    assert said.as_of == "2026-03-04" and not said.must_ask
    assert read(text).as_of is None


@pytest.mark.parametrize(
    "code", ["1.23E+11", "1,23457E+12", "1-Mar", "Mar-01", "01.мар", "2027-03-01", "123456789012345000"]
)
def test_codes_that_a_spreadsheet_damaged_are_not_codes(read, code):
    row = read(f"code;name;qty\n{code};Tent;5\n").rows[0]
    assert (row.item_code, row.flags) == (None, ("code_damaged",))


@pytest.mark.parametrize("code", ["0014", "00-12-A", "HSHETARPW406", "A/12", "MAR-12", "12E", "1234567890123"])
def test_codes_are_kept_as_typed(read, code):
    row = read(f"code;name;qty\n{code};Tent;5\n").rows[0]
    assert (row.item_code, row.flags) == (code, ())


def test_another_line_of_the_item_proves_a_damaged_code(read):
    reading = read("code;name;qty;lot\n380123456789;Saline;5;L1\n3.80E+11;Saline;7;L2\n")
    assert [(row.item_code, row.flags) for row in reading.rows] == [("380123456789", ()), ("380123456789", ())]


@pytest.mark.parametrize(
    ("typed", "code", "name"),
    [("0014 - Брашно", "0014", "Брашно"), ("[AB12] Tent", "AB12", "Tent"), ("0014 Брашно", "0014", "Брашно"),
    ("KREL-01: Kit", "KREL-01", "Kit"),
     ("Tent - family", None, "Tent - family"), ("4x6 - Tarpaulin", None, "4x6 - Tarpaulin"),
     ("10 l - can", None, "10 l - can"), ("Генератор 5,5 kVA", None, "Генератор 5,5 kVA")],
)  # fmt: skip
def test_codes_glued_to_names_are_split_off(read, typed, code, name):
    row = read(f"name;qty\n{typed};5\n").rows[0]
    assert (row.item_code, row.item_name) == (code, name)


def test_control_characters_leave_the_text(read):
    assert read("name;qty\nTent\x07 big;5\n").rows[0].item_name == "Tent big"
