"""Candidates are ordered, say why, and never take one thing for another because the letters are alike."""

from collections.abc import Callable

import pytest

from xstock_node.domain.catalogue import Catalogue, Category, Item
from xstock_node.domain.matching import HEAD_DIFFERS_AT_MOST, Candidate, candidates
from xstock_node.domain.reasons import sentence
from xstock_node.domain.stock import StockLine

Make = Callable[..., StockLine]


def first(line: StockLine, catalogue: Catalogue) -> Candidate:
    return candidates(line, catalogue)[0]


@pytest.mark.parametrize(
    ("name", "code", "reason"),
    [
        ("Obiteljski šator 16 m²", "HSHETENTF16C", "same_name"),
        ("ПОРОДИЧНИ ШАТОР 16 m2", "HSHETENTF16C", "same_name"),
        ("Palatka semejna 16 kv.m", "HSHETENTF16C", "same_name"),
        ("раскладушка", "CP-CAMPBED", "same_synonym"),
        ("Одеяло полушерстяно", "HSHEBLANWHT1", "same_synonym"),
        ("šator obiteljski", "HSHETENTF16C", "all_words"),
        ("Agregat 30kVA", "EGENDIGE030T", "all_words"),
        ("Feldbetten klappbar", "CP-CAMPBED", "alike"),
        ("family tents 16m2", "HSHETENTF16C", "alike"),
        ("Потопна пумпа", "KWATPUMESE01", "same_synonym"),
    ],
)
def test_the_right_item_comes_first_and_says_why(
    make_line: Make, shipped: Catalogue, name: str, code: str, reason: str
) -> None:
    best = first(make_line(name), shipped)
    assert (best.code, best.reason.code) == (code, reason)


def test_a_catalogue_code_in_the_list_is_taken_at_its_word(make_line: Make, shipped: Catalogue) -> None:
    line = make_line("Decke", item_code="hshetentf16c")
    assert first(line, shipped) == Candidate("HSHETENTF16C", 100, first(line, shipped).reason)
    assert first(line, shipped).reason.code == "same_code"


NETS = Catalogue(
    Item(code=code, scheme="ifrc", names={"en": name}, category=Category.SHELTER)
    for code, name in [
        ("COIL", "MOSQUITO COIL, one pack"),
        ("NET", "MOSQUITO NET, LLIN, rectangular large"),
        ("PLATE", "INSULATING PLATE, for tent canvas protection"),
        ("TENT", "TENT, FAMILY, 16 m2"),
    ]
)


def test_a_net_does_not_tie_with_a_coil(make_line: Make) -> None:
    for name in ("mosquito net", "Mosquito nets", "NET, mosquito"):
        scores = {found.code: found for found in candidates(make_line(name), NETS)}
        assert scores["NET"].score >= 70, name
        coil = scores.get("COIL")
        assert coil is None or (coil.score <= HEAD_DIFFERS_AT_MOST and coil.reason.code == "head_differs")


def test_the_noun_decides_where_a_word_is_only_mentioned(make_line: Make) -> None:
    found = candidates(make_line("tent"), NETS)
    assert found[0].code == "TENT"
    assert all(other.score <= HEAD_DIFFERS_AT_MOST for other in found[1:])


def test_figures_tell_two_sizes_apart(make_line: Make, shipped: Catalogue) -> None:
    small = first(make_line("Generator diesel 6 kVA 230 V"), shipped)
    assert small.code == "EGENDIGE006T"


def test_nothing_alike_gives_nothing(make_line: Make, shipped: Catalogue) -> None:
    assert candidates(make_line("Wassertankwagen"), shipped) == []
    assert candidates(make_line(None), shipped) == []


def test_at_most_so_many_the_best_first_each_code_once(make_line: Make, shipped: Catalogue) -> None:
    found = candidates(make_line("Deka"), shipped, limit=2)
    assert len(found) == 2
    everything = candidates(make_line("Deka"), shipped, limit=50)
    assert [c.score for c in everything] == sorted((c.score for c in everything), reverse=True)
    assert len({c.code for c in everything}) == len(everything)


def test_every_reason_has_its_sentence(make_line: Make, shipped: Catalogue) -> None:
    for name in ("Deka", "šator obiteljski", "Feldbetten klappbar", "family food"):
        for found in candidates(make_line(name), shipped):
            assert found.reason.params["name"] in sentence(found.reason)
