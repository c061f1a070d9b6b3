"""The list of items that ships, and finding things in it by a word of any language."""

from decimal import Decimal
from pathlib import Path

import pytest

import xstock_node.domain.catalogue as room
from xstock_node.domain.catalogue import (
    LANGUAGES,
    BaseUnit,
    Catalogue,
    CatalogueError,
    Category,
    Item,
    Kind,
    Storage,
    parse_catalogue,
)
from xstock_node.domain.folding import fold

DATA = (Path(room.__file__).parent / "data" / "catalogue.toml").read_bytes()
TENT = "HSHETENTF16C"


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return parse_catalogue(DATA)


def test_every_item_has_a_name_in_every_language(catalogue: Catalogue) -> None:
    assert len(catalogue) == 46
    for item in catalogue.all():
        assert tuple(item.names) == LANGUAGES, item.code
        assert set(item.synonyms) <= set(LANGUAGES), item.code


def test_schemes_and_codes_belong_together(catalogue: Catalogue) -> None:
    for item in catalogue.all():
        assert item.code.startswith("CP-") == (item.scheme == "cp")
        assert (item.kind is Kind.TEAM) == (item.category is Category.TEAM)
        assert item.hs is None or (len(item.hs) == 6 and item.hs.isdigit())
    assert {item.category for item in catalogue.all()} == set(Category) - {Category.OTHER}


LATIN = dict(zip("абвгдђежзијклмнопрстћуфхцчш", "abvgdđežzijklmnoprstćufhcčš", strict=True))
LATIN |= {"љ": "lj", "њ": "nj", "џ": "dž"}
LATIN |= {letter.upper(): latin.capitalize() for letter, latin in LATIN.items()}


def transliterated(text: str) -> str:
    return "".join(LATIN.get(letter, letter) for letter in text)


def test_serbian_latin_is_the_transliteration(catalogue: Catalogue) -> None:
    for item in catalogue.all():
        assert item.names["sr-Latn"] == transliterated(item.names["sr-Cyrl"])
        cyrillic = item.synonyms.get("sr-Cyrl", [])
        assert item.synonyms.get("sr-Latn", []) == [transliterated(word) for word in cyrillic]


@pytest.mark.parametrize("lang", ["bg", "mk", "sr-Cyrl", "uk", "ru", "kk"])
def test_names_of_cyrillic_languages_have_no_strayed_latin_words(catalogue: Catalogue, lang: str) -> None:
    for item in catalogue.all():
        for word in item.names[lang].split():
            letters = [letter for letter in word if letter.isalpha()]
            scripts = {letter.isascii() for letter in letters}
            assert len(scripts) < 2, (item.code, word)


def test_what_comes_with_people_says_its_module_and_whose_word_its_days_are(catalogue: Catalogue) -> None:
    teams = [item for item in catalogue.all() if item.kind is Kind.TEAM]
    assert {item.code for item in teams} >= {"CP-HCP", "CP-WP", "CP-KITCHEN-CREW"}
    for item in teams:
        assert item.module and not item.expirable and item.multiple == 1, item.code
        assert item.source or item.self_sufficiency_days is None, item.code
    assert not [item.code for item in catalogue.all() if item.kind is Kind.GOODS and item.module]


def test_classes_that_keep_goods_at_home(catalogue: Catalogue) -> None:
    def codes(**wanted: object) -> set[str]:
        return {i.code for i in catalogue.all() if all(getattr(i, k) == v for k, v in wanted.items())}

    assert codes(controlled=True) == {"CP-MORPHINE"}
    assert codes(storage=Storage.COLD_CHAIN) == {"DVASVTET4A", "DINJINSH10VR"}
    assert codes(excluded="fuel") == {"CP-DIESEL"}
    assert codes(excluded="used_clothing") == {"CP-CLOTHES-USED"}
    assert codes(medical=True) == codes(category=Category.MEDICAL)


def test_facts_of_the_standard_catalogue_are_carried_over(catalogue: Catalogue) -> None:
    tent = catalogue.get(TENT)
    assert tent is not None
    assert (tent.net_kg, tent.m3, tent.unit) == (Decimal("55"), Decimal("0.28175"), BaseUnit.PIECE)
    blanket = catalogue.get("HSHEBLANPHT1")
    assert blanket is not None
    assert (blanket.m3, blanket.multiple) == (None, Decimal(10))


@pytest.mark.parametrize(
    "text",
    ["sator", "šator", "ШАТОР", "палатка", "намет", "cort", "çadër", "шатыр", "σκηνή", "çadır", "Zelt", "šotor",
     "tent", "шатёр", "Obiteljski sator 16", "porodični ša", "палатки"],
)  # fmt: skip
def test_a_tent_is_found_in_every_language(catalogue: Catalogue, text: str) -> None:
    assert TENT in catalogue.codes_matching(text)


def test_every_name_of_every_language_finds_its_item(catalogue: Catalogue) -> None:
    for item in catalogue.all():
        for name in item.names.values():
            assert item.code in catalogue.codes_matching(name)
            assert item.code in catalogue.codes_named(name.upper())


def test_all_words_have_to_match(catalogue: Catalogue) -> None:
    assert catalogue.codes_matching("agregat 30") == ["EGENDIGE030T"]
    assert catalogue.codes_matching("шатор агрегат") == []
    assert catalogue.codes_matching("ator") == []
    assert catalogue.codes_matching(" , ") == []
    assert catalogue.codes_matching("pumpa")[:2] == ["KWATPUMCRW03", "KWATPUMESE01"]


def test_a_name_that_falls_back_says_so(catalogue: Catalogue) -> None:
    assert catalogue.name(TENT, "hr") == "Obiteljski šator 16 m²"
    assert catalogue.name(TENT, "de-AT") == "Familienzelt 16 m²"
    assert catalogue.name(TENT, "sr") == "Породични шатор 16 м²"
    assert catalogue.name(TENT, "fi") == "Family tent 16 m2, double fly, groundsheet [en]"
    assert catalogue.name("NOTHING", "hr") == "NOTHING [?]"
    found = catalogue.name_in(TENT, "fi", "sq")
    assert found is not None and found.lang == "sq"
    assert catalogue.name_in("NOTHING", "hr") is None


def test_an_operators_items_replace_and_stand_beside(catalogue: Catalogue) -> None:
    own = Item(code=TENT, scheme="ifrc", names={"en": "Tent, ours"}, category=Category.SHELTER)
    new = Item(code="KHD-1", scheme="local:at", names={"en": "Slipper"}, category=Category.CLOTHING)
    merged = catalogue.overlay([own, new])
    assert len(merged) == 47 and merged.all()[0] is own
    assert merged.codes_matching("slipp") == ["KHD-1"]
    assert catalogue.get("KHD-1") is None and "KHD-1" in merged
    assert merged.in_category("clothing")[-1] is new


GOOD = '[[item]]\ncode = "A"\nscheme = "cp"\ncategory = "other"\n[item.names]\nen = "Thing"\n'


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("[[item]", "TOML"),
        (GOOD.replace('"other"', '"stuff"'), "stuff"),
        (GOOD.replace("[item.names]", "crew = 4\n[item.names]"), "teams"),
        (GOOD.replace("[item.names]", 'kind = "team"\ncrew = 0\n[item.names]'), "above zero"),
        (GOOD.replace("[item.names]", 'kind = "team"\nmultiple = "0.5"\n[item.names]'), "whole"),
        (GOOD.replace('"cp"', '"ebay"'), "scheme"),
        (GOOD.replace('"cp"', '"local:"'), "scheme"),
        (GOOD.replace("en =", "de ="), "English"),
        (GOOD.replace('"Thing"', '" - "'), "letters"),
        (GOOD.replace('code = "A"', 'code = " A"'), "code"),
        (GOOD.replace("scheme", 'net_kg = "0"\nscheme'), "left out where unknown"),
        (GOOD.replace("scheme", 'm3 = "NaN"\nscheme'), "left out where unknown"),
        (GOOD.replace("scheme", 'multiple = "-1"\nscheme'), "multiple"),
        (GOOD.replace("scheme", 'colour = "red"\nscheme'), "colour"),
        (GOOD.replace("scheme", 'unit = "pcs"\nscheme'), "pcs"),
        (GOOD + GOOD, "once"),
    ],
)
def test_a_broken_list_is_refused_with_expected_came_and_do(text: str, word: str) -> None:
    with pytest.raises(CatalogueError, match=r"expected .*; came .*; ") as refused:
        parse_catalogue(text.encode())
    assert word in str(refused.value)


def test_bytes_that_are_no_utf8_are_refused() -> None:
    with pytest.raises(CatalogueError):
        parse_catalogue(b"\xff\xfe")


def test_no_two_items_share_an_exact_name(catalogue: Catalogue) -> None:
    for item in catalogue.all():
        for lang, name in item.names.items():
            same = [other.code for other in catalogue.all() if fold(other.names[lang]) == fold(name)]
            assert same == [item.code]
