"""Habits of csv files: encodings, delimiters, headers, sums, signatures, half-written ends."""

from decimal import Decimal

import pytest

HEAD = "Код;Наименование;Мярка;Количество;Склад;Партида;Срок на годност\n"
ROW = "0001;Палатка семейна;бр.;120;София;П-1;30.06.2027\n"
ROW_2 = "0002;Одеяло полушерстяно;бр.;3 250;Варна;;\n"


@pytest.mark.parametrize("encoding", ["cp1251", "koi8-r", "cp866", "iso8859-5", "utf-8-sig", "utf-16", "utf-16-le"])
def test_cyrillic_lists_read_the_same_in_every_code_page(read, encoding):
    text = HEAD.replace("\n", "\r\n") + ROW + ROW_2
    reading = read(text.encode(encoding))
    assert [row.item_name for row in reading.rows] == ["Палатка семейна", "Одеяло полушерстяно"]
    assert reading.rows[1].quantity == Decimal(3250)


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        (
            "cp1250",
            "Šifra;Naziv artikla;Jed. mjere;Količina\n01;Šator obiteljski;kom;12\n02;Deka čupava, đačka;kom;7\n",
        ),
        ("iso8859-2", "Šifra;Naziv artikla;Jed. mjere;Količina\n01;Šator obiteljski;kom;12\n02;Ćebe za žene;kom;7\n"),
        ("cp1253", "Κωδικός;Περιγραφή;Μονάδα;Ποσότητα\nΑ1;Σκηνή οικογενειακή;τεμ;12\nΑ2;Κουβέρτα;τεμ;7\n"),
        ("cp1254", "Kod;Malzeme adı;Birim;Miktar\nA1;Kışlık çadır, ağır;adet;12\nA2;Battaniye yünlü;adet;7\n"),
        ("cp1252", "Réf;Désignation;Unité;Quantité\nA1;Bâche renforcée à œillets;pièce;12\nA2;Couverture;pièce;7\n"),
        ("cp1252", "Artikelnr;Bezeichnung;Einheit;Menge\nA1;Zelt für Familien, groß;Stk;12\nA2;Wärmedecke;Stk;7\n"),
    ],
)
def test_latin_and_greek_lists_keep_their_letters(read, encoding, text):
    reading = read(text.encode(encoding))
    assert [row.item_name for row in reading.rows] == [line.split(";")[1] for line in text.splitlines()[1:]]
    assert [row.unit for row in reading.rows] == ["pcs", "pcs"]


def test_profile_encodings_come_before_detection(read):
    reading = read((HEAD + ROW).encode("cp1251"), encodings=("cp1251",))
    assert reading.encoding == "cp1251"


def test_a_line_in_another_encoding_is_rejected_and_the_rest_read(read):
    reading = read((HEAD + ROW).encode() + ROW_2.encode("cp1251") + ROW.replace("0001", "0003").encode())
    assert [(line.line, line.reason) for line in reading.rejected] == [(3, "encoding")]
    assert [row.item_code for row in reading.rows] == ["0001", "0003"]


def test_a_utf8_line_in_an_old_code_page_is_rejected(read):
    other = [ROW.replace("0001", f"000{n}").replace("П-1", f"П-{n}") for n in range(3, 8)]
    reading = read((HEAD + ROW).encode("cp1251") + ROW_2.encode() + "".join(other).encode("cp1251"))
    assert [(line.line, line.reason) for line in reading.rejected] == [(3, "encoding")]


@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"])
def test_delimiters_are_found(read, delimiter):
    rows = [["code", "name", "qty", "unit"], ["A1", "Tent", "5", "pcs"], ["A2", "Rope", "7", "m"]]
    reading = read("\n".join(delimiter.join(row) for row in rows) + "\n")
    assert reading.delimiter == delimiter
    assert [row.quantity for row in reading.rows] == [5, 7]


def test_a_sep_line_is_obeyed(read):
    reading = read("sep=|\ncode|name|qty\nA1|Tent; big|5\n")
    assert reading.rows[0].item_name == "Tent; big"
    assert reading.rows[0].line == 3


def test_quoted_line_breaks_keep_the_file_s_line_numbers(read):
    reading = read('code,name,qty\nA1,"Tent,\nbig ""XL""",5\nA2,Rope,7\n')
    assert [(row.line, row.item_name) for row in reading.rows] == [(2, 'Tent, big "XL"'), (4, "Rope")]


def test_an_inch_mark_does_not_swallow_the_file(read):
    reading = read('code;name;qty\nA1;Pipe 2" steel;5\nA2;"2 pipe;6\nA3;Rope;7\n')
    assert [row.quantity for row in reading.rows] == [5, 6, 7]


def test_a_half_written_last_line_is_rejected(read):
    reading = read(HEAD + ROW + "0002;Одеяло полуш")
    assert [(line.line, line.reason) for line in reading.rejected] == [(3, "incomplete_line")]
    assert len(reading.rows) == 1


def test_a_file_torn_within_a_letter_is_half_written(read):
    reading = read((HEAD + ROW + ROW_2).encode() + "0003;Помпа".encode()[:-1])
    assert [(line.line, line.reason) for line in reading.rejected] == [(4, "incomplete_line")]


def test_a_whole_last_line_without_line_end_is_read(read):
    assert len(read(HEAD + ROW + ROW_2.rstrip("\n")).rows) == 2


def test_an_undelimited_comma_in_a_name_is_reported_not_shifted(read):
    reading = read("code,name,qty,unit\nA1,Tent, big,5,pcs\nA2,Rope,7,m\n")
    assert [(line.line, line.reason) for line in reading.rejected] == [(2, "too_many_columns")]


def test_titles_dates_and_headers_above_are_skipped_and_the_date_is_read(read):
    reading = read("Складова наличност\nкъм дата 15.11.2026 г.\n\n" + HEAD + ROW)
    assert reading.as_of == "2026-11-15"
    assert reading.skipped_lines == [1, 2, 3, 4]


@pytest.mark.parametrize(
    "title",
    ["Залишки станом на 15.11.2026", "Stand: 15.11.2026", "Stanje na dan 15.11.2026.", "Stock as of 15 November 2026",
     "Остатки на 15 ноября 2026 г.", "Stanje na dan 15. studenoga 2026.", "станом на 15 листопада 2026 року",
     "État du stock au 15/11/2026", "Stok durumu 15.11.2026 tarihi itibarıyla", "La data de 15.11.2026",
     "Report date: 2026-11-15"],
)  # fmt: skip
def test_the_date_of_the_list_is_found_in_titles(read, title):
    assert read(f"{title}\ncode;name;qty\nA1;Tent;5\n").as_of == "2026-11-15"


def test_repeated_headers_groups_and_sums_are_no_stock(read):
    text = HEAD + "ПОДСЛОН;;;;;;\n" + ROW + ";Общо ПОДСЛОН;;120;;;\n" + HEAD + ROW_2 + "ВСИЧКО:;;;3370;;;\n"
    reading = read(text)
    assert [(row.line, row.category) for row in reading.rows] == [(3, "ПОДСЛОН"), (6, None)]
    assert reading.skipped_lines == [2, 4, 5, 7]


@pytest.mark.parametrize(
    "word",
    ["Ukupno", "Svega", "Итого", "Разом", "Всього", "Toplam", "Genel Toplam", "Σύνολο", "Summe", "Gesamt",
    "Total général",
     "Sous-total", "Skupaj", "Вкупно", "Totali", "Barlığı".replace("Barlığı", "Барлығы"), "Grand total",
     "Total general", "Zwischensumme:"],
)  # fmt: skip
def test_sums_are_known_in_every_language(read, word):
    reading = read(f"name;unit;qty\nTent;pcs;5\n{word};;5\n")
    assert len(reading.rows) == 1
    assert reading.skipped_lines == [3]


def test_a_nameless_sum_is_skipped(read):
    reading = read("code;name;qty\nA1;Tent;5\nA2;Rope;7\n;;12\n")
    assert reading.skipped_lines == [4]
    assert not reading.rejected


@pytest.mark.parametrize(
    "line",
    ["МОЛ: ......... /И. Иванов/", "Подпис: _______ И. Иванов", "Odgovorna osoba: I. Иванов",
    "Prepared by: Иванов", "Склав: Иванов",
     "Кладовщик ________ Иванов", "Întocmit: Иванов", "Hazırlayan: Иванов", "Unterschrift: Иванов",
     "Établi par : Иванов"],
)  # fmt: skip
def test_signatures_are_skipped_and_names_stay_out(read, line):
    reading = read(f"name;unit;qty\nTent;pcs;5\n\n{line};;\nИ. Иванов;;\n")
    assert reading.skipped_lines == [3, 4, 5]
    assert "Иванов" not in repr(reading)


def test_personal_columns_are_dropped(read):
    reading = read(
        "Наименование;К-во;МОЛ;Телефон;E-mail\nПалатка;5;И. Иванов;0888 123456;i@example.org\nОдеяло;?;П. Петров;1;x\n"
    )
    assert "Иванов" not in repr(reading)
    assert "Петров" not in repr(reading)
    assert "0888" not in repr(reading)


def test_numbering_columns_are_ignored(read):
    reading = read("Р. бр.;Назив;Јед. мере;Количина\n1;Шатор;ком;5\n2;Ћебе;ком;7\n")
    assert [(row.item_code, row.item_name, row.unit) for row in reading.rows] == [
        (None, "Шатор", "pcs"),
        (None, "Ћебе", "pcs"),
    ]


def test_a_two_line_header_is_joined(read):
    text = "№;Найменування;Од. вим.;Кількість;;;Термін придатності\n"
    text += ";;;всього;в т.ч. зарезервовано;непридатні;\n1;Намет;шт;14;4;1;\n"
    row = read(text).rows[0]
    assert (row.quantity, row.reserved, row.damaged, row.available) == (14, 4, 1, 9)


def test_columns_without_headers_are_guessed_and_asked(read):
    reading = read("0001;Палатка семейна;бр.;120;София\n0002;Одеяло;бр.;3250;Варна\n")
    assert [(row.item_code, row.quantity, row.location) for row in reading.rows] == [
        ("0001", 120, "София"),
        ("0002", 3250, "Варна"),
    ]
    assert any("no headers" in question for question in reading.must_ask)


def test_confirmed_columns_win_over_guesses(read):
    reading = read("A;B;C\nTent;5;Niš\n", columns={"A": "item_name", "B": "quantity", "C": "location"})
    assert [(row.item_name, row.quantity, row.location) for row in reading.rows] == [("Tent", 5, "Niš")]


def test_turnover_sheets_take_the_closing_balance(read):
    text = "Наименование;Ед. изм.;Остаток на начало;Приход;Расход;Остаток на конец\nПалатка;шт;10;5;3;12\n"
    assert read(text).rows[0].quantity == 12


@pytest.mark.parametrize("raw", [b"", b"\xef\xbb\xbf", b"\n\n  \n", b";;;\n;;;\n"])
def test_an_empty_file_is_refused(read, raw):
    assert read(raw).error == "empty_file"


@pytest.mark.parametrize(
    "raw",
    [
        b"\x89PNG\r\n\x1a\n\0\0\0",
        b"code;name;qty\nA1;T\0ent;5\n",
        b"\x00\x01\x02" * 50,
        b"%PDF-1.7 abc",
        b"<html><body>",
    ],
)
def test_what_is_no_text_is_unreadable(read, raw):
    reading = read(raw)
    assert reading.error == "unreadable_file"
    assert "expected" in reading.error_text and "came" in reading.error_text


def test_prose_is_refused_for_its_missing_header(read):
    assert read("Dear colleagues,\nplease find the list attached.\n").error == "no_header"


def test_minimum_levels_are_asked_about(read):
    assert read("name;qty\nTent;5\n", name="inv_minimum.csv").must_ask
