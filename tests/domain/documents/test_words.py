"""Words of papers: every language says the same things, and no paper, table or code is left without words."""

import string
from typing import Any

import msgspec
import pytest

from xstock_node.domain.consignments import EventKind, HandlingClass, Mode
from xstock_node.domain.documents.facts import Filing
from xstock_node.domain.documents.words import WordFile, Words, parse_words
from xstock_node.domain.fields import FieldError
from xstock_node.domain.items import BaseUnit
from xstock_node.domain.terms import Regime, Terms
from xstock_node.services.documents.library import DATA, customs_facts, documents, word_files

FILES = word_files()
ENGLISH = FILES["en"]
OTHERS = sorted(set(FILES) - {"en"})
LATIN = dict(zip("абвгдђежзијклмнопрстћуфхцчш", "abvgdđežzijklmnoprstćufhcčš", strict=True)) | {
    "љ": "lj", "њ": "nj", "џ": "dž",
}  # fmt: skip


def sections(file: WordFile) -> dict[str, dict[str, str]]:
    return {name: value for name, value in msgspec.structs.asdict(file).items() if isinstance(value, dict)}


def holes(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_the_languages_of_the_region_are_there() -> None:
    region = {"en", "bg", "ro", "hr", "sr-Latn", "sr-Cyrl", "uk", "de", "mk", "cnr", "sq", "bs", "sl"}
    assert region | {"ru", "tr", "kk", "ky"} <= set(FILES)


@pytest.mark.parametrize("language", OTHERS)
def test_every_language_has_the_keys_of_english_in_its_order_and_no_empty_word(language: str) -> None:
    for name, own in sections(FILES[language]).items():
        assert list(own) == list(sections(ENGLISH)[name]), name
        assert all(text.strip() == text and text for text in own.values()), name


@pytest.mark.parametrize("language", OTHERS)
def test_declarations_are_translated_and_name_the_same_parties_and_dates(language: str) -> None:
    for key, text in FILES[language].say.items():
        assert holes(text) == holes(ENGLISH.say[key]), key
        assert text != ENGLISH.say[key], key


def test_serbian_in_latin_script_is_the_exact_transliteration_of_the_cyrillic() -> None:
    def latin(text: str) -> str:
        return "".join(LATIN.get(sign.lower(), sign.lower()) for sign in text)

    for name, own in sections(FILES["sr-Cyrl"]).items():
        assert {key: latin(text) for key, text in own.items()} == {
            key: text.lower() for key, text in sections(FILES["sr-Latn"])[name].items()
        }


def test_every_paper_field_table_and_signer_has_words() -> None:
    library = documents()
    for document in library.documents.values():
        assert document.code in ENGLISH.title
        assert set(document.fields) <= set(ENGLISH.label) and set(document.say) <= set(ENGLISH.say)
        assert {name.rpartition(".")[2] for name in document.signs} <= set(ENGLISH.role)
    assert {column for table in library.tables.values() for column in table.columns} <= set(ENGLISH.label)
    rules = customs_facts().papers
    assert {rule.code for rule in rules} <= set(ENGLISH.title)
    assert {name.rpartition(".")[2] for rule in rules for name in rule.signs} <= set(ENGLISH.role)


@pytest.mark.parametrize(
    ("section", "codes"),
    [
        ("terms", Terms), ("regime", Regime), ("unit", BaseUnit), ("handling", HandlingClass), ("mode", Mode),
        ("event", EventKind), ("filing", Filing),
    ],
)  # fmt: skip
def test_every_code_of_a_closed_list_has_a_word_and_no_word_is_left_over(section: str, codes: Any) -> None:
    assert set(sections(ENGLISH)[section]) == {str(one) for one in codes}


def test_a_paper_speaks_at_most_three_languages_each_once_and_english_where_a_language_is_missing() -> None:
    assert Words(FILES, ["bg", "ro", "en", "de"]).languages == ("bg", "ro", "en")
    assert Words(FILES, ["el", "en"]).languages == ("en",)
    assert Words(FILES, ["de-AT", "sr"]).languages == ("de", "sr-Cyrl")
    assert Words(FILES, []).languages == ("en",)


def test_a_missing_name_of_a_thing_is_marked_and_one_of_an_organisation_is_its_own() -> None:
    words = Words(FILES, ["bg", "en"])
    assert words.name({"en": "Tent"}, "T") == ("Tent [en]", "Tent")
    assert words.name({}, "T") == ("T", "T")
    assert words.legal_name({"mk": "Црвен крст"}) == ("Црвен крст", "Црвен крст")


def test_a_file_of_words_that_lacks_a_section_is_refused() -> None:
    data = (DATA / "words" / "en.toml").read_bytes()
    with pytest.raises(FieldError, match="compare with the English file"):
        parse_words(data.replace(b"[filing]", b"[filings]"))
