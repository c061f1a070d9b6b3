"""Catalogues: placeholders and plurals are right, what nobody has reviewed says so, deciding words keep the English."""

import pytest

from tests import told_texts, translations
from tests.console.conftest import Enter
from xstock_node.console.languages import BY_CODE, LANGUAGES
from xstock_node.domain.rights import Role
from xstock_node.i18n import catalogue


@pytest.mark.parametrize(
    "language", [one for one in LANGUAGES if translations.path_of(one).is_file()], ids=lambda x: x.code
)
def test_no_translation_loses_a_placeholder_or_a_plural(language: translations.Language) -> None:
    held = translations.read(language)
    assert list(translations.faults(language, held)) == []
    assert translations.covered(language, held).reviewed == 0, "nobody has reviewed any yet"


def test_the_catalogues_have_the_texts_of_today() -> None:
    assert told_texts.is_current(), "type `make i18n`"
    wanted = {translations.key(one) for one in translations.texts(translations.extracted())}
    for language in LANGUAGES[1:]:
        held = {translations.key(one) for one in translations.texts(translations.read(language))}
        assert held == wanted, f"{language.code}: type `make i18n`"


@pytest.mark.parametrize("language", [one for one in LANGUAGES[1:] if one.complete], ids=lambda x: x.code)
def test_a_complete_language_has_every_text(language: translations.Language) -> None:
    found = translations.covered(language, translations.read(language))
    assert found.translated == found.texts


def test_a_broken_translation_is_told() -> None:
    held = translations.read(BY_CODE["bg"])
    held["in {span}"].string = "след"
    held["{n} truck"].string = ("{n} камион",)
    assert len(list(translations.faults(BY_CODE["bg"], held))) == 2


async def test_words_that_decide_keep_the_english_beside_a_draft(console: Enter) -> None:
    reader = await console(Role.DUTY_OFFICER)
    await reader.post("/reads", {"act": "read", "language": "bg", "theme": "", "back": "/"})
    shown = (await reader.get("/ask")).html
    assert catalogue("bg").gettext("Ask for help") in shown and "Ask for help" not in shown.partition("<footer")[0]
    assert catalogue("bg").gettext("translated by machine, not reviewed yet") in shown
    words = (await reader.get("/operations")).html
    assert catalogue("bg").gettext("Operations") in words
