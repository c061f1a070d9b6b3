"""Blocks in several languages: one thing is shown once, nothing is hidden by a pairing that cannot be told."""

import pytest

from tests.domain.alert_words import area, block
from xstock_node.domain.warning_languages import pairs, shown

RO, HU = block("ro", event="Inundație"), block("hu", event="Árvíz")


def test_two_languages_of_one_event_and_area_are_one_and_shown_in_the_wanted_one() -> None:
    (speech,) = pairs([block("en"), RO, HU])
    assert speech.blocks == (block("en"), RO, HU) and not speech.unpaired
    assert [one.block.language for one in shown([speech], ["hu", "ro"])] == ["hu"]
    (fallback,) = shown([speech], ["bg"])
    assert fallback.fallback and fallback.block.language == "en"


def test_a_block_without_a_partner_is_shown_and_marked() -> None:
    other = block("ro", areas=(area("RO002"),))
    found = shown(pairs([block("en"), RO, other]), ["en"])
    assert [(one.block, one.fallback, one.unpaired) for one in found] == [
        (block("en"), False, False),
        (other, True, True),
    ]
    assert not pairs([block("en"), block("en", severity="Minor")])[0].unpaired


@pytest.mark.parametrize(
    "other",
    [
        block("ro", severity="Minor"),
        block("ro", onset=7),
        block("ro", expires=7),
        block("ro", areas=(area("RO002"),)),
        block("ro", areas=(area(words="Orașul de jos"),)),
    ],
    ids=["gravity", "onset", "expires", "code", "words alone"],
)
def test_what_differs_is_not_paired(other: object) -> None:
    assert len(pairs([block("en"), other])) == 2  # type: ignore[list-item]


def test_where_it_cannot_be_told_which_belongs_to_which_all_are_shown() -> None:
    found = shown(pairs([block("en", event="Wind"), block("en", event="Rain"), block("ro", event="Vânt")]), ["ro"])
    assert [one.block.event for one in found] == ["Wind", "Rain", "Vânt"] and all(one.unpaired for one in found)


def test_a_language_that_is_not_said_is_never_taken_for_a_wanted_one() -> None:
    (found,) = shown(pairs([block("")]), ["en"])
    assert found.fallback and not found.unpaired


@pytest.mark.parametrize(
    ("wanted", "found"), [("sr-Latn", "sr-Latn-RS"), ("sr-Cyrl", "sr"), ("hr", "hr-HR"), ("s", "en")]
)
def test_tags_are_looked_up_from_the_narrow_to_the_wide(wanted: str, found: str) -> None:
    blocks = [block(language) for language in ("en", "sr", "sr-Latn-RS", "hr-HR")]
    assert shown(pairs(blocks), [wanted])[0].block.language == found
