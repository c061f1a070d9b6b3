"""The six invented stores: settings hold together, the stock gives something to share and something to refuse."""

from collections.abc import Callable, Sequence
from datetime import date
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from xstock_node.domain.catalogue import LANGUAGES, Catalogue
from xstock_node.domain.folding import fold, words
from xstock_node.domain.mapping import keys_of
from xstock_node.domain.share_rules import refs_of
from xstock_node.domain.sharing import Proposal
from xstock_node.domain.stock import StockLine
from xstock_node.plugins import FileReading, ReadHints, Registry

Share = Callable[[Sequence[StockLine], date], Proposal]
TODAYS = [date(2026, 6, 1), date(2027, 3, 28)]
EXERCISE_WORDS = {"at": "Übung", "bg": "учение", "hr": "vježba", "me": "vježba", "mk": "вежба", "rs": "вежба"}
LINES = {"at": 22, "bg": 21, "hr": 23, "me": 21, "mk": 22, "rs": 23}
REJECTED = {"rs": 1}
TENT = "HSHETENTF16C"


def test_settings_are_whole_and_invented(country: str, settings: Any, stock_file: Path) -> None:
    node = settings.node
    assert node["name"] == f"ns.{country}.exercise.example"
    assert node["country"] == country.upper()
    assert set(node["organisation"]) == set(node["languages"]) <= set(LANGUAGES)
    assert EXERCISE_WORDS[country] in node["organisation"][node["languages"][0]]
    assert stock_file.is_file()
    assert all(f"{node[axis]:.1f}" == str(node[axis]) for axis in ("lat", "lon"))


def test_what_was_confirmed_stands_in_the_file_and_in_the_catalogue(
    country: str, settings: Any, plain: list[StockLine], catalogue: Catalogue
) -> None:
    for entry in settings.confirm:
        assert entry.code in catalogue
        assert entry.factor > 0
        assert keys_of(country, plain, entry.local, entry.unit), entry


def test_no_line_is_confirmed_twice(country: str, settings: Any, plain: list[StockLine]) -> None:
    keys = [key for entry in settings.confirm for key in keys_of(country, plain, entry.local, entry.unit)]
    assert len(keys) == len(set(keys))


def test_the_text_files_are_in_the_encoding_of_their_country(country: str, stock_file: Path) -> None:
    raw = stock_file.read_bytes()
    if stock_file.suffix == ".xlsx":
        assert raw.startswith(b"PK")
    elif country == "rs":
        assert "шатор" in raw.decode("utf-8")
    else:
        with pytest.raises(UnicodeDecodeError):
            raw.decode("utf-8")


def test_each_store_has_its_lines(country: str, plain: list[StockLine]) -> None:
    assert len(plain) == LINES[country]


@pytest.mark.parametrize("today", TODAYS, ids=str)
def test_there_is_enough_to_share_and_to_refuse(share: Share, plain: list[StockLine], today: date) -> None:
    proposal = share(plain, today)
    assert len({offer.code for offer in proposal.offers}) >= 8
    offered = refs_of(proposal.offers)
    reasons = {note.reason.code for note in proposal.not_offered if note.ref not in offered}
    assert "unmapped" in reasons
    assert len(reasons) >= 4, reasons


def test_goods_that_must_stay_do_stay(share: Share, plain: list[StockLine]) -> None:
    proposal = share(plain, TODAYS[1])
    offered = {offer.code for offer in proposal.offers}
    assert not offered & {"CP-MORPHINE", "DINJINSH10VR", "DVASVTET4A", "CP-DIESEL", "CP-CLOTHES-USED"}
    expired = {plain[int(note.ref)].expiry for note in proposal.not_offered if note.reason.code == "expired"}
    assert expired and all(str(expiry) < "2025" for expiry in expired)
    below = [note for note in proposal.not_offered if note.reason.code == "kept_absolute" and not note.partly]
    assert below


def test_sator_finds_the_tents_of_both_scripts(
    country: str, share: Share, plain: list[StockLine], catalogue: Catalogue
) -> None:
    tents = [offer for offer in share(plain, TODAYS[1]).offers if offer.code == TENT]
    assert tents
    if country in ("hr", "me", "mk", "rs"):
        assert all("sator" in words(offer.name) for offer in tents)
    assert TENT in catalogue.codes_matching("sator")
    assert any(TENT in catalogue.codes_named(offer.name) for offer in tents)


@pytest.fixture
def reading(settings: Any, stock_file: Path) -> FileReading:
    """The file as the spreadsheet plugin reads it, where that is installed."""
    if find_spec("xstock_spreadsheet") is None:
        pytest.skip("the spreadsheet plugin is not installed")
    registry = Registry()
    import_module("xstock_spreadsheet").xstock_register(registry)
    reader = next(one for one in registry.file_readers.values() if stock_file.suffix in one.suffixes)
    hints = ReadHints(today="2027-03-28", language=settings.node["languages"][0])
    return reader.read(stock_file, hints)


def test_the_reader_of_the_shelf_takes_every_line(country: str, reading: FileReading, plain: list[StockLine]) -> None:
    assert reading.error is None, reading.error_text
    assert len(reading.rejected) == REJECTED.get(country, 0)

    def facts(line: StockLine) -> tuple[object, ...]:
        return (line.item_code, fold(line.item_name or ""), line.quantity, line.unit, line.location, line.expiry)

    assert sorted(map(str, map(facts, reading.rows))) == sorted(map(str, map(facts, plain)))


def test_what_the_reader_takes_leads_to_the_same_offers(
    share: Share, reading: FileReading, plain: list[StockLine]
) -> None:
    def facts(proposal: Proposal) -> list[tuple[object, ...]]:
        return [(offer.code, offer.place) for offer in proposal.offers]

    assert facts(share(reading.rows, TODAYS[1])) == facts(share(plain, TODAYS[1]))
